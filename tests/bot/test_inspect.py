"""`covgate inspect`: what coverage reports hold, for people and for programs."""

from __future__ import annotations

import json

import pytest

from bot.cli import run

REPORT = (
    "SF:a.py\nFN:1,f\nFNDA:1,f\nDA:1,1\nDA:2,1\nDA:3,0\nBRDA:2,0,0,1\nBRDA:2,0,1,0\nend_of_record\n"
)


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
        "files": 1,
        "lines": {"valid": 3, "covered": 2},
        "branches": {"valid": 2, "covered": 1},
        "functions": {"valid": 1, "covered": 1},
        "partials": 1,
    }
    assert other["lines"] == one["lines"]


def test_people_get_a_table(folder, capsys):
    """The numbers would not be found at a glance."""
    assert run(["inspect", "lcov.info"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "format", "files", "lines", "branches", "functions", "partial", "report"
    ]  # fmt: skip
    assert (
        row
        == "lcov        1  2 of 3, 66.66 %  1 of 2, 50.00 %  1 of 1, 100.00 %        1  lcov.info"
    )
    assert head.index("report") == row.index("lcov.info")


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
