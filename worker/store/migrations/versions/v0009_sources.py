"""Contents of base branches' files: with a patch, they tell a changed file without a request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a table; the next pushes to base branches fill it."""
    op.create_table(
        "file_sources",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("used_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "blob", name="pk_file_sources"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_file_sources_repository_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_file_sources_used_on", "file_sources", ["used_on"])
