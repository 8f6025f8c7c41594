"""`.coverage` files: what was executed, joined with what could have been."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.artifact import read_artifact
from worker.core.errors import PostponedError, ReportError
from worker.core.formats import coverage_data, read
from worker.core.model import bitmap, format_lines, line_numbers
from worker.core.paths import Glob

HUMANIZE = Path(__file__).parents[2] / "data" / "reports" / "projects" / "py-humanize"

# Each of these is counted in its own way by coverage.py; `contexts` are switched within.
PROGRAM = '''\
"""A docstring
of two lines."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import nothing


class Shape(Protocol):
    """Documented."""

    def area(self) -> int: ...

    def name(
        self,
    ) -> str:

        ...


def sign(
    number,
    flags=[1,
           2],
):
    """Documented, too."""
    if number > 0:
        return "plus"
    elif number < 0:  # pragma: no cover
        return "minus"
    if number:  # pragma: no branch
        number = 1
    while True:
        with open(__file__) as file:
            if file:
                break
    text = """
    # pragma: no cover
    """
    return (
        "nought"
        + text
    )


@staticmethod
def never(value):  # pragma: no cover
    return value


def later(value):
    for item in value:
        if item:
            continue
        print(item)
    try:
        match value:
            case [first]:
                return first
            case _:
                return lambda: (
                    value
                )
    except ValueError: raise
    finally:
        del value

