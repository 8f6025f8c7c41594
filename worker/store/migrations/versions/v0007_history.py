"""What trends are made of, which files change often, and which tests flake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add tables; the next pushes and runs fill them."""
    _create(
        "points",
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("covered", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        key=("branch", "commit"),
    )
    op.create_index("ix_points_recorded_at", "points", ["repository_id", "branch", "recorded_at"])
    _create(
        "snapshots",
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        key=("branch",),
    )
    _create(
        "pushes",
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paths", sa.LargeBinary, nullable=False),
        key=("commit",),
    )
    _create(
        "suites",
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("states", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        key=("tree", "suite"),
    )
    _create(
        "flakes",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("test", sa.Text, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        key=("key",),
    )


def _create(name: str, *columns: sa.Column[object], key: tuple[str, ...]) -> None:
    """Create a table whose rows go with their repository."""
    op.create_table(
        name,
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("repository_id", *key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=f"fk_{name}_repository_id",
            ondelete="CASCADE",
        ),
    )
