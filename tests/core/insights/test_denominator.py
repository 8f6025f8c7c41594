"""Tests and helpers that count as measured code."""

from __future__ import annotations

from dataclasses import replace

from tests.core.insights.escrow import page, service, tables
from tests.core.static.sources import read
from worker.core.analysis import count_as_configured
from worker.core.config import Config
from worker.core.insights import (
    denominator,
)
from worker.core.model import FileCoverage, Report, bitmap


def with_tests(inputs):
    """Return the same where the report measures tests and their helpers, too."""
    more = [
        FileCoverage(path, bitmap(range(1, size + 1)), bitmap(range(1, size)))
        for path, size in (
            ("tests/unit/test_service.py", 30),
            ("tests/conftest.py", 12),
            ("src/escrow/testing_utils.py", 20),
            ("src/escrow/test_inline.py", 8),
            ("src/escrow/factories/users.py", 25),
        )
    ]
    facts = {
        **inputs.material.facts,
        "src/escrow/factories/users.py": inputs.material.facts["src/escrow/models.py"],
    }
    material = replace(inputs.material, facts=facts)
    return replace(inputs, report=Report.of([*inputs.report, *more]), material=material)


def test_it_is_as_it_was_read_and_approved(golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    golden("insights/denominator.md", page(denominator, with_tests(service())))


def test_measured_tests_inflate_the_percentage():
    """A team would think that its program is tested as well as its tests are run."""
    found = tables(denominator, with_tests(service()))
    whole, tests, own = (row[2] for row in found[0])
    assert whole == tests + own
    assert found[0][2][3].value == own.percent - whole.percent
    assert tables(denominator, service()) == []


def test_the_written_globs_leave_out_nothing_of_the_program():
    """A glob copied from the table would hide the program itself."""
    inputs = with_tests(service())
    globs = [
        row[0].text.removeprefix('- "').removesuffix('"') for row in tables(denominator, inputs)[1]
    ]
    left = count_as_configured(inputs.report, Config(ignore=tuple(globs)))
    assert list(left.files) == list(service().report.files)
    odd = [FileCoverage(path, 2, 2) for path in ("tests/run.py", "a/test_x.py", "app/main.py")]
    rows = tables(denominator, replace(inputs, report=Report.of(odd)))[1]
    assert [row[0].text for row in rows] == ['- "**/test_*.py"', '- "tests/**"']


def test_factories_of_the_program_itself_stay():
    """A part of the program would be called a test helper for its name."""
    inputs = with_tests(service())
    facts = {
        **inputs.material.facts,
        "src/escrow/service.py": read("import escrow.factories.users", "a.py"),
    }
    inputs = replace(inputs, material=replace(inputs.material, facts=facts))
    paths = {row[0].path for row in tables(denominator, inputs)[2]}
    assert "src/escrow/factories/users.py" not in paths
    assert "src/escrow/testing_utils.py" in paths
