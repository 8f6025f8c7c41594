"""`covgate report`: a checkout and the reports in it become one document."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from bot.cli import run
from bot.discovery import find_reports
from bot.sandbox.samples import read_export
from tests.support.checkout import Checkout

pytestmark = pytest.mark.git

SAMPLE = Path(str(files("bot.sandbox") / "samples" / "humanize"))
LCOV = "SF:{}\nDA:1,1\nDA:2,0\nDA:3,0\nend_of_record\n"
CONFIG = """\
version: 1
packages:
  - {name: core, paths: ["core/**"], priority: high}
  - {name: web, paths: ["web/**"]}
"""
SOURCES = {
    "core/cart.py": "import web\ndef total(items):\n    return sum(items)\n",
    "web/views.py": "import core\ndef show():\n    return 1\n",
    "tests/test_cart.py": "def test_total():\n    assert 1\n",
    ".gitignore": "*.info\n*.xml\n",
    "pyproject.toml": "[tool.coverage.report]\nfail_under = 64\n",
    "Makefile": "t:\n\tpytest --cov-fail-under=80\n",
}
JUNIT = """\
<testsuite name="tests"><testcase classname="tests.test_cart" name="test_total" time="0.5"/>
<testcase classname="tests.test_cart" name="test_none" time="1"><skipped/></testcase></testsuite>
"""


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Checkout:
    """Return a checkout with a report of coverage, and one of tests, that git ignores."""
    checkout = Checkout(tmp_path / "shop")
    checkout.commit(SOURCES)
    checkout.write(
        {
            "build/lcov.info": LCOV.format("core/cart.py") + LCOV.format("web/views.py"),
            "build/junit.xml": JUNIT,
        }
    )
    monkeypatch.chdir(checkout.path)
    return checkout


def told(capsys, *arguments):
    assert run(["report", *arguments]) == 0
    return capsys.readouterr().out


def data(capsys, *arguments):
    return json.loads(told(capsys, "--format", "json", *arguments))


def test_one_word_is_enough(shop, capsys):
    """A newcomer would have to know where his tools put their reports."""
    text = told(capsys)
    assert text.startswith("# Coverage gap analysis: shop\n")
    assert "| `build/lcov.info` | lcov | 2 | – |" in text
    assert "- **Overall coverage**: 33.33 % (2 of 6 lines)" in text
    assert "- **Tests**: 2 tests, 1 skipped, 1.50 s in sum" in text
    assert "## 2. Coverage by module" in text
    assert "| call `total` | `core/cart.py` | 🟡 MEDIUM | unit | 2 | 2–3 |" in text
    assert "64 % / 80 %" in text, "thresholds are compared"
    assert "with local changes" not in text
    shop.write({"core/cart.py": SOURCES["core/cart.py"] + "# new\n"})
    assert "with local changes" in told(capsys)


def test_a_real_project_has_a_whole_document(tmp_path, monkeypatch, capsys):
    """The first try on somebody's own project would end with an error or an empty page."""
    exported = read_export((SAMPLE / "repository.fast-export").read_bytes())
    checkout = Checkout(tmp_path / "humanize")
    *_, last = exported
    checkout.commit(dict(last.files))
    monkeypatch.chdir(checkout.path)
    told_ = data(capsys, "--report", f"unit={SAMPLE / 'reports' / 'head.xml'}")
    assert told_["project"] == {"covered": 468, "total": 472, "percent": 99.15}
    assert told_["reports"][0]["flag"] == "unit"
    names = {one["name"] for one in told_["insights"]}
    assert {"risk", "goals", "untested_files", "strengths", "statistics", "skipped"} <= names
    risk = next(one for one in told_["insights"] if one["name"] == "risk")
    assert "commits in 90 days" in risk["tables"][0]["columns"]


def test_named_reports_are_the_only_ones(shop, capsys):
    """A stale report that lies about would change the numbers."""
    shop.write({"other.info": LCOV.format("core/cart.py")})
    found = data(capsys, "--report", "unit=other.info", "--tests", "unit=build/junit.xml")
    assert [(one["name"], one["flag"]) for one in found["reports"]] == [("other.info", "unit")]
    assert found["tests"] == 2
    assert found["project"]["total"] == 3


def test_the_checkouts_own_configuration_holds(shop, capsys):
    """Packages that are just being written could not be tried."""
    shop.write({".github/covgate.yml": CONFIG})
    text = told(capsys)
    assert "no configuration" not in text
    assert "| `core` | 33.33 %" in text
    shop.write({"other.yml": CONFIG.replace("core,", "heart,")})
    assert "| `heart` | 33.33 %" in told(capsys, "--config", "other.yml")


