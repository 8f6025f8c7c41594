"""LCOV tracefiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats import lcov
from worker.core.formats.lcov import FORMAT, read_tracefile
from worker.core.model import BranchLine, Function, line_numbers

records = st.one_of(
    st.builds("DA:{},{}".format, st.integers(-1, 40), st.integers(-2, 9)),
    st.builds("DA:{},{},c2Vs".format, st.integers(1, 40), st.integers(0, 9)),
    st.builds(
        "BRDA:{},{},{},{}".format,
        st.integers(0, 40),
        st.sampled_from(["0", "1", "e0"]),
        st.sampled_from(["0", "1", "a, b"]),
        st.sampled_from(["-", "0", "1", "7", "-1"]),
    ),
    st.builds("FN:{},{}".format, st.integers(0, 40), st.sampled_from(["f", "9,g", "h(int, int)"])),
    st.builds("FNDA:{},{}".format, st.integers(0, 9), st.sampled_from(["f", "g", "h(int, int)"])),
    st.sampled_from(
        [
            "SF:a.c",
            "SF:b.c",
            "end_of_record",
            "TN:",
            "TN:t",
            "LF:3",
            "DA:1",
            "DA:1.0,2",
            "DA:01,1",
            "",
            "EOF",
        ]
    ),
)


@given(st.lists(records, max_size=40), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_both_ways_read_the_same(lines, newline):
    """The fast way would count differently from the one that the rest of the tests prove."""
    text = newline.join(["SF:a.c", *lines]).encode()
    assert _outcome(text, bulk=True) == _outcome(text, bulk=False)


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(1, 60), st.integers(-1, 3)), max_size=30),
            st.lists(
                st.tuples(
                    st.integers(0, 60), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)
                )
            ),
            st.sampled_from(["a.c", "b.c", "c.c"]),
        ),
        max_size=4,
    )
)
def test_plain_sections_read_the_same_both_ways(sections):
    """As above, for the shape that the fast way is made for."""
    text = "".join(
        f"TN:t\nSF:{path}\n"
        + "".join(f"BRDA:{line},{block},{arm},{taken or '-'}\n" for line, block, arm, taken in arms)
        + "".join(f"DA:{line},{hits}\n" for line, hits in lines)
        + "end_of_record\n"
        for lines, arms, path in sections
    ).encode()
    assert _outcome(text, bulk=True) == _outcome(text, bulk=False)


def test_repeated_sections_of_a_file_are_united_arm_by_arm():
    """Two tests that took different branches of a line would leave it partial."""
    file = _one(
        b"TN:one\nSF:a.c\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,0\nend_of_record\n"
        b"TN:two\nSF:a.c\nDA:1,1\nDA:2,4\nBRDA:1,0,0,0\nBRDA:1,0,1,1\nend_of_record\n"
    )
    assert line_numbers(file.hit) == [1, 2]
    assert file.branches == (BranchLine(1, 2, 2, 0b11, "lcov"),)
    assert not file.partial
    assert file.contexts == (("one", 0b010), ("two", 0b110))


def test_the_arms_stand_in_an_order_that_every_shard_has():
    """Two shards that write their records in another order would take other branches."""
    texts = [
        b"SF:a.c\nDA:1,1\nBRDA:1,0,0,-\nBRDA:1,0,1,3\nBRDA:1,1,0,0\nend_of_record\n",
        b"SF:a.c\nDA:1,1\nBRDA:1,1,0,0\nBRDA:1,0,1,0\nBRDA:1,0,0,1\nend_of_record\n",
    ]
    one, two = map(_one, texts)
    assert one.branches == (BranchLine(1, 1, 3, 0b010, "lcov"),)
    assert one.merge(two).branches == (BranchLine(1, 2, 3, 0b011, "lcov"),)


@pytest.mark.parametrize(
    "arms",
    [
        b"BRDA:1,e0,0,0\nBRDA:1,0,1,4\n",
        b"BRDA:1,0,jump to line 7,0\nBRDA:1,0,jump to the function exit,-\nBRDA:1,0,2,1\n",
        b"BRDA:1,-1,0,1\nBRDA:1,0,a, b,0\n",
    ],
    ids=["lcov 2's exceptions", "coverage.py's names", "grcov's and lcov 2's expressions"],
)
def test_branches_that_are_not_numbered_are_told_apart(arms):
    """Their tracefiles would be refused, or two branches counted as one."""
    (branch,) = _one(b"SF:a.c\nDA:1,1\n" + arms + b"end_of_record\n").branches
    assert (branch.taken, branch.total) == (1, arms.count(b"BRDA"))


def test_a_test_s_name_holds_until_the_next():
    """Lines would be said to be hit by another test than the one that did."""
    text = b"SF:a.c\nDA:1,1\nend_of_record\nTN:t\nSF:b.c\nDA:1,1\nDA:2,0\nend_of_record\n"
    report = FORMAT.parse(text + b"SF:c.c\nDA:3,1\nend_of_record\nTN:\nSF:d.c\nDA:1,1\n").report
    assert {file.path: dict(file.contexts) for file in report} == {
        "a.c": {},
        "b.c": {"t": 0b10},
        "c.c": {"t": 0b1000},
        "d.c": {},
    }


def test_a_hit_line_with_a_branch_not_taken_is_partial():
    """`partial: missed` would have nothing to act on."""
    file = _one(
        b"SF:a.c\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,-\nBRDA:2,0,0,-\nend_of_record\n"
    )
    assert line_numbers(file.partial) == [1]


def test_only_lines_with_a_record_of_their_own_are_measured():
    """Function heads and branches on comments would count as missed lines."""
    file = _one(b"SF:a.c\nFN:1,f\nFNDA:0,f\nBRDA:7,0,0,1\nDA:3,1\nLF:9\nLH:0\nend_of_record\n")
    assert line_numbers(file.measured) == [3]
    assert file.lines.covered == 1  # LF and LH contradict the records: the records win


@pytest.mark.parametrize(
    ("text", "function"),
    [
        (b"FN:3,main\nFNDA:2,main\n", Function(3, "main", 2)),
        (b"FN:3,9,main\nFNDA:2,main\n", Function(3, "main", 2, 9)),
        (b"FN:3,f(int, char)\nFNDA:0,f(int, char)\n", Function(3, "f(int, char)", 0)),
        (b"FNL:0,3,9\nFNA:0,5,main\n", Function(3, "main", 5, 9)),
    ],
    ids=["lcov 1", "with an end", "commas in the name", "lcov 2.2"],
)
def test_functions_of_every_lcov(text, function):
    """Findings could not name the function that a missed line stands in."""
    assert _one(b"SF:a.c\n" + text + b"DA:3,1\nend_of_record\n").functions == (function,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"SF:a.c\nDA:1,1\nDA:0,1\n", r"line 3, 'DA:0,1': line number 0 is not between"),
        (b"SF:a.c\nDA:1000000000000000000,1\n", r"line 2, .* is not between 1 and 2000000"),
        (b"SF:a.c\nDA:" + b"9" * 5000 + b",1\n", "line 2, .*no number"),
        (b"SF:a.c\nDA:7\n", "line 2, 'DA:7': is cut off"),
        (b"SF:a.c\nDA:7,nan\n", "no number"),
        (b"DA:1,1\nSF:a.c\nDA:1,1\n", "line 1, 'DA:1,1': stands before any SF"),
        (b"SF:a.c\nDA:1,1\0\n", "byte 13 is NUL"),
        (b"SF:a.c\nFN:1," + b"x" * 2**21 + b"\n", "more than 1048576 bytes"),
        (b"SF:" + b"x" * 5000 + b"\nDA:1,1\n", "path has 5000 characters"),
    ],
)
def test_bad_records_are_named(text, reason):
    """The message would not say where to look."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(text)


