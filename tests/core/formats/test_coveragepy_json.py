"""The JSON of `coverage json`."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.coveragepy_json import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_lines_branches_and_functions():
    """A part of what the report says would be lost."""
    region = {"executed_lines": [2], "missing_lines": [3], "start_line": 1}
    (file,) = _parse(
        _file(
            [1, 2],
            [3],
            executed_branches=[[2, 3]],
            missing_branches=[[2, -1]],
            functions={"f": region, "": {"executed_lines": [1], "missing_lines": []}},
        )
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 2], [3])
    assert line_numbers(file.partial) == [2]
    assert file.branches == (BranchLine(2, 1, 2, 0b10, "coveragepy-json"),)
    assert file.functions == (Function(1, "f", 1, 3),)


def test_a_docstring_that_older_versions_list_is_not_measured():
    """A project with coverage.py before 7.13.1 would have one line more a file than it has."""
    (file,) = _parse(_file([1, 3, 5], [7], summary={"num_statements": 3}))
    assert line_numbers(file.measured) == [3, 5, 7]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 100_000, "."),
        (
            b'{"meta": {"format": 4, "version": "9"}, "files": {}}',
            "JSON format 4 .*9.*known are 1, 2",
        ),
        (b'{"meta": {}, "files": {"a": {"executed_lines": [NaN], "missing_lines": []}}}', "JSON"),
        (
            b'{"meta": {}, "files": {"a": {"executed_lines": ["1"], "missing_lines": []}}}',
            "'a'.*shape",
        ),
        (b'{"meta": {}, "files": {"a": {"executed_lines": [1]}}}', "file 'a': .*missing_lines"),
        (
            b'{"meta": {}, "files": {"a": {"executed_lines": [1], "missing_lines": [1]}}}',
            "line 1 is both",
        ),
        (
            b'{"meta": {}, "files": {"a": {"executed_lines": [0], "missing_lines": []}}}',
            "line number 0",
        ),
        (b'{"meta": {}, "files": {"a": {"executed_lines": [' + b"9" * 5000 + b"]}}}", "."),
        (b'{"meta": {}, "files": {"a": {"executed_lines": [1', "was the upload cut off"),
        (b'{"meta": {}, "files": {"x": ' + b"[" * 100_000 + b"}", "."),
    ],
    ids=range(10),
)
def test_bad_content_is_named(text, reason):
    """The message would not say what is wrong."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(text)


def test_a_file_named_twice_is_refused():
    """A second entry would silently replace the first one's misses."""
    once = json.dumps(_file([1], []))
    with pytest.raises(ReportError, match="twice"):
        FORMAT.parse(f'{{"meta": {{}}, "files": {{"a.py": {once}, "a.py": {once}}}}}'.encode())


def _file(executed, missing, **more):
    return {"executed_lines": executed, "missing_lines": missing, **more}


def _parse(file):
    return FORMAT.parse(
        json.dumps({"meta": {"format": 3}, "files": {"a.py": file}}).encode()
    ).report


def test_contexts_hold_the_lines_that_they_hit():
    """Nobody could be told which tests reach a line."""
    contexts = {"0": ["a"], "1": ["", "a"], "2": ["a", "b"], "4": ["b"]}
    (file,) = _parse(_file([1, 2], [3], contexts=contexts))
    assert file.contexts == (("a", 0b110), ("b", 0b100))
    with pytest.raises(ReportError, match="'x', which is no line number"):
        _parse(_file([1], [], contexts={"x": ["a"]}))


def test_branches_that_a_pragma_excuses_count_as_taken():
    """`# pragma: no branch` would lower the percentage that coverage.py itself shows."""
    jumps = {"executed_branches": [[2, 3]], "missing_branches": [[2, -1]]}
    (file,) = _parse(_file([1, 2], [3], summary={"num_branches": 4}, **jumps))
    assert (file.branch_ratio.covered, file.branch_ratio.total) == (3, 4)
