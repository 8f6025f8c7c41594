"""The JSON of `coverage json`."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats import _json
from worker.core.formats._columns import NotPlainError
from worker.core.formats._coveragepy_columns import _read_lists
from worker.core.formats._json import decode_named
from worker.core.formats.coveragepy_json import (
    FORMAT,
    _Columns,
    _Document,
    _read_columns,
    _read_files,
)
from worker.core.model import BranchLine, Function, line_numbers
from worker.core.numbers import Ratio


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
            b'{"meta": {}, "files": {"a": {"executed_lines": [-1], "missing_lines": []}}}',
            "line number -1",
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


@pytest.mark.parametrize("key", ["contexts", "functions"])
def test_a_name_that_is_no_text_is_refused(key):
    """One broken byte in a test's name would end in a traceback."""
    lines = {"executed_lines": [1], "missing_lines": []}
    named = {"contexts": {"1": ["@"]}, "functions": {"@": lines}}[key]
    text = json.dumps({"meta": {"format": 3}, "files": {"a.py": lines | {key: named}}})
    with pytest.raises(ReportError, match=r"'a\.py'.*JSON"):
        FORMAT.parse(text.encode().replace(b"@", b"\xa7"))


def test_millions_of_files_are_refused_before_they_fill_the_memory(monkeypatch):
    """A few megabytes of empty files would take the worker's whole memory."""
    monkeypatch.setattr(_json, "MAX_NAMES", 9)
    files = ",".join(f'"{number}": {{}}' for number in range(10))
    with pytest.raises(ReportError, match="names more than 9 files"):
        FORMAT.parse(f'{{"meta": {{}}, "files": {{{files}}}}}'.encode())


def test_a_file_named_twice_is_refused():
    """A second entry would silently replace the first one's misses."""
    once = json.dumps(_file([1], []))
    with pytest.raises(ReportError, match="twice"):
        FORMAT.parse(f'{{"meta": {{}}, "files": {{"a.py": {once}, "a.py": {once}}}}}'.encode())


_jumps = st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 6)), max_size=8).map(sorted)
_pairs = st.dictionaries(
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(-3, 9), st.booleans()), min_size=2, max_size=2),
    max_size=5,
).map(
    lambda lines: [
        sorted((line, end) for line, ways in lines.items() for end, ran in ways if ran is taken)
        for taken in (True, False)
    ]
)


_lines = st.lists(st.integers(1, 3000), unique=True, max_size=9).map(sorted)
_regions = st.fixed_dictionaries(
    {"executed_lines": _lines, "missing_lines": _lines}, optional={"start_line": st.integers(0, 9)}
)
_files = st.builds(
    lambda lines, cut, jumps, summary, functions, contexts: {
        "executed_lines": [0] * (cut == 3) + [line for line in lines if line % 7 >= cut],
        "missing_lines": [line for line in lines if line % 7 < cut],
        "excluded_lines": lines[::2],
        "executed_branches": jumps[0],
        "missing_branches": jumps[1],
        "summary": summary,
        "functions": functions,
        "contexts": contexts,
    },
    _lines,
    st.integers(0, 7),
    st.tuples(_jumps, _jumps) | _pairs,
    st.fixed_dictionaries(
        {},
        optional={
            name: st.integers(0, 9)
            for name in ("num_branches", "covered_branches", "num_statements")
        },
    ),
    st.dictionaries(st.sampled_from(["", "f", "C.g"]), _regions),
    st.dictionaries(st.sampled_from("0123"), st.lists(st.sampled_from(["", "a", "b"]))),
)


@given(
    st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), _files), st.sampled_from([None, 4])
)
def test_the_short_way_gives_the_same_report(files, indent):
    """A report as coverage.py writes it would say other things than one written otherwise."""
    text = json.dumps({"meta": {"format": 3}, "files": files}, indent=indent).encode()
    whole = _read_files(decode_named(_Document, text))[0].build()
    assert FORMAT.parse(text).report == whole
    with contextlib.suppress(NotPlainError):
        assert _read_columns(decode_named(_Columns, text))[0].build() == whole


@given(st.lists(st.lists(st.integers(-99, 3000), max_size=5), min_size=1, max_size=5))
def test_lists_are_read_many_at_a_time(lists):
    """Lines of one file would be taken for another one's."""
    numbers, counts, _ = _read_lists(
        json.dumps(lists)[1:-1].replace("], [", "][").replace(" ", "").encode(), len(lists)
    )
    assert numbers.tolist() == [number for numbers in lists for number in numbers]
    assert counts.tolist() == [len(numbers) for numbers in lists]


