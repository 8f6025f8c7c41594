"""Go cover profiles."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats import go_cover, read
from worker.core.formats._base import unpack
from worker.core.formats.go_cover import FORMAT, read_profile
from worker.core.model import line_numbers
from worker.core.paths import match_paths

DATA = Path(__file__).parents[2] / "data" / "reports"
PROFILE = b"mode: set\nexample.com/m/a.go:3.14,5.2 1 1\nexample.com/m/a.go:5.2,7.3 2 0\n"

records = st.builds(
    "{}:{}.{},{}.{} {} {}".format,
    st.sampled_from(["a.go", "m/b.go", "C:/c.go"]),
    st.integers(0, 30),
    st.integers(1, 3),
    st.integers(1, 40),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(-1, 9),
)
odd = st.sampled_from(
    [
        "",
        "mode: set",
        "mode: other",
        "a.go:1.1,2.2 1",
        "a.go:1.1,2.2 1 1 1",
        "a.go:01.1,2.2 1 1",
        "a.go:1 1,2.2 1.1",
        "a.go:1.1,2.2 1 00",
        "a.go:9.9,8.8 1 1",
        "a.go:1.1,2000001.2 1 1",
        "a.go:1.1,2.2 1 99999999999999999999999",
        "no record",
        ":1.1,2.2 1 1",
    ]
)


def _outcome(data, *, bulk):
    try:
        return read_profile(data, bulk=bulk)
    except ReportError as error:
        return str(error)


@given(
    st.lists(records, max_size=30),
    st.lists(st.tuples(st.integers(0, 30), odd), max_size=1),
    st.sampled_from(["\n", "\r\n"]),
)
def test_both_ways_read_the_same(lines, strangers, newline):
    """The fast way would count differently from the one that the rest of the tests prove."""
    for at, stranger in strangers:
        lines.insert(at, stranger)
    data = newline.join(["mode: count", *lines]).encode()
    assert _outcome(data, bulk=True) == _outcome(data, bulk=False)


@settings(max_examples=50)
@given(st.integers(0, 200), st.binary(max_size=3))
def test_damage_is_named_and_nothing_else_is_raised(at, noise):
    """A damaged profile would stop the worker instead of being named in the check."""
    data = PROFILE[:at] + noise + PROFILE[at + len(noise) :]
    assert _outcome(data, bulk=True) == _outcome(data, bulk=False)


def test_lines_are_those_from_a_blocks_first_to_its_last():
    """New lines inside a block that never ran would not be judged."""
    (file,) = read_profile(PROFILE, bulk=True)
    assert line_numbers(file.measured) == [3, 4, 5, 6, 7]
    assert line_numbers(file.hit) == [3, 4, 5]
    assert line_numbers(file.partial) == [5]


def test_a_block_that_several_test_binaries_ran_was_hit_if_one_hit_it():
    """With -coverpkg each package repeats all blocks, and most of them with a zero."""
    (file,) = read_profile(
        b"mode: set\na.go:1.1,2.2 1 0\na.go:1.1,2.2 1 1\na.go:1.1,2.2 1 0\n",
        bulk=True,
    )
    assert (line_numbers(file.hit), file.partial) == ([1, 2], 0)


def test_concatenated_profiles_are_one():
    """`cat *.out` would be refused, although each part says what it is."""
    report = read_profile(PROFILE + PROFILE.replace(b"7.3 2 0", b"7.3 2 1"), bulk=True)
    (file,) = report
    assert line_numbers(file.hit) == [3, 4, 5, 6, 7]
    assert file.partial == 0


def test_import_paths_are_found_by_their_ends():
    """Every Go file would be "not in the repository": profiles name the module, not the folder."""
    report = read_profile(
        b"mode: set\n"
        b"github.com/octo/hello/main.go:1.1,2.2 1 1\n"
        b"github.com/octo/hello/internal/log/log.go:1.1,2.2 1 1\n"
        b"github.com/octo/hello/v2/cmd/tool/main.go:1.1,2.2 1 1\n",
        bulk=True,
    )
    paths = frozenset({"main.go", "internal/log/log.go", "cmd/tool/main.go", "go.mod"})
    found = match_paths(report, (), paths)
    assert set(found.report.files) == paths - {"go.mod"}
    assert not found.unmatched
    assert not found.ambiguous


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"mode: set\na.go:1.1,2.2 1", r"line 2, 'a.go:1.1,2.2 1': is no block"),
        (b"mode: set\na.go:1.1,2.2 1 1\n<html>\n", "line 3, '<html>': is no block"),
        (b"mode: set\na.go:0.1,2.2 1 1\n", "line 2, .* is no block"),
        (b"mode: set\na.go:3.1,2.2 1 1\n", "line 2, .* is no block"),
        (b"mode: set\na.go:1.1,2000001.2 1 1\n", "line 2, .* is no block"),
        (b"mode: set\n" + b"a" * 5000 + b":1.1,2.2 1 1\n", "5000 characters"),
        (
            b"mode: set\n" + b"".join(b"%d.go:2000000.1,2000000.2 1 1\n" % n for n in range(2000)),
            "too many lines in sum",
        ),
        (
            b"mode: set\n" + b"".join(b"a.go:%d.1,2000000.2 1 1\n" % n for n in range(1, 50_002)),
            "too many blocks in files with too many lines",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(data, reason):
    """Half a profile would be judged as if it were whole."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(data)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("_MAX_FILES", b"".join(b"%d.go:1.1,2.2 1 1\n" % n for n in range(10)), "too many files"),
        ("_MAX_RECORDS", b"a.go:1.1,2.2 1 00\n" * 10, "more than 9 blocks"),
    ],
)
def test_blocks_without_end_are_refused(monkeypatch, name, text, reason):
    """A few hundred megabytes of them would take the worker's whole memory, and minutes."""
    monkeypatch.setattr(go_cover, name, 9)
    with pytest.raises(ReportError, match=reason):
        read_profile(b"mode: set\n" + text, bulk=True)


