"""Sources read with the App's right, for the one at this machine."""

from __future__ import annotations

import os

import pytest
from starlette.requests import Request

from bot.dashboard.sources import AppSource
from bot.sandbox.loop import started_loop
from worker.core.refs import Repository


def request(host=b"localhost:8000"):
    """Return a request of this machine, for a host of that name."""
    return Request({"type": "http", "headers": [(b"host", host)], "client": ("127.0.0.1", 9)})


@pytest.fixture(scope="module")
def source():
    """Return the reader beside a GitHub with one repository, and its commit."""
    files = {"a.py": b"one = 1\n", "b.bin": b"\0\1", "c.txt": b"\xff"}
    with started_loop(os.environ) as loop:
        repo = loop.github.world.add_repository("octo/sources", files=files)
        installation = loop.github.world.installation_of(repo)
        place = Repository(installation.id, repo.id, repo.full_name)
        yield AppSource(loop.settings), place, repo.branches["main"]


def test_a_text_is_read(source):
    """The lines of the sandbox would have no code beside them."""
    reader, place, commit = source
    assert reader.read(request(), place, commit, "a.py") == "one = 1\n"
    assert reader.read(request(), place, commit, "c.txt") == "\ufffd"


@pytest.mark.parametrize("path", ["b.bin", "none.py", "../a.py"])
def test_what_is_no_text_is_left_out(source, path):
    """A picture would be shown as letters, or a missing file end the page."""
    reader, place, commit = source
    assert reader.read(request(), place, commit, path) is None


def test_nobody_else_reads_by_the_apps_right(source):
    """Whoever reaches the server would read private code."""
    reader, place, commit = source
    assert reader.read(request(b"covgate.example.com"), place, commit, "a.py") is None
