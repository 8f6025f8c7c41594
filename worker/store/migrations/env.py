"""What Alembic runs; the connection and its transaction are those of `worker.store.migrate`."""

from __future__ import annotations

from alembic import context

from worker.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
