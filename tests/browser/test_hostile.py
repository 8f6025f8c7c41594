"""A repository whose every name is an attack, on every page that shows one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.browser import examine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.pulls import Pull
    from tests.browser.conftest import Sandbox
    from tests.support.browser import Tab

pytestmark = pytest.mark.browser

RAN = "globalThis.ran=1"
FILES = [
    f'<img src=x onerror="{RAN}">.py',
    f'"><script>{RAN}</script>.py',
    f"' onfocus='{RAN}' autofocus='.py",
    f"</title></textarea><svg onload={RAN}>.py",
    f"<details open ontoggle={RAN}><style>*{{display:none}}.py",
    f"javascript:{RAN}.py",
    f"[x](javascript:{RAN})<a href=javascript:{RAN}>.py",
    "<!-- --!> <plaintext> ]]>.py",
    "{{7*7}} {% raw %} ${7*7} &lt;b&gt;.py",
    "\u202egnp.elif\u2066\u200b \u05d0\u05d1\u05d2 \u0627\u0644\u0639.py",
    "line\nbreak\ttab\x1b[31m.py",
    "x" * 296 + ".py",
    "a/" * 60 + "deep.py",
]
TITLE = f'"><img src=x onerror={RAN}> \u202e<script>{RAN}</script> ' + "W" * 200
BRANCH = f'<svg/onload={RAN}>"&\u202e' + "b" * 100
TAME = [f"{'dir/' * name.count('/')}file{at}.py" for at, name in enumerate(FILES)]
PAGES = [
    "/",
    "/{home}",
    "/{home}?branch={ref}",
    "/{home}/pull/1",
    "/{home}/insights/risk",
    "/{home}/blob/{head}/{file}",
    "/sandbox/",
    "/sandbox/{home}/pull/1",
    "/sandbox/{home}/pull/1/checks",
    "/sandbox/{home}/pull/1/files",
    "/sandbox/{home}/commit/{head}",
    "/sandbox/{home}/blob/{head}/{file}",
]
KEPT_OUT = {"script", "iframe", "object", "embed", "base", "link", "meta", "form", "img", "video"}
ESCAPED = """() => [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(
  ({ name, value }) => name.startsWith("on") || name === "autofocus" ||
    name === "style" || /^\\s*javascript:/i.test(value)
)).map((one) => one.outerHTML.slice(0, 200))"""


def play(sandbox: Sandbox, name: str, files: Sequence[str], title: str, branch: str) -> Pull:
    """Let a pull request with these names be judged; return it."""
    with sandbox.loop.github.world.lock:
        repo = sandbox.loop.github.world.add_repository(name, files={"README.md": b"Names\n"})
        base = dict.fromkeys(files, b"one = 1\ntwo = 2\n")
        repo.commit("main", base, f"Add {title}", author="ann")
        repo.run_ci(repo.tip(), event="push", artifacts={"coverage": report(files, 2)})
        repo.commit(branch, dict.fromkeys(files, b"one = 1\ntwo = 2\nthree = 3\nfour = 4\n"), title)
        pull = repo.open_pull(branch, title=title, author="ann")
        repo.run_ci(pull.head_sha, artifacts={"coverage": report(files, 4)})
        repo.grant("bob", "maintain")
    check, _ = sandbox.loop.verdict(pull)
    assert check.conclusion == "failure"
    pull.comment("bob", f"/covgate override because {title}")
    sandbox.loop.settle()
    check, _ = sandbox.loop.verdict(pull)
    assert check.conclusion == "success", "the ledger shows nothing of this"
    return pull


def report(files: Sequence[str], lines: int) -> dict[str, bytes]:
    """Return a report of coverage.py: of each file, the first line was run."""
    missed = list(range(2, lines + 1))
    told = {
        name: {"executed_lines": [1], "missing_lines": missed, "excluded_lines": []}
        for name in files
    }
    document = {"meta": {"format": 3, "version": "7.10.0"}, "files": told}
    return {"coverage.json": json.dumps(document).encode()}


@pytest.fixture(scope="module")
def pulls(sandbox: Sandbox) -> dict[str, Pull]:
    """Return the hostile pull request and its tame twin, both judged."""
    return {
        "hostile": play(sandbox, "octo/odd.names", FILES, TITLE, BRANCH),
        "tame": play(sandbox, "octo/tame", TAME, "Title", "branch"),
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_name_is_nothing_but_a_name(
    sandbox: Sandbox, pulls: dict[str, Pull], tab: Tab, page: str
) -> None:
    """Whoever opens a pull request could act as the maintainer who looks at it."""
    tab.open(sandbox.url + address(page, pulls["tame"], TAME))
    expected = tab.elements()
    # A name of 300 characters that stands there fifty times has its weight.
    examine(tab, sandbox.url + address(page, pulls["hostile"], FILES), heaviest=200_000)
    found = tab.elements()
    assert set(found) - set(expected) == set()
    assert {name: found[name] for name in KEPT_OUT} == {name: expected[name] for name in KEPT_OUT}
    assert tab.page.evaluate("globalThis.ran") is None
    assert tab.page.evaluate(ESCAPED) == []


def address(page: str, pull: Pull, files: Sequence[str]) -> str:
    """Return the page's path for one of the two."""
    name, ref = quote(files[1]), quote(pull.head_ref, safe="")
    return page.format(home=pull.repo.full_name, head=pull.head_sha, file=name, ref=ref)
