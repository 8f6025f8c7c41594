"""`covgate export`: what a verdict on the server was made from, to be replayed elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.folder import FOLDER
from worker.core.errors import CovgateError
from worker.settings import load_settings
from worker.store import SqlStore, open_engine
from worker.store.migrate import is_empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from worker.ports import Store

__all__ = ["export_inputs", "open_history"]


@contextmanager
def open_history(environment: Mapping[str, str], env_file: Path) -> Iterator[SqlStore]:
    """Open the database of COVGATE_DATABASE_URL, or that of `covgate up` in this folder.

    Its schema is left alone: a server of another version may be using it. Raises
    `CovgateError` where it has no tables, which is no server's database then.
    """
    own = FOLDER / "covgate.db"
    defaults = {"COVGATE_DATABASE_URL": f"sqlite:///{own.absolute()}"} if own.exists() else {}
    settings = load_settings(
        environment, env_file, require={"COVGATE_DATABASE_URL"}, defaults=defaults
    )
    engine = open_engine(settings.database_url)
    try:
        if is_empty(engine):
            raise CovgateError(
                "the database that COVGATE_DATABASE_URL names is still empty: is it the one that "
                "your `covgate worker` or `covgate up` uses?"
            )
        yield SqlStore(engine)
    finally:
        engine.dispose()


def export_inputs(store: Store, repository: str, number: int, head: str = "") -> bytes:
    """Return the inputs of a pull request's latest verdict; `head` says which one is wanted.

    Raises `CovgateError` where there are none.
    """
    kept = store.inputs(repository, number)
    if kept is None:
        raise CovgateError(
            f"no verdict on {repository}#{number} is kept: it has none yet, was judged before "
            "an update, or its reports were too long to keep"
        )
    sha, inputs = kept
    if not sha.startswith(head):
        raise CovgateError(
            f"of {repository}#{number} only the verdict on {sha} is kept, its latest one"
        )
    return inputs
