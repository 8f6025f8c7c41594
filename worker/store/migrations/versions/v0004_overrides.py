"""The ledger: who let what in though its check failed, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "overrides",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("comment_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("head_sha", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tested", sa.Text, nullable=False),
        sa.Column("uncovered", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("ended_comment", sa.BigInteger, nullable=True),
        sa.Column("shown_in", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "comment_id", "place", name="pk_overrides"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_overrides_repository_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_overrides_number", "overrides", ["repository_id", "number"])
