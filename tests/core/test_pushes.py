"""What a push tells: whether it is a fix, and whether what it mended had been covered."""

from __future__ import annotations

import pytest

from worker.core.diff import Diff, FileDiff
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.pushes import count_fixed, is_fix


@pytest.mark.parametrize(
    "message",
    [
        "fix: the total of an empty cart",
        "fix(api)!: refuse an empty name",
        "Fix the total (#12)",
        "Fixes #12",
        "fixed a typo in the query",
        "bugfix: total",
        "Bug 1234: total",
        "hotfix/1.2: total",
        "Hotfix for the release",
        "regression: the total is off again",
        "[API] Fix the total",
        "PAY-12: fix the total",
        "PAY-12 Fix the total",
        "#12 fix the total",
    ],
)
def test_a_fix_says_so_at_its_beginning(message):
    """The share of mended lines would leave out half of what was mended."""
    assert is_fix([message], 1)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "feat: add a fix for carts",
        "Add fixtures",
        "fixture: one more",
        "fixup! add carts",
        "fix-up of the documents",
        "Prefix names",
        'Revert "fix: the total"',
        "debug: print more",
    ],
)
def test_what_only_speaks_of_fixes_is_none(message):
    """New features would be counted as mended mistakes."""
    assert not is_fix([message], 1)


def test_a_merge_is_what_its_pull_request_says():
    """A merged fix would count as one only if each of its commits were written as one."""
    merge = "Merge pull request #12 from octo/topic\n\n{}\n"
    assert is_fix(["wip", "more", merge.format("Fix the total")], 3)
    assert not is_fix(["fix: a", merge.format("feat: carts")], 2)
    assert not is_fix(["fix: a", "Merge pull request #12 from octo/topic"], 2)


def test_of_a_push_of_several_commits_all_have_to_be_fixes():
    """The lines of a new feature would be taken for mended ones."""
    assert is_fix(["fix: a", "Merge branch 'main' into topic", "fix: b"], 3)
    assert not is_fix(["fix: a", "feat: b"], 2)
    assert not is_fix(["Merge branch 'main' into topic"], 1)
    assert not is_fix(["fix: a"], 2)
    assert not is_fix([], 0)


def test_the_lines_that_a_fix_changed_are_looked_up_where_they_were():
    """A renamed file's mended lines would be looked up under a path that was not there."""
    before = Report.of(
        [
            FileCoverage("old.py", bitmap(range(1, 9)), bitmap([1, 2, 3])),
            FileCoverage("cut.py", bitmap([1]), bitmap([1])),
            FileCoverage("tests/test_a.py", bitmap([1]), bitmap([1])),
        ]
    )
    diff = Diff.of(
        [
            FileDiff("new.py", "old.py", bitmap([9]), bitmap([3, 4, 5, 20]), "renamed"),
            FileDiff("cut.py", "cut.py", 0, bitmap([1]), "modified", complete=False),
            FileDiff("tests/test_a.py", "tests/test_a.py", 0, bitmap([1]), "modified"),
            FileDiff("other.py", None, bitmap([1]), 0, "added"),
        ]
    )
    assert count_fixed(diff, before) == Ratio(1, 3)
