"""The door of every page and every answer: which repository is asked for, and may they."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.dashboard.access import BadgeTokens, NoSource, SourceReader, Viewer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from bot.dashboard.access import Greeting
    from worker.core.refs import Repository
    from worker.inbox.waiting import Queue
    from worker.ports import History

__all__ = [
    "MissingError",
    "Parts",
    "find_repository",
    "full_number",
    "full_sha",
    "may_read",
    "named_repository",
]

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class MissingError(Exception):
    """There is no such thing, or they may not see it: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pages are made with; everything is passed in."""

    open_history: Callable[[], History]
    """Called for each page, on a thread."""
    read_queue: Callable[[], Awaitable[Queue]]
    viewer: Viewer
    badges: BadgeTokens
    source: SourceReader = field(default_factory=NoSource)
    registered: bool = True
    """Whether there is a GitHub App; else the empty list leads to the set-up."""
    public_url: str = ""
    """Where the pages are for others, for the addresses of badges."""
    documentation: str = ""
    greet: Callable[[Request], Greeting | None] = lambda _request: None
    """Tells who looks; None where there is no sign-in, or no need of it."""
    limit_api: Callable[[ASGIApp], ASGIApp] = lambda app: app
    """Keeps each from asking the API too often."""


def find_repository(parts: Parts, request: Request, owner: str, name: str) -> Repository:
    """Return the repository of a name; `MissingError` where they may not read it."""
    found = named_repository(parts, owner, name)
    if not may_read(parts, request, owner, name, found) or found is None:
        raise MissingError
    return found


def may_read(
    parts: Parts, request: Request, owner: str, name: str, found: Repository | None
) -> bool:
    """Return whether they may read what was found under a name; it takes as long for nothing."""
    if found is not None:
        return parts.viewer.may_read(request, found)
    if _is_name(owner, name):
        parts.viewer.ask_in_vain(request, f"{owner}/{name}")
    return False


def named_repository(parts: Parts, owner: str, name: str) -> Repository | None:
    """Return the repository of a name, whoever asks."""
    if not _is_name(owner, name):
        return None
    return parts.open_history().find_repository(f"{owner}/{name}")


def _is_name(owner: str, name: str) -> bool:
    return bool(_OWNER.fullmatch(owner) and _NAME.fullmatch(name))


def full_number(text: str) -> int:
    """Return a pull request's number; `MissingError` where it can be none."""
    if not _NUMBER.fullmatch(text):
        raise MissingError
    return int(text)


def full_sha(text: str) -> str:
    """Return a commit's full id; `MissingError` where it is none."""
    if not _SHA.fullmatch(text):
        raise MissingError
    return text