@pytest.mark.parametrize("name", ["core", "CORE", "core/"])
def test_one_package_can_be_looked_at_alone(shop, capsys, name):
    """A team would read the gaps of all the others to find its own."""
    shop.write({".github/covgate.yml": CONFIG})
    found = data(capsys, "--package", name)
    assert found["project"]["total"] == 3
    assert {gap["file"] for gap in found["gaps"]} == {"core/cart.py"}


def test_a_package_that_is_not_there_has_a_near_one(shop, capsys):
    """A typing error would look like a package without gaps."""
    assert run(["report", "--package", "croe"]) == 2
    said = capsys.readouterr().err
    assert "there is no package or folder 'croe'; did you mean 'core'? there is: core, web" in said


def test_without_a_report_the_way_to_one_is_told(shop, capsys):
    """A newcomer would not know what to do next."""
    shop.write({"build/lcov.info": None})
    assert run(["report"]) == 2
    said = capsys.readouterr().err
    assert "there is no coverage report below" in said
    assert "pytest --cov" in said


@pytest.mark.parametrize(
    "path",
    ["node_modules/a/lcov.info", ".venv/lcov.info", "env/lcov.info", "htmlcov/lcov.info",
     "vendor/lcov.info", ".tox/py/lcov.info", "tracked/lcov.info", "build/readme.info"],
)  # fmt: skip
def test_what_lies_in_foreign_folders_is_no_report(shop, path):
    """A dependency's own report would be counted as the project's."""
    text = "hello" if path.endswith("readme.info") else LCOV.format("core/cart.py")
    shop.write({path: text, "env/pyvenv.cfg": ""})
    tracked = {path} if path.startswith("tracked") else set()
    found = find_reports(shop.path, tracked).files.reports
    assert [one.path.relative_to(shop.path).as_posix() for one in found] == ["build/lcov.info"]


def test_a_link_that_leads_out_is_not_followed(shop, tmp_path):
    """A report could be read that the checkout does not hold."""
    outside = tmp_path / "outside.info"
    outside.write_text(LCOV.format("core/cart.py"))
    (shop.path / "link.info").symlink_to(outside)
    (shop.path / "folder").symlink_to(tmp_path)
    found = find_reports(shop.path, ()).files.reports
    assert [one.path.name for one in found] == ["lcov.info"]


def test_two_reports_of_the_same_tests_count_once(shop, capsys):
    """Numbers of two formats would be mixed, and belong to neither."""
    xml = (
        '<coverage version="7.6"><sources/><packages><package><classes>'
        '<class filename="core/cart.py"><lines><line number="1" hits="1"/></lines></class>'
        "</classes></package></packages></coverage>"
    )
    shop.write({"build/coverage.xml": xml, "build/damaged.info": "TN:\nSF:a.py\nDA:x\n"})
    found = data(capsys)
    assert [one["name"] for one in found["reports"]] == ["build/lcov.info"]
    notes = " ".join(found["notes"])
    assert "build/coverage.xml was left out: lcov.info beside it is of the same files" in notes
    assert "build/damaged.info was left out: " in notes


def test_what_is_damaged_is_left_out_and_told(shop, capsys):
    """One broken file that somebody forgot would keep him from the whole document."""
    shop.write({"old/lcov.info": "TN:\nSF:a.py\nDA:x\n", "old/junit.xml": JUNIT[:-20]})
    found = data(capsys)
    assert [one["name"] for one in found["reports"]] == ["build/lcov.info"]
    assert found["tests"] == 2
    assert [note.partition(" ")[0] for note in found["notes"]] == ["old/junit.xml", "old/lcov.info"]


def test_a_report_that_names_the_tests_is_taken_first(shop, capsys):
    """What is known of each test would be thrown away for a report without it."""
    contexts = {
        "meta": {"format": 3, "version": "7.6.1", "show_contexts": True},
        "files": {
            name: {
                "executed_lines": [1, 2], "missing_lines": [3], "excluded_lines": [],
                "contexts": {"1": [""], "2": ["tests.test_cart.test_total"]},
                "summary": {},
            }
            for name in ("core/cart.py", "web/views.py")
        },
    }  # fmt: skip
    shop.write({"build/coverage.json": json.dumps(contexts)})
    found = data(capsys)
    assert [one["name"] for one in found["reports"]] == ["build/coverage.json"]


def test_a_database_that_is_no_report_is_left_alone(shop):
    """The file of another program would be read as coverage."""
    with closing(sqlite3.connect(shop.path / ".coverage")) as database:
        database.execute("CREATE TABLE notes (text)")
        database.commit()
    found = find_reports(shop.path, ()).files.reports
    assert ".coverage" not in {one.path.name for one in found}
