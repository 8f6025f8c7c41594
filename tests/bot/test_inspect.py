"""`covgate inspect`: what reports hold, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from coverage import CoverageData

from bot.cli import run
from bot.inspect import inspect_files, render_inspections, render_inspections_json
from worker.core.errors import ReportError
from worker.core.formats import read

REPORT = (
    "SF:a.py\nFN:1,f\nFNDA:1,f\nDA:1,1\nDA:2,1\nDA:3,0\nBRDA:2,0,0,1\nBRDA:2,0,1,0\nend_of_record\n"
)

JSON = (
    '{"meta": {"version": "7.6.1"}, "files": {"a.py": {"executed_lines": [1, 2], '
    '"missing_lines": [3], "contexts": {"1": ["one"], "2": ["one", "two"]}}}}'
)
JUNIT = (
    '<testsuites><testsuite name="pytest"><testcase name="a"/><testcase name="b"><skipped/>'
    '</testcase><testcase name="c"><failure message="no"/></testcase></testsuite></testsuites>'
)
DATA = Path(__file__).parents[1] / "data"
REAL = [
    path
    for topic in ("reports", "junit")
    for path in sorted((DATA / topic).rglob("*"))
    if path.is_file() and "LICENSES" not in path.parts
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with one report, to work in."""
    (tmp_path / "lcov.info").write_text(REPORT)
    (tmp_path / "page.html").write_text("<html>")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    return tmp_path


def test_programs_get_one_object_a_file(folder, capsys):
    """Scripts would have to read a table."""
    assert run(["inspect", "lcov.info", "./lcov.info", "--json"]) == 0
    one, other = json.loads(capsys.readouterr().out)
    assert one == {
        "path": "lcov.info",
        "format": "lcov",
        "producer": None,
        "files": 1,
        "lines": {"valid": 3, "covered": 2},
        "branches": {"valid": 2, "covered": 1},
        "functions": {"valid": 1, "covered": 1},
        "partials": 1,
        "contexts": 0,
        "tests": None,
    }
    assert other["lines"] == one["lines"]


def test_people_get_a_table(folder, capsys):
    """The numbers would not be found at a glance."""
    assert run(["inspect", "lcov.info"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "format",
        "files",
        "lines",
        "branches",
        "functions",
        "partial",
        "report",
    ]
    assert row == "lcov        1  2 of 3, 66.66 %   50.00 %   100.00 %        1  lcov.info"
    assert head.index("report") == row.index("lcov.info")


def test_reports_of_tests_stand_below_those_of_coverage(folder, capsys, golden):
    """Tools, contexts and tests would be told of in a place of their own, or nowhere."""
    (folder / "junit.xml").write_text(JUNIT)
    (folder / "coverage.json").write_text(JSON)
    assert run(["inspect", "lcov.info", "coverage.json", "junit.xml"]) == 0
    out = capsys.readouterr().out
    golden("inspect.txt", out)
    assert max(map(len, out.splitlines())) <= 115
    assert run(["inspect", "junit.xml", "lcov.info", "--json"]) == 0
    tests, coverage = json.loads(capsys.readouterr().out)
    assert tests.keys() == coverage.keys()
    assert (tests["format"], tests["producer"]) == ("junit", "pytest")
    assert tests["tests"] == {
        "total": 3,
        "passed": 1,
        "failed": 1,
        "errors": 0,
        "skipped": 1,
        "reruns": 0,
    }


def test_a_folder_is_searched_for_reports(folder, capsys):
    """Whoever downloads an artifact would have to name each of its files."""
    (folder / "ci" / "unit").mkdir(parents=True)
    (folder / "ci" / "node_modules").mkdir()
    (folder / "ci" / "unit" / "junit.xml").write_text(JUNIT)
    (folder / "ci" / "node_modules" / "lcov.info").write_text(REPORT)
    (folder / "ci" / "page.html").write_text("<html>")
    (folder / "ci" / "a.info").write_text(REPORT)
    (folder / "ci" / "gone.info").symlink_to("nowhere")
    assert run(["inspect", "ci", "lcov.info", "--json"]) == 0
    found = [one["path"] for one in json.loads(capsys.readouterr().out)]
    assert found == ["ci/a.info", "ci/unit/junit.xml", "lcov.info"]


def test_a_folder_without_a_report_says_so(folder, capsys):
    """Whoever named the wrong folder would see an empty table."""
    (folder / "empty").mkdir()
    assert run(["inspect", "empty"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("covgate: empty is a folder without a coverage report")


def test_a_damaged_test_report_is_named(folder, capsys):
    """A test report that was cut off would count as one with fewer tests."""
    (folder / "junit.xml").write_text(JUNIT[:-20])
    assert run(["inspect", "junit.xml"]) == 2
    assert capsys.readouterr().err.startswith("covgate: junit.xml: is no well-formed XML")


@pytest.mark.parametrize("path", REAL, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_real_file_ends_in_a_traceback(path):
    """The one file that is odd would be the one that a team asks about."""
    inspections, errors = inspect_files([path])
    assert len(inspections) + len(errors) == 1
    render_inspections(inspections)
    render_inspections_json(inspections)


def test_long_and_odd_names_stay_whole_and_on_their_line(folder, capsys):
    """In a narrow terminal the one thing that tells reports apart would be cut off."""
    name = f"{'very-' * 30}long\n\x1b[31m.info"
    (folder / name).write_text(REPORT)
    assert run(["inspect", name]) == 0
    out = capsys.readouterr().out
    assert out.endswith(f"  {'very-' * 30}long\\u000a\\u001b[31m.info\n")
    assert out.count("\n") == 2


@pytest.mark.parametrize("as_json", [True, False])
def test_one_that_can_not_be_read_is_named_and_the_others_shown(folder, capsys, as_json):
    """One broken report of twenty would hide the other nineteen."""
    options = ["--json"] if as_json else []
    assert run(["inspect", "gone.xml", "lcov.info", "page.html", *options]) == 2
    told = capsys.readouterr()
    gone, page = told.err.splitlines()
    assert gone == "covgate: gone.xml can't be read: No such file or directory"
    assert page.startswith("covgate: page.html: is of no known format")
    if as_json:
        assert [one["path"] for one in json.loads(told.out)] == ["lcov.info"]
    else:
        assert len(told.out.splitlines()) == 2


def test_nothing_readable_is_an_empty_list(folder, capsys):
    """A program would stumble over an empty text that is no JSON."""
    assert run(["inspect", "page.html", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == []


def test_a_database_without_its_sources_says_why_it_has_no_lines(folder, capsys):
    """No line at all would be taken for what the tests reached."""
    data = CoverageData(basename=str(folder / ".coverage"))
    data.add_lines({"/ci/app.py": [1, 2], str(folder / "here.py"): [1]})
    data.close()
    (folder / "here.py").write_text("x = 1\n")
    assert run(["inspect", ".coverage", "--json"]) == 0
    told = capsys.readouterr()
    (one,) = json.loads(told.out)
    assert (one["files"], one["lines"]) == (2, {"valid": 1, "covered": 1})
    assert "1 of its 2 sources are not here (for example '/ci/app.py')" in told.err


def test_a_test_report_given_as_coverage_is_called_by_its_name(folder):
    """A list of thirty formats would hide the one thing that is wrong."""
    with pytest.raises(ReportError, match="is a JUnit report"):
        read(JUNIT.encode())


def test_an_artifact_as_it_was_downloaded_is_called_a_zip(folder):
    """A list of thirty formats would hide that it only has to be unpacked."""
    with pytest.raises(ReportError, match="is a zip archive: unpack it"):
        read(b"PK\x03\x04\x14\0")
