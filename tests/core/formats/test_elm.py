"""elm-coverage's JSON."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.elm import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_the_innermost_expression_decides():
    """A branch of `case` that never ran would count as covered by its function."""
    file = _parse(
        _expression("declaration", 1, 9, count=2, name="f"),
        _expression("caseBranch", 4, 5, column=9, count=2),
        _expression("caseBranch", 7, 8, column=9),
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 2, 3, 4, 5, 6, 9], [7, 8])
    assert file.branches == (
        BranchLine(4, 1, 1, 1, "elm-coverage"),
        BranchLine(7, 0, 1, 0, "elm-coverage"),
    )
    assert file.functions == (Function(1, "f", 2, 9),)


def test_a_lambda_does_not_decide_for_its_callers_line():
    """A call such as `List.map f []` would be missed where only the lambda was never called."""
    file = _parse(
        _expression("declaration", 1, 4, count=1), _expression("lambdaBody", 2, 3, column=20)
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 2, 4], [3])


def test_both_sides_of_a_one_line_if_are_its_branches():
    """A condition that went one way only would look covered in full."""
    file = _parse(
        _expression("declaration", 1, 1, count=1),
        _expression("ifElseBranch", 1, 1, column=15, count=1),
        _expression("ifElseBranch", 1, 1, column=25),
    )
    assert file.branches == (BranchLine(1, 1, 2, 0b01, "elm-coverage"),)
    assert line_numbers(file.partial) == [1]


@pytest.mark.parametrize(("first", "last"), [(0, 3), (3, 1), (1, 2_000_001)])
def test_lines_that_can_not_be_are_named(first, last):
    """An expression of 10^12 lines would take the worker's whole memory."""
    with pytest.raises(ReportError, match=rf"'src/A\.elm': .* from line {first} to {last} can"):
        _parse(_expression("declaration", first, last))


def test_a_module_without_a_file_is_named():
    """Its coverage would be silently lost."""
    with pytest.raises(ReportError, match="module 'A' has no file"):
        FORMAT.parse(b'{"coverageData": {"A": []}, "moduleMap": {}}')


def _expression(kind, first, last, column=1, **more):
    start, end = {"line": first, "column": column}, {"line": last, "column": column + 5}
    return {"type": kind, "from": start, "to": end, **more}


def _parse(*expressions):
    document = {"coverageData": {"A": expressions}, "moduleMap": {"A": "src/A.elm"}}
    (file,) = FORMAT.parse(json.dumps(document).encode()).report
    return file