def test_plain_files_take_the_short_way():
    """Reading a large project would take twice as long."""
    file = _file(
        [2, 5], [9], executed_branches=[[2, 3], [2, -1], [5, 6]], missing_branches=[[5, 9]]
    )
    text = json.dumps({"meta": {"format": 3}, "files": {"a.py": file}}).encode()
    (read,) = _read_columns(decode_named(_Columns, text))[0].build()
    assert read.branches == (
        BranchLine(2, 2, 2, 0b11, "coveragepy-json"),
        BranchLine(5, 1, 2, 0b01, "coveragepy-json"),
    )


@pytest.mark.parametrize(
    "jumps",
    [
        "[[1, 2], [3]]",
        "[[1], [2, 3]]",
        '["1", "2"]',
        "{}",
        "[[1, 2.5]]",
        "[[1, [2]]]",
        "[[]]",
        "[[], [1, 2]]",
        "[1, 2]",
        "[[[1, 2]]]",
    ],
)
def test_branches_of_another_shape_are_refused(jumps):
    """Numbers would be read as jumps that are none."""
    text = json.dumps({"meta": {}, "files": {"a.py": _file([1], [], executed_branches="@")}})
    with pytest.raises(ReportError, match=r"'a\.py'"):
        FORMAT.parse(text.replace('"@"', jumps).encode())


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


def test_excluded_lines_that_ran_are_not_measured():
    """A stub such as `def f(self): ...` would count as covered, which coverage.py leaves out."""
    (file,) = _parse(
        _file([1, 2, 5, 9], [6], excluded_lines=[5, 8, 9], summary={"num_statements": 3})
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 2], [6])


def test_docstrings_of_classes_that_older_versions_list_are_not_measured():
    """A project with coverage.py before 7.13.1 would have one line more for each class."""
    (file,) = _parse(
        _file([1, 3, 5, 6, 8, 9, 10], [11], summary={"num_statements": 6})
    )  # 1 is the module's docstring, and 6 the one of the class on line 5
    assert line_numbers(file.measured) == [3, 5, 8, 9, 10, 11]


def test_a_summary_that_fits_nothing_takes_no_line_away():
    """A report that was filtered by hand would lose lines that ran."""
    (file,) = _parse(_file([1, 2, 3, 4], [5], summary={"num_statements": 1}))
    assert line_numbers(file.measured) == [1, 2, 3, 4, 5]


def test_contexts_of_version_5_name_ends_of_arcs():
    """A report with contexts and branches of coverage.py 5 would be refused."""
    (file,) = _parse(_file([1, 2], [], contexts={"-1": ["a"], "1": ["a"]}))
    assert file.contexts == (("a", 0b10),)


def test_an_empty_module_does_not_refuse_the_report():
    """Every project with an empty `__init__.py`, measured without branches, would be refused."""
    empty = _file([0], [], summary={"num_statements": 0})
    files = {"a/__init__.py": empty, "a/b.py": _file([1, 2], [3], summary={"num_statements": 3})}
    text = json.dumps({"meta": {"format": 3}, "files": files}).encode()
    nothing, some = FORMAT.parse(text).report
    assert (nothing.path, nothing.measured) == ("a/__init__.py", 0)
    assert (line_numbers(some.hit), line_numbers(some.missed)) == ([1, 2], [3])
    assert _read_columns(decode_named(_Columns, text))[0].build() == FORMAT.parse(text).report


def test_branches_that_are_only_counted_keep_their_counts():
    """Before coverage.py 6.5 lists them, each branch would count as taken."""
    summary = {"num_branches": 36, "covered_branches": 18}
    (file,) = _parse(_file([1, 2], [3], summary=summary))
    assert file.branch_ratio == Ratio(18, 36)
    assert file.partial == 0


def test_branches_that_a_pragma_excuses_count_as_taken():
    """`# pragma: no branch` would lower the percentage that coverage.py itself shows."""
    jumps = {"executed_branches": [[2, 3]], "missing_branches": [[2, -1]]}
    (file,) = _parse(_file([1, 2], [3], summary={"num_branches": 4}, **jumps))
    assert (file.branch_ratio.covered, file.branch_ratio.total) == (3, 4)
