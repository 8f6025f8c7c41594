"""The tables, as the newest migration leaves them.

A change here needs a new file in `migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
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
    "baselines",
    "repositories",
    "storable",
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
)