def test_files_too_long_for_the_fast_way_read_the_same(monkeypatch):
    """A merged profile of all packages would be counted differently."""
    whole = read_profile(PROFILE, bulk=True)
    monkeypatch.setattr(go_cover, "_MAX_PLAIN", 10)
    assert read_profile(PROFILE, bulk=True) == whole


@pytest.mark.parametrize("path", sorted((DATA / "go-coverprofile").iterdir()), ids=lambda p: p.name)
def test_real_profiles_take_the_fast_way_and_both_agree(path):
    """The fast way would be proven for made-up files alone."""
    data = unpack(path.read_bytes())
    assert read_profile(data, bulk=True) == read_profile(data, bulk=False)


def test_lines_and_not_statements_are_counted():
    """The totals of a profile would be no sum of the lines that the check shows."""
    # `go tool cover -func` prints statements (1,810 of 2,661 here), which have no lines of
    # their own; the rows of EXPECTED.tsv are lines, from a block's first to its last:
    # https://pkg.go.dev/golang.org/x/tools/cover#ProfileBlock
    with (DATA / "EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
        rows = {row["path"]: row for row in csv.DictReader(table, delimiter="\t")}
    row = rows["go-coverprofile/octocov-coverage.out.gz"]
    _, parsed = read((DATA / row["path"]).read_bytes())
    partial = sum(file.partial.bit_count() for file in parsed.report)
    assert (row["lines_valid"], row["lines_covered"], partial) == ("4949", "3221", 299)


def test_merged_shards_equal_gos_own_run_of_all_tests():
    """A team that splits its tests over jobs would see less than it covers."""
    one, two, whole = (
        read((DATA / "merge" / "go-toml" / f"{name}.out.gz").read_bytes())[1].report
        for name in ("shard1", "shard2", "merged")
    )
    assert {file.path: (file.measured, file.hit) for file in one.merge(two)} == {
        file.path: (file.measured, file.hit) for file in whole
    }
