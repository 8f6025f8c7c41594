"""Every page that the sandbox serves, as people see it: on a screen, on a phone, by keyboard."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import examine
from worker.contracts import CHECK_NAME

if TYPE_CHECKING:
    from tests.browser.conftest import Sandbox
    from tests.support.browser import Tab

pytestmark = pytest.mark.browser

PAGES = {
    "repositories": "/",
    "no more repositories": "/?after=zzz",
    "a repository": "/octo/humanize",
    "a repository with more gaps": "/octo/yajl",
    "a branch without a report": "/octo/yajl?branch=none",
    "an analysis": "/octo/yajl/insights/risk",
    "a pull request that passes": "/octo/humanize/pull/1",
    "a pull request that fails": "/octo/yajl/pull/1",
    "a pull request that waits": "/octo/qs/pull/1",
    "a file": "/octo/yajl/blob/{head}/src/yajl_buf.c",
    "what waits": "/queue",
    "the sandbox": "/sandbox/",
    "the conversation": "/sandbox/octo/yajl/pull/1",
    "the check": "/sandbox/octo/yajl/pull/1/checks",
    "a check that waits": "/sandbox/octo/qs/pull/1/checks",
    "the files changed": "/sandbox/octo/yajl/pull/1/files",
    "a commit": "/sandbox/octo/yajl/commit/{head}",
    "a source": "/sandbox/octo/yajl/blob/{head}/src/yajl_buf.c#L50-L53",
    "the set-up that is done": "/setup",
}
ABSENT = {
    "no repository": "/octo/nothing",
    "no pull request": "/octo/yajl/pull/99",
    "nothing in the sandbox": "/sandbox/octo/nothing/pull/1",
}


@pytest.fixture(scope="module")
def waiting(sandbox: Sandbox) -> Sandbox:
    """Return the sandbox with two verdicts, and a pull request whose CI has not ended."""
    for name in sandbox.samples:
        sandbox.pull(name)
    sample = sandbox.samples["qs"]
    while sample.run is None or sample.run.status == "completed":
        assert sample.advance() is not None
    pull = sample.pull
    assert pull is not None
    sandbox.loop.settle()
    (check,) = pull.repo.checks_on(pull.head_sha, CHECK_NAME)
    assert check.status != "completed"
    return sandbox


@pytest.mark.parametrize("name", [*PAGES, *ABSENT])
def test_a_page_is_for_everybody(waiting: Sandbox, tab: Tab, name: str) -> None:
    """Somebody could not read it, reach it or use it: by keyboard, on a phone, in the dark."""
    path = {**PAGES, **ABSENT}[name].format(head=waiting.pull("yajl").head_sha)
    told = examine(tab, waiting.url + path, 404 if name in ABSENT else 200)
    sys.stdout.write(f"{name}: {told}\n")
