"""The tables, as the newest migration leaves them.

A change here needs a new file in `migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

__all__ = [
    "METADATA",
    "StorableText",
    "UtcDateTime",
    "baseline_flags",
    "baselines",
    "file_facts",
    "file_sources",
    "flakes",
    "flapping",
    "observations",
    "outcomes",
    "overrides",
    "points",
    "pulls",
    "pushes",
    "repositories",
    "snapshots",
    "storable",
    "suites",
    "trees",
    "verdict_inputs",
    "verdicts",
]


def storable(text: str) -> str:
    """Return a text that any database takes: NUL and lone surrogates become U+FFFD.

    PostgreSQL refuses NUL in text, and neither can be told from a job that always fails.
    https://www.postgresql.org/docs/current/datatype-character.html
    """
    return (
        text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


class StorableText(TypeDecorator[str]):
    """Text of any length, made storable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Make a text storable on its way in."""
        return None if value is None else storable(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC: SQLite has no time zones and would drop another one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Turn a time into UTC; ValueError where it names no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

repositories = Table(
    "repositories",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("installation_id", BigInteger, nullable=False, index=True),
    Column("full_name", StorableText, nullable=False),
    Column("default_branch", StorableText, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("url", StorableText, nullable=False),
)


def _repository_id() -> Column[int]:
    """Return the column by which everything of a repository goes when it goes."""
    return Column(
        "repository_id",
        BigInteger,
        ForeignKey("repositories.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


baselines = Table(
    "baselines",
    METADATA,
    _repository_id(),
    Column("commit", StorableText, primary_key=True),
    Column("branch", StorableText, nullable=False),
    Column("covered", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("details", LargeBinary, nullable=True),
)

baseline_flags = Table(
    "baseline_flags",
    METADATA,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("commit", StorableText, primary_key=True),
    Column("flag", StorableText, primary_key=True),
    Column("report", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["repository_id", "commit"],
        ["baselines.repository_id", "baselines.commit"],
        name="fk_baseline_flags_baseline",
        ondelete="CASCADE",
    ),
)

trees = Table(
    "trees",
    METADATA,
    _repository_id(),
    Column("commit", StorableText, primary_key=True),
    Column("tree", StorableText, nullable=False),
    Index("ix_trees_tree", "repository_id", "tree"),
)

observations = Table(
    "observations",
    METADATA,
    _repository_id(),
    Column("tree", StorableText, primary_key=True),
    Column("suites", StorableText, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

outcomes = Table(
    "outcomes",
    METADATA,
    _repository_id(),
    # A branch and a kind of head, hashed: a branch's name may be long for an index.
    Column("place", StorableText, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("workflow_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", StorableText, nullable=False),
    Column("head_sha", StorableText, nullable=False),
    Column("reported", Boolean, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

flapping = Table(
    "flapping",
    METADATA,
    _repository_id(),
    # A hash of path and shape: PostgreSQL indexes no text as long as paths may be.
    Column("key", StorableText, primary_key=True),
    Column("path", StorableText, nullable=False),
    Column("shape", StorableText, nullable=False),
    Column("lines", LargeBinary, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

verdicts = Table(
    "verdicts",
    METADATA,
    _repository_id(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("head_sha", StorableText, primary_key=True),
    Column("conclusion", StorableText, nullable=False),
    Column("title", StorableText, nullable=False),
    Column("details", StorableText, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_verdicts_recorded_at", "repository_id", "recorded_at"),
    Index("ix_verdicts_head_sha", "repository_id", "head_sha"),
    Index("ix_verdicts_number", "repository_id", "number", "recorded_at"),
)

pulls = Table(
    "pulls",
    METADATA,
    _repository_id(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("title", StorableText, nullable=False),
    Column("author", StorableText, nullable=False),
    Column("state", StorableText, nullable=False),
    Column("draft", Boolean, nullable=False),
    Column("base_ref", StorableText, nullable=False),
    Column("head_sha", StorableText, nullable=False),
    Column("url", StorableText, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("ix_pulls_state", "repository_id", "state", "number"),
)

verdict_inputs = Table(
    "verdict_inputs",
    METADATA,
    _repository_id(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("head_sha", StorableText, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
)

overrides = Table(
    "overrides",
    METADATA,
    _repository_id(),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("head_sha", StorableText, nullable=False),
    Column("who", StorableText, nullable=False),
    Column("reason", StorableText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("gate", StorableText, nullable=False),
    Column("until", UtcDateTime, nullable=True),
    Column("tested", StorableText, nullable=False),
    # JSON: by path, the lines as [first, last].
    Column("uncovered", StorableText, nullable=False),
    Column("ended_at", UtcDateTime, nullable=True),
    Column("ended_by", StorableText, nullable=False),
    Column("ended_comment", BigInteger, nullable=True),
    Column("shown_in", BigInteger, nullable=True),
    Index("ix_overrides_number", "repository_id", "number"),
)

file_facts = Table(
    "file_facts",
    METADATA,
    _repository_id(),
    # A blob's id and how it was read.
    Column("key", StorableText, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("used_on", Date, nullable=False),
    Index("ix_file_facts_used_on", "repository_id", "used_on"),
)

file_sources = Table(
    "file_sources",
    METADATA,
    _repository_id(),
    Column("blob", StorableText, primary_key=True),
    # Of a file that is too long, or for which there was no room: nothing.
    Column("data", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("used_on", Date, nullable=False),
    Index("ix_file_sources_used_on", "used_on"),
)

points = Table(
    "points",
    METADATA,
    _repository_id(),
    # Git's hosts keep names of branches below 256 bytes: short enough for an index.
    Column("branch", StorableText, primary_key=True),
    Column("commit", StorableText, primary_key=True),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("covered", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("data", StorableText, nullable=False),
    Index("ix_points_recorded_at", "repository_id", "branch", "recorded_at"),
)

snapshots = Table(
    "snapshots",
    METADATA,
    _repository_id(),
    Column("branch", StorableText, primary_key=True),
    Column("commit", StorableText, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

pushes = Table(
    "pushes",
    METADATA,
    _repository_id(),
    Column("commit", StorableText, primary_key=True),
    Column("recorded_at", UtcDateTime, nullable=False),
    # zlib's stream of a JSON list.
    Column("paths", LargeBinary, nullable=False),
)

suites = Table(
    "suites",
    METADATA,
    _repository_id(),
    Column("tree", StorableText, primary_key=True),
    # A hash, as `SuiteRecord.suite` is of any length.
    Column("suite", StorableText, primary_key=True),
    Column("states", LargeBinary, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

flakes = Table(
    "flakes",
    METADATA,
    _repository_id(),
    # A hash of tree, suite and test: tests' names are of any length.
    Column("key", StorableText, primary_key=True),
    Column("test", StorableText, nullable=False),
    Column("tree", StorableText, nullable=False),
    Column("suite", StorableText, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)
