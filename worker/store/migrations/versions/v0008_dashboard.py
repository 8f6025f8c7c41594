"""What the pages ask for: pull requests as they were seen, and the newest verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a table, which the next looks at pull requests fill, and some indexes."""
    op.create_table(
        "pulls",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("draft", sa.Boolean, nullable=False),
        sa.Column("base_ref", sa.Text, nullable=False),
        sa.Column("head_sha", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "number", name="pk_pulls"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_pulls_repository_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_pulls_state", "pulls", ["repository_id", "state", "number"])
    op.create_index("ix_verdicts_recorded_at", "verdicts", ["repository_id", "recorded_at"])
    op.create_index("ix_verdicts_head_sha", "verdicts", ["repository_id", "head_sha"])
    op.create_index("ix_verdicts_number", "verdicts", ["repository_id", "number", "recorded_at"])