sign(0)
later([1])
'''


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Measure the program with branches, without, and with contexts, in processes of their own."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "quiet.py").write_text("def unused():\n    return 1\n", encoding="utf-8")
    environment = {**os.environ, "COVERAGE_CORE": "ctrace"}

    def run(*arguments):
        command = [sys.executable, "-m", "coverage", *arguments]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    for name, options in (
        ("branches", ["--branch"]),
        ("lines", []),
        ("contexts", ["--branch", "--context=story"]),
        ("line-contexts", ["--context=story"]),
    ):
        data = f"--data-file={folder / name}.data"
        run("run", data, "--source=.", *options, "program.py")
        run("json", data, "-q", "--show-contexts", "-o", f"{name}.json")
    return folder


def _sources(folder):
    def source(path):
        file, packed = folder / path, folder / f"{path}.gz"
        if packed.is_file():
            return gzip.decompress(packed.read_bytes())
        return file.read_bytes() if file.is_file() else None

    return source


@pytest.mark.parametrize("name", ["branches", "lines", "contexts", "line-contexts"])
def test_lines_and_branches_are_coverage_pys_own(measured, name):
    """A verdict would differ from what `coverage report` says of the same file."""
    known, parsed = read((measured / f"{name}.data").read_bytes(), _sources(measured))
    report = json.loads((measured / f"{name}.json").read_text(encoding="utf-8"))
    assert known.name == "coveragepy-sqlite"
    for file in parsed.report:
        own = report["files"][os.path.relpath(file.path, measured)]
        assert line_numbers(file.hit) == own["executed_lines"], file.path
        assert line_numbers(file.missed) == own["missing_lines"], file.path
    totals = report["totals"]
    assert parsed.report.lines.covered == totals["covered_lines"]
    assert parsed.report.branch_ratio.total == totals.get("num_branches", 0)
    assert parsed.report.branch_ratio.covered == totals.get("covered_branches", 0)
    assert len(parsed.report) == len(report["files"]) == 2


@pytest.mark.parametrize("commit", ["base", "head"])
def test_a_real_file_of_another_python_gives_what_its_json_gives(commit):
    """coverage.py on the team's Python would count other lines than ours on another one."""
    reports = HUMANIZE / "reports" / commit
    sources = _sources(HUMANIZE / "sources" / commit)
    _, parsed = read((reports / "dot_coverage").read_bytes(), sources)
    _, expected = read((reports / "coverage.json.gz").read_bytes())
    assert (parsed.report.lines.covered, parsed.report.lines.total) == (468, 472)
    assert parsed.report.branch_ratio == expected.report.branch_ratio
    for file in parsed.report:
        own = expected.report.files[file.path]
        assert (file.measured, file.hit, file.partial) == (own.measured, own.hit, own.partial)


@pytest.mark.parametrize("name", ["contexts", "line-contexts"])
def test_contexts_hold_the_lines_that_they_hit(measured, name):
    """Nobody could be told which tests reach a line."""
    _, parsed = read((measured / f"{name}.data").read_bytes(), _sources(measured))
    program = next(file for file in parsed.report if file.path.endswith("program.py"))
    assert program.contexts == (("story", program.hit),)
    _, parsed = read((measured / f"{name}.json").read_bytes())
    assert parsed.report.files["program.py"].contexts == (("story", program.hit),)


def test_without_sources_it_says_what_to_upload(measured):
    """Executed lines alone would be 100 % of everything."""
    with pytest.raises(ReportError, match="upload what `coverage xml` or `coverage json` writes"):
        read((measured / "lines.data").read_bytes())


def test_in_an_artifact_it_counts_where_the_sources_are_known():
    """A `.coverage` beside coverage.xml would be an error, or never be read."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(".coverage", _data(_rows([1])))
    (found,) = read_artifact(archive, [Glob("**")], lambda _: b"x = 1\n")
    assert found.parsed.report.files["a.py"].hit == 0b10
    (passed_over,) = read_artifact(archive, [Glob("**")])
    assert "upload what `coverage xml`" in passed_over.reason


def test_a_file_without_a_source_is_named_and_not_counted(measured):
    """A file that the repository lacks would count as covered in full."""
    _, parsed = read((measured / "lines.data").read_bytes(), lambda _: None)
    assert [file.measured for file in parsed.report] == [0, 0]
    assert {Path(file.path).name for file in parsed.report} == {"program.py", "quiet.py"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"def f(:\n", "is not Python that can be parsed"),
        (b"x = 1\0\n", "is not Python that can be parsed"),
        (b"# coding: no-such\nx = 1\n", "is not Python that can be parsed"),
        (b"x = " + b"(" * 300 + b"1" + b")" * 300, "is not Python that can be parsed"),
        (b"x = " + b"-" * 100_000 + b"1\n", "parsed"),
        (b"#" * 400_001, "more than 400000 bytes"),
        (b"def f(): 0\n" * 10_001, "or 10000 functions"),
    ],
    ids=["syntax", "NUL", "encoding", "parentheses", "depth", "size", "scopes"],
)
def test_a_source_that_can_not_be_parsed_is_named(source, reason):
    """A hostile source would end the worker, or a Python 2 file count as empty."""
    with pytest.raises(ReportError, match=rf"file 'a\.py': .*{reason}.*`coverage xml`"):
        read(_data(_rows([1])), lambda _: source)


@pytest.mark.parametrize(
    "line",
    [
        "def " + ")->" * 60_000 + "...x...",
        "def " + ")" * 200_000 + "..x ...",
        "#" + " " * 200_000 + "pragma",
        "# pragma" * 20_000,
        "...#" * 50_000,
        ")" * 9_000 + "..." * 300 + " ...",
    ],
)
def test_hostile_lines_take_no_time(line):
    """One line of a pull request would keep the worker busy for hours (ReDoS)."""
    _, parsed = read(_data(_rows([1])), lambda _: b"x = 1\n# " + line.encode())
    assert parsed.report.files["a.py"].measured == 0b10


def test_the_exclusions_are_those_of_the_release_that_measured():
    """A file of coverage.py 7.6 would be counted by the rules of 7.10."""
    source = b"if TYPE_CHECKING:\n    import a\ndef f(): ...\nx = 1  # pragma: no cover\n"
    lines = {}
    for version in ("7.9.2", "7.10.0"):
        _, parsed = read(_data(_rows([1, 3], version=version)), lambda _: source)
        lines[version] = format_lines(parsed.report.files["a.py"].measured)
    assert lines == {"7.9.2": "1–3", "7.10.0": ""}


def _rows(lines, version="7.6.0", path="a.py", numbits=None):
    numbits = bitmap(lines).to_bytes(8, "little") if numbits is None else numbits
    return [
        ("INSERT INTO coverage_schema VALUES (7)", ()),
        ("INSERT INTO meta VALUES ('version', ?)", (version,)),
        ("INSERT INTO file VALUES (1, ?)", (path,)),
        ("INSERT INTO context VALUES (1, '')", ()),
        ("INSERT INTO line_bits VALUES (1, 1, ?)", (numbits,)),
    ]


SCHEMA = """
CREATE TABLE coverage_schema (version integer);
CREATE TABLE meta (key text, value text, unique (key));
CREATE TABLE file (id integer primary key, path text, unique (path));
CREATE TABLE context (id integer primary key, context text, unique (context));
CREATE TABLE line_bits (file_id integer, context_id integer, numbits blob,
  unique (file_id, context_id));
CREATE TABLE arc (file_id integer, context_id integer, fromno integer, tono integer,
  unique (file_id, context_id, fromno, tono));
CREATE TABLE tracer (file_id integer primary key, tracer text);
"""


def _data(rows, schema=SCHEMA, more=""):
    """Return a data file's bytes."""
    database = sqlite3.connect(":memory:")
    database.executescript(schema)
    for statement, values in rows:
        database.execute(statement, values)
    database.executescript(more)
    database.commit()
    data = database.serialize()
    database.close()
    return data


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
VIEW = SCHEMA.replace("CREATE TABLE tracer", "CREATE TABLE old_tracer") + (
    f"CREATE VIEW tracer AS {ENDLESS} SELECT i AS file_id, NULL AS tracer FROM n;"
)
COMPUTED = SCHEMA.replace("tracer text", "tracer text AS (hex(zeroblob(1000000000)))")
OTHER_COLUMNS = SCHEMA.replace("numbits blob", "bitmap blob")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: _data(_rows([1]), VIEW), "holds 'tracer', which is no plain table"),
        (
            lambda: _data(
                _rows([1]), more="CREATE TRIGGER t AFTER INSERT ON file BEGIN SELECT 1; END"
            ),
            "holds 't', which is no plain table",
        ),
        (
            lambda: _data(_rows([1]), more="CREATE VIRTUAL TABLE v USING fts5(a)"),
            "holds 'v', which is no plain table",
        ),
        (lambda: _data(_rows([1]), COMPUTED), "table tracer is not as coverage.py makes it"),
        (lambda: _data(_rows([1])[1:], OTHER_COLUMNS), "data schema"),
        (lambda: _data(_rows([1])[:1], OTHER_COLUMNS), "table line_bits is not as coverage.py"),
        (lambda: _data([("INSERT INTO coverage_schema VALUES (8)", ())]), r"schema '\[8\]'"),
        (lambda: _data(_rows([1], numbits=b"\1" * 300_000)), "line numbers above 2000000"),
        (lambda: _data(_rows([1], numbits=b"\1" * 100_000_000)), "too big"),
        (lambda: _data(_rows([1], numbits="text")), "can not be read"),
        (lambda: _data(_rows([1], numbits=7)), "can not be read"),
        (lambda: _corrupt(_data(_rows([1]))), "can not be read"),
        (lambda: _data(_rows([1]))[:6_000], "can not be read"),
        (lambda: b"SQLite format 3\0 coverage_schema", "can not be read"),
        (
            lambda: _data([*_rows([1]), ("INSERT INTO tracer VALUES (1, 'django')", ())]),
            "plug-in 'django'",
        ),
        (lambda: _data(_arcs(3_000_000)), "1 to 2000000"),
        (lambda: _data(_arcs("x")), "can not be read"),
    ],
    ids=[
        "endless view", "trigger", "virtual table", "computed column", "no version",
        "other columns", "newer schema", "line numbers", "100 MB", "text", "number",
        "corrupt page", "cut off", "no database", "plug-in", "arc", "text in an arc",
    ],
)  # fmt: skip
def test_hostile_and_foreign_files_are_refused_by_name(data, reason):
    """A worker would hang, or fill its memory, on a file that anybody can upload."""
    with pytest.raises(ReportError, match=reason):
        read(data(), lambda _: b"x = 1\n")


@given(st.lists(st.tuples(st.integers(0, 40_959), st.integers(0, 255)), min_size=1, max_size=60))
def test_damage_is_refused_or_read(changes):
    """A damaged file would end in a traceback, or the worker with it."""
    data = bytearray(DAMAGED)
    for where, octet in changes:
        data[where % len(data)] = octet
    with contextlib.suppress(ReportError):
        read(bytes(data), lambda _: b"x = 1\nif x:\n    x = 2\n")


def _arcs(target):
    return [
        *_rows([1]),
        ("INSERT INTO meta VALUES ('has_arcs', '1')", ()),
        ("INSERT INTO arc VALUES (1, 1, -1, ?)", (target,)),
    ]


def _corrupt(data):
    """Overwrite each page but the first with rubbish."""
    return data[:4096] + b"\xa5" * (len(data) - 4096)


DAMAGED = _data(_arcs(1))


def test_an_error_of_whoever_gives_the_sources_stays_what_it_is():
    """GitHub's "later, please" would be told of as a broken report."""

    def sources(_):
        raise PostponedError("rate limit", seconds=60)

    with pytest.raises(PostponedError):
        read(_data(_rows([1])), sources)


def test_more_steps_than_a_report_takes_are_refused(monkeypatch):
    """A file with a thousand million rows would keep the worker for an hour."""
    monkeypatch.setattr(coverage_data, "_MAX_STEPS", 0)
    rows = [*_rows([1]), ("INSERT INTO meta VALUES ('has_arcs', '1')", ())]
    more = f"INSERT INTO arc {ENDLESS} SELECT 1, 1, i, i + 1 FROM n LIMIT 200000;"
    with pytest.raises(ReportError, match="interrupted"):
        read(_data(rows, more=more), lambda _: b"x = 1\n")


def test_no_file_is_opened_or_written(tmp_path, monkeypatch):
    """A `-wal` or `-journal` beside the file, or a path in it, could be read."""
    monkeypatch.chdir(tmp_path)
    data = bytearray(_data(_rows([1], path="../../etc/passwd")))
    data[18:20] = b"\2\2"  # says that it has a write-ahead log
    _, parsed = read(bytes(data), lambda _: b"x = 1\n")
    assert list(tmp_path.iterdir()) == []
    assert parsed.report.files["../../etc/passwd"].hit == 0b10
