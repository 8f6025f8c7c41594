"""What a baseline was made of, trees of commits, repeated runs, lines that flap."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add four tables and a column; baselines that are there keep what they have."""
    op.add_column("baselines", sa.Column("details", sa.LargeBinary, nullable=True))
    op.create_table(
        "baseline_flags",
        _repository_id(),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("flag", sa.Text, nullable=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "commit", "flag", name="pk_baseline_flags"),
        sa.ForeignKeyConstraint(
            ["repository_id", "commit"],
            ["baselines.repository_id", "baselines.commit"],
            name="fk_baseline_flags_baseline",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "trees",
        _repository_id(),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "commit", name="pk_trees"),
        _repository("trees"),
    )
    op.create_index("ix_trees_tree", "trees", ["repository_id", "tree"])
    op.create_table(
        "observations",
        _repository_id(),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("suites", sa.Text, nullable=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
        sa.Column("run_id", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "tree", name="pk_observations"),
        _repository("observations"),
    )
    op.create_table(
        "flapping",
        _repository_id(),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("shape", sa.Text, nullable=False),
        sa.Column("lines", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "key", name="pk_flapping"),
        _repository("flapping"),
    )


def _repository_id() -> sa.Column[int]:
    return sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False)


def _repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repository_id"],
        ["repositories.id"],
        name=f"fk_{table}_repository_id",
        ondelete="CASCADE",
    )
