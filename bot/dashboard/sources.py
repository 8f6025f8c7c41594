"""Sources for the one at this machine, who holds the App's key and so its right to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.dashboard.access import NoSource, is_here
from worker.contracts import Subject
from worker.core.errors import CovgateError
from worker.core.refs import Sha
from worker.logs import get_logger

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.dashboard.access import SourceReader
    from worker.core.refs import Repository
    from worker.settings import Settings

__all__ = ["AppSource"]

_LIMIT = 2**20
"""Bytes of a file that is shown."""

_log = get_logger(__name__)


class AppSource:
    """Reads files through the App, for requests of this machine alone.

    Those of others are left to `others`.
    """

    def __init__(self, settings: Settings, others: SourceReader | None = None) -> None:
        self._settings = settings
        self._others = others or NoSource()

    def read(self, request: Request, repository: Repository, commit: str, path: str) -> str | None:
        """Return a file's text at a commit; None where it can't be had, or is none."""
        if not is_here(request):
            return self._others.read(request, repository, commit, path)
        try:
            data = self._fetch(repository, commit, path)
        except CovgateError as error:
            _log.info("source not shown", repository=repository.full_name, reason=str(error))
            return None
        if data is None or b"\0" in data:
            return None
        return data.decode(errors="replace")

    def _fetch(self, repository: Repository, commit: str, path: str) -> bytes | None:
        # Only here: the receiver does without GitHub's client.
        from worker.wiring import open_deps  # noqa: PLC0415 -- as above

        subject = Subject.commit(repository.installation_id, repository.id, commit)
        with open_deps(self._settings) as deps:
            github = deps.github(subject, repository.full_name)
            return github.file(path, Sha(commit), limit=_LIMIT)
