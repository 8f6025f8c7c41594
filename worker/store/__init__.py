"""History and baselines in SQLite or PostgreSQL: what outlives the queue.

SQLAlchemy Core for the statements, Alembic for the schema's versions; the migrations lie
in this package and run by themselves (`open_store`).
"""

from __future__ import annotations

from worker.store.engine import open_engine
from worker.store.migrate import migrate
from worker.store.sql import SqlStore, open_store

__all__ = ["SqlStore", "migrate", "open_engine", "open_store"]