def test_small_oddities_are_read():
    """Reports that every other tool reads would be refused."""
    file = _one(
        b"# made by a tool\nTN:\nSF:a.c\nDA:1,-3\nDA:2,99999999999999999999\nMCDC:x\nDA:3,1"
    )
    assert line_numbers(file.measured) == [1, 2, 3]
    assert line_numbers(file.hit) == [2, 3]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from([0, 1, 2, 2**20, 2**32]),
            st.integers(0, 70),
            st.sampled_from(["-", "0", "1", "30", "00", "007", ""]),
        ),
        max_size=40,
    ),
    st.integers(1, 2),
)
def test_branches_read_the_same_in_whatever_order(arms, copies):
    """Shards whose tool writes branches in its own order would take other ones."""
    section = "".join(f"BRDA:{line},{block},{arm},{taken}\n" for line, block, arm, taken in arms)
    text = f"TN:t\nSF:a.c\nDA:3,1\n{section}end_of_record\n".encode() * copies
    assert _outcome(text, bulk=True) == _outcome(text, bulk=False)


def test_a_test_named_behind_the_lines_is_that_of_the_next_ones():
    """Lines would be said to be hit by a test that never ran them."""
    text = b"SF:a.c\nDA:1,1\nTN:t\nend_of_record\nSF:b.c\nDA:1,1\nend_of_record\n"
    report = read_tracefile(text, bulk=True)
    assert report == read_tracefile(text, bulk=False)
    assert {file.path: dict(file.contexts) for file in report} == {"a.c": {}, "b.c": {"t": 2}}


