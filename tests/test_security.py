"""The threats of docs/security.md are those that tests try; and T27, the way that code takes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import yaml

from worker.github_api.auth import PERMISSIONS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([TWDG]\d+) \|.*\| ([^|]*) \|$", TEXT, re.MULTILINE)
NUMBERS = {"T": 35, "W": 19, "D": 10, "G": 10}
ELSEWHERE = {"C": ("tests/worker/commands", 15), "Z": ("tests/core/corpus", 18)}


def defined(path):
    """Return the names of a file's tests."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_a_test_that_exists():
    """A promise of the table would be proven by a test that somebody removed."""
    wanted = [f"{letter}{n}" for letter, most in NUMBERS.items() for n in range(1, most + 1)]
    assert [name for name, _ in ROWS] == wanted
    for name, proofs in ROWS:
        found = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", proofs)
        assert found, f"{name} is proven by nothing"
        for path, test in found:
            assert test in defined(path), f"{name}: {path} has no {test}"


def test_every_test_with_a_number_is_in_the_table():
    """Somebody who looks for the proof of a threat would not find it."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test in defined(path.relative_to(ROOT)):
            number = re.match(r"test_([twdg]\d+)_", test)
            if number and not test.startswith("test_t21_the_watch_itself"):
                assert f"{path.relative_to(ROOT)}::" in TEXT, test
                assert number[1].upper() in {name for name, _ in ROWS}, test


def test_every_command_of_the_corpus_is_tried():
    """The table sends a reader to tests that are not there."""
    folder, most = ELSEWHERE["C"]
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / folder).glob("*.py"))
    found = {int(number) for number in re.findall(r"(?:test_|id=\")c(\d+)[_-]", text)}
    assert found == set(range(1, most + 1))


def test_the_permissions_are_those_of_the_tokens():
    """Who installs the App would be asked for more than the page says."""
    section = TEXT.partition("| permission |")[2].partition("\n\n")[0]
    told = dict(re.findall(r"^\| `(\w+): (\w+)` \|", section, re.MULTILINE))
    assert told == {**PERMISSIONS, "merge_queues": "read"}


def test_t27_nothing_is_fetched_and_run():
    """Whoever takes over a server would run commands where Covgate is built or installed."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*")]
    pages += [ROOT / "Dockerfile", *ROOT.glob(".ci/*"), *ROOT.glob(".github/**/*.yml")]
    for path in [one for one in pages if one.is_file()]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(?:curl|wget)\b[^\n|]*\|\s*(?:sudo )?(?:ba|z)?sh\b", text), path
        assert not re.search(r"(?:ba)?sh <\(", text), path
        assert "--extra-index-url" not in text, path


def test_t27_ci_may_only_read():
    """A pull request's own code would run beside a token that may write."""
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        events = workflow.get("on", workflow.get(True))
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in events
        for job in workflow["jobs"].values():
            assert "permissions" not in job
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
