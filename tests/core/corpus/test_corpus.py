"""Every bad report and archive of the corpus ends in a sentence, within a worker's means.

Each case is read in a process of its own, which may neither write a file nor connect to
anything, and is to take less than 512 MB and 20 seconds. The number before the name is the
case's in the corpus; what only shows in a whole look at a pull request is in `ELSEWHERE`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.core.corpus.case import Case, check
from tests.core.corpus.measure import Limits, measured
from tests.core.corpus.server import CASES, CaseServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]

ELSEWHERE = {
    "X14": ("tests/worker/flows/test_pull.py", "test_paths_from_nowhere_are_shown"),
    "Z16": ("tests/worker/flows/test_pull.py", "test_an_expired_artifact_asks_for_a_re_run"),
    "Z17": (
        "tests/worker/flows/test_edges.py",
        "test_a_re_run_heals_what_an_earlier_attempt_left_broken",
    ),
}
"""Cases of the repository, of time and of several artifacts."""

NUMBERS = {"X": 15, "L": 10, "J": 10, "S": 8, "Z": 18}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")


@pytest.fixture(scope="module")
def server() -> Iterator[CaseServer]:
    with CaseServer() as running:
        yield running


@pytest.mark.parametrize("case_id", CASES)
def test_a_bad_input_ends_in_a_sentence_and_spares_the_others(server, case_id):
    """One upload from a fork would stop the worker, read its files, or hide every other report."""
    assert server.check(case_id) == ""


def test_no_case_of_the_corpus_is_left_out():
    """A kind of attack would be tried by the next stranger first."""
    wanted = {f"{letter}{n}" for letter, most in NUMBERS.items() for n in range(1, most + 1)}
    assert {case_id.partition("-")[0] for case_id in CASES} | ELSEWHERE.keys() == wanted
    for path, name in ELSEWHERE.values():
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_watch_itself_sees_what_it_should(tmp_path):
    """A case would pass because nobody looked."""

    def write():
        (tmp_path / "x").write_text("x")
        return []

    def take():
        return [("error", "", str(len(b"x" * 700_000_000)))]

    with pytest.raises(AssertionError, match="opens"):
        measured(write, Limits())
    with pytest.raises(AssertionError, match=r"took \d+ MB"):
        measured(take, Limits(megabytes=512))
    with pytest.raises(AssertionError, match="should not have been"):
        check(Case("none", lambda: b"SF:a.py\nDA:1,1\n", "an error"), Limits(megabytes=4_000))
