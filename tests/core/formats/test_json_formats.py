"""What holds for every JSON format: bad input is named, odd input is counted right."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import json
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats import FORMATS, HEAD, read
from worker.core.formats import _json as json_reader
from worker.core.formats._base import unpack, unpack_head
from worker.core.model import line_numbers

DATA = Path(__file__).parents[2] / "data" / "reports"
POSITION = {"line": 2, "column": 0}
SAMPLES = {
    "istanbul-json": {
        "a.js": {
            "path": "a.js",
            "statementMap": {
                "0": {"start": POSITION, "end": POSITION},
                "1": {"start": {"line": 3}, "end": POSITION},
            },
            "s": {"0": 1, "1": 0},
        }
    },
    "simplecov-json": {
        "meta": {"simplecov_version": "0.22.0"},
        "coverage": {"a.rb": {"lines": [None, 1, 0]}},
    },
    "simplecov-resultset": {"RSpec": {"coverage": {"a.rb": {"lines": [None, 1, 0]}}}},
    "llvm-cov-json": {
        "data": [
            {
                "files": [
                    {
                        "filename": "a.rs",
                        "segments": [
                            [2, 1, 5, True, True, False],
                            [2, 9, 0, False, False, False],
                            [3, 1, 0, True, True, False],
                            [3, 9, 0, False, False, False],
                        ],
                    }
                ]
            }
        ],
        "version": "2.0.1",
    },
    "gcov-json": {
        "gcc_version": "14.2.0",
        "format_version": "2",
        "files": [
            {
                "file": "a.c",
                "lines": [{"line_number": 2, "count": 3}, {"line_number": 3, "count": 0}],
            }
        ],
    },
    "gcovr-json": {
        "gcovr/format_version": "0.15",
        "files": [
            {
                "file": "a.c",
                "lines": [{"line_number": 2, "count": 3}, {"line_number": 3, "count": 0}],
            }
        ],
    },
    "coveralls-json": {"source_files": [{"name": "a.py", "coverage": [None, 1, 0]}]},
    "codecov-json": {"coverage": {"a.py": {"2": 1, "3": 0, "4": None}}},
    "covr-json": {
        "files": [{"name": "a.R", "coverage": [None, None, 1, 0]}],
        "uploader": "R",
    },
    "xccov-json": {
        "a.swift": [
            {"line": 1, "isExecutable": False},
            {"line": 2, "isExecutable": True, "executionCount": 3},
            {"line": 3, "isExecutable": True, "executionCount": 0},
        ]
    },
    "elm-coverage": {
        "coverageData": {
            "A": [
                {"type": "declaration", "from": POSITION, "to": POSITION, "count": 1},
                {
                    "type": "declaration",
                    "from": {"line": 3, "column": 1},
                    "to": {"line": 3, "column": 9},
                },
            ]
        },
        "moduleMap": {"A": "a.elm"},
    },
}
TEXTS = {name: json.dumps(sample).encode() for name, sample in SAMPLES.items()}
with (DATA / "summaries" / "ORIGINS.tsv").open(encoding="utf-8", newline="") as table:
    SUMMARIES = [row["path"] for row in csv.DictReader(table, delimiter="\t")]
REAL = [
    "coveralls-json/coveralls.json",
    "codecov-json/cargo-llvm-cov-real1.codecov.json",
    "simplecov-json/simplecov-1.x-sample_with_branch.json",
    "simplecov-resultset/coveralls-with-branches.resultset.json",
    "gcovr-json/ref-dot-folder-gcc5.json",
    "istanbul-json/cypress-coverage.json",
    "projects/c-yajl/reports/head/gcov/yajl_buf.c.gcov.json.gz",
    "llvm-cov-json/rustc1.63-llvm14-semver.json.gz",
]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        lambda text: codecs.BOM_UTF8 + text,
        lambda text: text.decode().encode("utf-16"),
        gzip.compress,
        lambda text: json.dumps(json.loads(text), indent=2).encode(),
        lambda text: json.dumps(json.loads(text), separators=(",", ":")).encode(),
    ],
    ids=["plain", "byte order mark", "UTF-16", "gzip", "indented", "compact"],
)
def test_each_format_is_recognised_and_read(name, wrap):
    """A report would be "of no known format", or its lines would be others."""
    known, parsed = read(wrap(TEXTS[name]))
    (file,) = parsed.report
    assert known.name == name
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([2], [3])


@pytest.mark.parametrize("name", TEXTS)
def test_no_other_format_claims_it(name):
    """A report that two formats claim could be read by the wrong one."""
    assert [known.name for known in FORMATS if known.sniff(TEXTS[name])] == [name]


@pytest.mark.parametrize(
    "text",
    [
        b'{"scripts": {"coverage": "nyc"}, "name": "app"}',
        b'{"coverage": {"total": 85.3}}',
        b'{"coverage": 85.3}',
        b'{"files": ["dist"], "name": "app"}',
        b'{"data": [{"id": 1}]}',
        b'{"total": 3, "lines": []}',
        b"[1, 2, 3]",
        b'{"files": [{"file": "a.c", "size": 3}]}',
        b'{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}',
    ],
)
def test_other_json_is_not_taken_for_a_report(text):
    """A package.json beside the reports would turn the check red."""
    assert [known.name for known in FORMATS if known.sniff(text)] == []


@pytest.mark.parametrize("path", SUMMARIES)
def test_summaries_are_refused_by_name_with_what_to_upload(path):
    """Sums have no lines: a verdict on a change by them would be made up."""
    with pytest.raises(SumsOnlyError, match=r"sums .*[Uu]pload"):
        read((DATA / "summaries" / path).read_bytes())


@pytest.mark.parametrize("path", SUMMARIES)
def test_exactly_one_format_claims_a_summary(path):
    """Nobody would say what to upload in its place."""
    head = unpack_head((DATA / "summaries" / path).read_bytes()[:HEAD])
    assert len([known for known in FORMATS if known.sniff(head)]) == 1


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "value",
    [b"NaN", b"Infinity", b"1e999", b"9" * 5000, b'"x"', b"[" * 100_000, b"tru", b"true"],
    ids=lambda value: value[:8].decode(),
)
def test_values_that_are_no_counts_are_named(name, value):
    """A traceback would end the job, or a number that is none would be judged by."""
    text = TEXTS[name]
    for count in (b": 3,", b": 3}", b": 1}", b": 1,", b" 1, 0]", b" 5, true"):
        text = text.replace(count, count[:1] + b" " + value + count[2:].lstrip(b"0123456789 "), 1)
    if name == "codecov-json" and value == b"true":
        return  # Codecov's word for "in part"
    with pytest.raises(ReportError, match=r"."):
        _parse(name, text)


@pytest.mark.parametrize("name", TEXTS)
def test_a_cut_report_says_so(name):
    """Half a report would be judged as if it were whole."""
    with pytest.raises(ReportError, match="was the upload cut off"):
        _parse(name, TEXTS[name][:-1])


@pytest.mark.parametrize(
    "name", ["istanbul-json", "simplecov-json", "simplecov-resultset", "codecov-json", "xccov-json"]
)
def test_a_file_named_twice_is_refused(name):
    """The second entry would silently hide the misses of the first."""
    document = json.loads(TEXTS[name])
    files = document
    while not any("a." in key for key in files):
        files = next(value for key, value in files.items() if key != "meta")
    (path, entry), *_ = files.items()
    once = f'"{path}": {json.dumps(entry)}'
    twice = TEXTS[name].decode().replace(once, f"{once}, {once}")
    with pytest.raises(ReportError, match="twice"):
        _parse(name, twice.encode())


@pytest.mark.parametrize("name", TEXTS)
def test_a_path_with_half_a_surrogate_pair_is_read(name):
    """One odd file name would make the whole report unreadable."""
    text = TEXTS[name].replace(b'"a.', rb'"\ud83da\\ud83d.')
    ((path, _),) = _parse(name, text).report.files.items()
    assert path.startswith("\ufffda\\ud83d.")


@pytest.mark.parametrize("name", ["istanbul-json", "coveralls-json"])
def test_millions_of_empty_files_are_refused_in_little_memory(name, monkeypatch):
    """39 MB of `{}` would take gigabytes and end the worker for everybody."""
    monkeypatch.setattr(json_reader, "MAX_NAMES", 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = {
        "istanbul-json": b"{" + b",".join([b'"":{}'] * 1_000_000) + b"}",
        "coveralls-json": b'{"source_files": [' + b",".join([b"{}"] * 1_000_000) + b"]}",
    }[name]
    with pytest.raises(ReportError, match=r"more than 1,000 files|missing required field"):
        _parse(name, flood)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("name", ["lcov", "llvm-cov-json", "codecov-json"])
def test_files_of_absurd_lengths_are_refused_in_little_memory(name):
    """A few megabytes of files with a line 2,000,000 would take the worker's whole memory."""
    segments = [[1_999_999, 1, 1, True, True], [2_000_000, 1, 0, False, False]]
    files = [{"filename": f"{n}.rs", "segments": segments} for n in range(200)]
    text = {
        "lcov": b"".join(b"SF:%d.c\nDA:2000000,1\nend_of_record\n" % n for n in range(200)),
        "llvm-cov-json": json.dumps({"data": [{"files": files}], "version": "2.0.1"}).encode(),
        "codecov-json": json.dumps(
            {"coverage": {f"{n}.py": {"2000000": 1} for n in range(200)}}
        ).encode(),
    }[name]
    with pytest.raises(ReportError, match="too many lines in sum"):
        _parse(name, text)


@pytest.mark.parametrize("path", REAL)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_mutation_gives_a_report_or_a_report_error(path, data):
    """A damaged upload would end in a traceback instead of a sentence."""
    original = unpack((DATA / path).read_bytes())
    (known,) = [known for known in FORMATS if known.sniff(original[:HEAD])]
    text = bytearray(original)
    for _ in range(data.draw(st.integers(1, 5))):
        where = data.draw(st.integers(0, len(text) - 1))
        piece = data.draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from([b"null", b"-1", b"1e400", b"{}", b"[]", b'""', b"0", b"99999999"]),
            )
        )
        text[where : where + data.draw(st.integers(0, 4))] = piece
    with contextlib.suppress(ReportError):
        known.parse(bytes(text))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(SAMPLES)), data=st.data())
def test_any_value_anywhere_gives_a_report_or_a_report_error(name, data):
    """A tool's new version would end in a traceback instead of a sentence."""
    document = json.loads(TEXTS[name])
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=5,
        )
    )
    with contextlib.suppress(ReportError):
        _parse(name, json.dumps(document).encode())


def _parse(name, text):
    (known,) = [known for known in FORMATS if known.name == name]
    return known.parse(text)
