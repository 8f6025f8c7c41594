"""Ids that documents, source and tests have in common."""

from __future__ import annotations

import pytest

from tests.core.insights.escrow import page, service, tables
from worker.core.config import Config
from worker.core.insight import Code, Place
from worker.core.insights import (
    identifiers,
)
from worker.core.model import bitmap


def test_it_is_as_it_was_read_and_approved(golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    golden("insights/identifiers.md", page(identifiers, service()))


def id_rows(config=None, **texts):
    paths = {name.replace("__", "/").replace("_md", ".md").replace("_py", ".py"): text
             for name, text in texts.items()}  # fmt: skip
    inputs = service({}, paths, changed=(), config=config or Config())
    found = tables(identifiers, inputs)
    return {row[0].text: row[1:] for row in found[0]} if found else {}


def test_ids_are_matched_between_documents_source_and_tests():
    """A security requirement without a test would stay a line in a document."""
    rows = {row[0].text: row for row in tables(identifiers, service())[0]}
    assert list(rows) == ["SECURITY-002", "SECURITY-003", "SECURITY-004", "SECURITY-001"]
    assert rows["SECURITY-004"][2] == (Place("src/escrow/repository.py", bitmap([4])),)
    assert rows["SECURITY-001"][3] == (
        Code("tests/integration/test_flow.py::test_an_escrow_reaches_the_risk_engine"),
    )


@pytest.mark.parametrize(
    ("test", "gap"),
    [
        ("def test_a():\n    '''REQ-001'''\n    assert 1\n", None),
        ("@pytest.mark.requirement('REQ-001')\ndef test_a():\n    assert 1\n", None),
        ("# REQ-001\ndef test_a():\n    assert 1\n", None),
        ("def test_req_001_holds():\n    assert 1\n", None),
        ("'''Tests of REQ-001.'''\n" + "\n" * 20 + "def test_a():\n    assert 1\n", None),
        ("def test_a():\n    '''REQ-001'''\n    pass\n", "its tests assert nothing"),
        ("@pytest.mark.skip\ndef test_a(): assert 'REQ-001'\n", "its tests are skipped"),
        ("def test_a():\n    assert 1\n", "no test names it"),
    ],
)  # fmt: skip
def test_an_id_needs_a_test_that_runs_and_checks(test, gap):
    """A stub with the id in its docstring would close a security gap on paper."""
    rows = id_rows(docs__a_md="REQ-001 and REQ-002", tests__test_a_py=test)
    assert rows["REQ-001"][3] == gap


def test_an_id_that_no_document_explains_is_told():
    """Nobody could look up what the test is for."""
    rows = id_rows(
        docs__a_md="REQ-001 and REQ-002",
        tests__test_a_py="def test_a():\n    assert 1  # REQ-009\n",
    )
    assert rows["REQ-009"][3] == "in no document"


@pytest.mark.parametrize(
    "text",
    [
        "UTF-8, SHA-256, ISO-8601, RFC-2119, CVE-2021-44228, GPL-3, MIT-0, COVID-19, GPT-4",
        "see ADR-0001 and ADR-0002, PEP-0008, CWE-079 and CWE-089, X-001y, abc-001",
        "JIRA-123 and JIRA-456 are done",
        "REQ-001 alone",
    ],
)
def test_what_only_looks_like_an_id_is_left_alone(text):
    """Every README with UTF-8 in it would have a table of untested requirements."""
    assert id_rows(docs__a_md=text, src__a_py="# UTF-8, JIRA-123\n") == {}


def test_change_logs_name_no_requirements():
    """Each ticket that was ever closed would be asked for a test."""
    assert id_rows(CHANGELOG_md="BUG-001, BUG-002", docs__release_notes_md="BUG-001") == {}


def test_a_team_says_what_its_ids_begin_with():
    """Ids without zeros could not be matched, and unwanted ones not be turned off."""
    texts = {"docs__a_md": "PERF-1, REQ-001, REQ-002"}
    assert set(id_rows(Config(identifiers=("PERF",)), **texts)) == {"PERF-1"}
    assert id_rows(Config(identifiers=()), **texts) == {}
