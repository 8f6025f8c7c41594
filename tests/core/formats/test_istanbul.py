"""Istanbul's coverage-final.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError, SummaryError
from worker.core.formats import read
from worker.core.formats._build import FileBuilder, Room
from worker.core.formats._json import add_all_arms
from worker.core.formats.istanbul import FORMAT, _add_branches
from worker.core.model import EMPTY_REPORT, BranchLine, Function, line_numbers

MERGE = Path(__file__).parents[2] / "data" / "reports" / "merge" / "istanbul-qs"


def test_a_line_has_the_greatest_count_of_the_statements_that_start_on_it():
    """A one-line `if (x) y()` would be a miss, or its unmeasured end would count."""
    (file,) = _parse(
        statementMap={"0": _at(1), "1": _at(1, 5), "2": _at(7), "3": _at(9)},
        s={"0": 4, "1": 0, "2": 0},
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1], [7])


def test_counts_find_their_statements_in_any_order():
    """A tool that orders its members otherwise would swap hits and misses."""
    (file,) = _parse(statementMap={"0": _at(1), "1": _at(2)}, s={"1": 0, "0": 1, "7": 3})
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1], [2])


def test_arms_count_where_their_branch_starts():
    """Branches without a statement on their line would be lost, as in the LCOV of old."""
    (file,) = _parse(
        statementMap={"0": _at(1)},
        s={"0": 1},
        branchMap={"0": {"loc": _at(1)}, "1": {"line": 1}, "2": {"loc": _at(4)}},
        b={"0": [3, 0], "1": [0, 1], "2": [0]},
    )
    assert file.branches == (
        BranchLine(1, 2, 4, 0b1001, "istanbul-json"),
        BranchLine(4, 0, 1, 0, "istanbul-json"),
    )
    assert line_numbers(file.partial) == [1]
    assert line_numbers(file.measured) == [1]


def test_what_a_source_map_leads_nowhere_is_left_out():
    """A null line would end the job with a traceback."""
    (file,) = _parse(
        statementMap={"0": {"start": {"line": None}, "end": {}}, "1": _at(2)},
        s={"0": 1, "1": 1},
        branchMap={"0": {"loc": {"start": {}, "end": {}}}},
        b={"0": [1]},
        fnMap={"0": {"name": "f", "decl": {"start": {}, "end": {}}}},
        f={"0": 1},
    )
    assert line_numbers(file.measured) == [2]
    assert (file.branch_ratio.covered, file.branch_ratio.total) == (1, 1)
    assert file.functions == ()


def test_functions_have_their_declarations_line_and_their_end():
    """The gaps would name no function, or one of another place."""
    (file,) = _parse(
        fnMap={
            "0": {"name": "f", "decl": _at(3), "loc": {"start": {"line": 4}, "end": {"line": 9}}},
            "1": {"name": "old", "line": 12},
        },
        f={"0": 2},
    )
    assert file.functions == (Function(3, "f", 2, 9), Function(12, "old", 0))


def test_shards_merge_to_what_nyc_merge_gives():
    """A team that splits its tests over jobs would see less than it covers."""
    merged = EMPTY_REPORT
    for shard in ("parse", "stringify", "utils"):
        merged = merged.merge(_read(f"{shard}/coverage-final.json.gz"))
    whole = _read("merged-coverage-final.json.gz")
    assert [_without_function_hits(file) for file in merged] == [
        _without_function_hits(file) for file in whole
    ]
    assert (merged.branch_ratio.covered, merged.branch_ratio.total) == (505, 508)


def test_a_summary_says_which_reporter_to_add():
    """Whoever uploaded the wrong file would not learn which file would do."""
    sums = {"total": 1, "covered": 1, "skipped": 0, "pct": 100}
    text = json.dumps({"total": {"lines": sums, "statements": sums}}).encode()
    assert FORMAT.sniff(text)
    with pytest.raises(SummaryError, match="reporter `json`"):
        FORMAT.parse(text)


def test_old_files_with_the_counts_first_are_recognised():
    """Karma's reports of large files would be of no known format."""
    counts = {str(number): 1 for number in range(5000)}
    assert FORMAT.sniff(json.dumps({"a.js": {"path": "a.js", "s": counts}}).encode())


def test_an_error_names_the_file():
    """Among thousands of files nobody would find the broken one."""
    with pytest.raises(ReportError, match=r"file 'a\.js': .*line number 0"):
        _parse(statementMap={"0": _at(0)}, s={"0": 1})


@given(
    st.dictionaries(
        st.integers(0, 9), st.lists(st.sampled_from([None, 0, 1, 7.0]), max_size=4), max_size=6
    )
)
def test_two_arms_to_a_line_are_branches_as_any_others(arms):
    """The most common branches would be counted otherwise than the rest."""
    short, general = (FileBuilder("istanbul-json", Room()) for _ in range(2))
    _add_branches(short, arms)
    add_all_arms(general, arms)
    assert short.build("a.js") == general.build("a.js")


def _at(line, column=0):
    place = {"line": line, "column": column}
    return {"start": place, "end": place}


def _parse(**entry):
    entry = {"path": "a.js", "statementMap": {}, "s": {}, **entry}
    return FORMAT.parse(json.dumps({"a.js": entry}).encode()).report


def _without_function_hits(file):
    return file.path, file.measured, file.hit, file.partial, file.branches


def _read(name):
    return read((MERGE / name).read_bytes())[1].report
