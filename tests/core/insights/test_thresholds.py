"""Thresholds that disagree: one project, several numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.core.test_render import CONTEXT
from worker.core.analysis import analyze
from worker.core.config import DEFAULT_CONFIG, Config, NewCodeRule, ProjectRule
from worker.core.diff import Diff
from worker.core.insight import Code, Place
from worker.core.insights import thresholds
from worker.core.material import Material
from worker.core.model import EMPTY_REPORT
from worker.core.render.insights import insight_page
from worker.core.thresholds import find_thresholds
from worker.core.verdict import Inputs, Verdict

FILES = {
    "pyproject.toml": "[tool.coverage.report]\nfail_under = 64\n",
    ".github/workflows/ci.yml": "run: |\n  pytest --cov-fail-under=65\n",
    "codecov.yml": "coverage:\n  status:\n    project:\n      default:\n        target: 80%\n",
    "web/package.json": '{"jest": {"coverageThreshold": {"global": {"lines": 50}}}}',
}
"""A plan that a team wrote by hand names three numbers: 64, 65 and 80."""


def look(files, config=DEFAULT_CONFIG):
    found = tuple(one for path, text in files.items() for one in find_thresholds(path, text))
    return analyze(Inputs(EMPTY_REPORT, Diff(), config, material=Material(thresholds=found)))


def tables(files, config=DEFAULT_CONFIG):
    insight = thresholds.LOOK.look(look(files, config).evidence)
    return {} if insight is None else {one.title: one.rows for one in insight.tables}


def test_three_numbers_are_one_table(golden):
    """A team would believe that 80 % is enforced while 64 % is."""
    verdict = look(FILES, Config(project=ProjectRule(Fraction(64), Fraction(80))))
    alone = Verdict(
        verdict.evidence, verdict.results, lambda evidence: (thresholds.LOOK.look(evidence),)
    )
    golden("insights/thresholds.md", insight_page(alone, CONTEXT, budget=60_000) + "\n")


def test_every_number_comes_with_its_file_and_line():
    """Somebody would have to search the repository for the number to change."""
    (rows,) = tables(FILES).values()
    assert rows == (
        (Place("pyproject.toml", 1 << 2), "coverage.py", "64 %"),
        (Place(".github/workflows/ci.yml", 1 << 2), "pytest-cov", "65 %"),
        (Place("codecov.yml", 1 << 5), "codecov", "80 %"),
    )
    assert not any(isinstance(cell, Code) for row in rows for cell in row)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pyproject.toml": FILES["pyproject.toml"]},
        {"pyproject.toml": FILES["pyproject.toml"], "tox.ini": "run: pytest --cov-fail-under=64"},
        {"a/pyproject.toml": FILES["pyproject.toml"], "b/tox.ini": "pytest --cov-fail-under=9"},
        {"pyproject.toml": FILES["pyproject.toml"], "package.json": FILES["web/package.json"]},
        {"Makefile": "a:\n\tdiff-cover x --fail-under=90\n\tpytest --cov-fail-under=64\n"},
    ],
)
def test_what_agrees_or_is_of_other_code_is_not_told(files):
    """Two languages, two packages, or new code and all code would be called a contradiction."""
    assert tables(files) == {}


def test_the_repositorys_own_gates_are_compared_too():
    """CI would ask for 90 % of new code, the check for 60, and nobody would know."""
    files = {"Makefile": "a:\n\tdiff-cover x --fail-under=90\n"}
    assert tables(files) == {}, "a repository without a configuration has written no number"
    found = tables(files, Config())
    assert [row[2] for row in found["New code"]] == ["60 %", "90 %"]
    assert tables(files, Config(new_code=NewCodeRule(Fraction(90)))) == {}
    ruled = Config(project=ProjectRule(Fraction(70)))
    found = tables({"spec/spec_helper.rb": "minimum_coverage 80"}, ruled)
    assert [row[1] for row in found["All code"]] == ["Covgate", "simplecov"]


def test_each_language_is_compared_with_what_measures_all():
    """The floor of one language would be lost between those of the others."""
    files = {**FILES, "package.json": FILES["web/package.json"]}
    found = tables(files)
    assert {title: [row[2] for row in rows] for title, rows in found.items()} == {
        "All code, JavaScript": ["50 %", "80 %"],
        "All code, Python": ["64 %", "65 %", "80 %"],
    }