@pytest.mark.parametrize(
    ("name", "most", "text", "reason"),
    [
        ("_MAX_SECTION", 2**20, b"SF:a.c\n" + b"DA:1,1\n" * 160_000, "line 1: the records of one"),
        ("_MAX_SECTIONS", 9, b"SF:a.c\nDA:1,1" + b"\nend_of_record" * 10, "more than 9 sections"),
        (
            "_MAX_FILES",
            9,
            b"\nend_of_record\n".join(b"SF:%d" % n for n in range(10)),
            "too many files",
        ),
        ("_MAX_RECORDS", 9, b"SF:a.c\n" + b"DA:1,1,x\n" * 10, "too many records, more than 9"),
        ("_MAX_RECORDS", 9, b"SF:a.c\n" + b"BRDA:1,0,0,1\n" * 10, "too many records"),
    ],
)
def test_records_without_end_are_refused(monkeypatch, name, most, text, reason):
    """A few hundred megabytes of records would take the worker's whole memory, and minutes."""
    monkeypatch.setattr(lcov, name, most)
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(text)


def test_traversal_is_only_a_name():
    """A report could make the worker open files of its machine."""
    assert _one(b"SF:../../etc/passwd\nDA:1,1\nend_of_record\n").path == "../../etc/passwd"


def _one(text):
    (file,) = FORMAT.parse(text).report
    return file


def _outcome(text, *, bulk):
    try:
        return read_tracefile(text, bulk=bulk)
    except ReportError as error:
        return str(error)


def test_coverage_pys_line_of_an_empty_module_is_passed_over():
    """A project with an empty `__init__.py` would be refused: coverage.py 6.3 to 7.4 write it."""
    text = (
        b"TN:\nSF:a/__init__.py\nDA:0,1,aoluh1gBcpp0YyNL2hQhww\nLF:0\nLH:0\nend_of_record\n"
        b"TN:\nSF:a/b.py\nDA:1,1,aoluh1gBcpp0YyNL2hQhww\nend_of_record\n"
    )
    assert {file.path: file.measured for file in FORMAT.parse(text).report} == {
        "a/__init__.py": 0,
        "a/b.py": 0b10,
    }
