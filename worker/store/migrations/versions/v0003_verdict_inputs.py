"""What a verdict was made from, for the latest one of each pull request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a table; verdicts that are there can not be replayed."""
    op.create_table(
        "verdict_inputs",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("head_sha", sa.Text, nullable=False),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "number", name="pk_verdict_inputs"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_verdict_inputs_repository_id",
            ondelete="CASCADE",
        ),
    )
