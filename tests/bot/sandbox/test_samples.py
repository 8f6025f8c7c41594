"""The sample projects tell the story that they promise."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from bot.sandbox.samples import SAMPLES, Sample, load_samples
from bot.sandbox.server import StandIn

DATA = Path(__file__).parents[2] / "data" / "projects"


@pytest.fixture
def samples(stand_in: StandIn) -> dict[str, Sample]:
    return load_samples(stand_in.world)


def changed_lines(sample: Sample) -> dict[str, list[int]]:
    """Return the lines that the pull request adds or changes, from its patches."""
    assert sample.pull is not None
    found: dict[str, list[int]] = {}
    for change in sample.pull.changes():
        number = 0
        for line in (change.patch or "").split("\n"):
            if line.startswith("@@"):
                number = int(re.search(r"\+(\d+)", line)[1]) - 1
            elif not line.startswith(("-", "\\")):
                number += 1
                if line.startswith("+"):
                    found.setdefault(change.path, []).append(number)
    return found


def measured(sample: Sample, text: str) -> dict[str, dict[int, bool]]:
    """Return which lines an LCOV or coverage.py report has, and whether they were hit."""
    found: dict[str, dict[int, bool]] = {}
    lines: dict[int, bool] = {}
    for line in text.splitlines():
        if match := re.match(r"SF:(?:/home/runner/work/yajl/yajl/)?(.*)", line):
            lines = found.setdefault(match[1], {})
        elif match := re.search(r'<class .*filename="([^"]+)"', line):
            lines = found.setdefault(f"src/humanize/{match[1]}", {})
        elif match := re.match(r"DA:(\d+),(\d+)", line) or re.search(
            r'<line number="(\d+)" hits="(\d+)"', line
        ):
            lines[int(match[1])] = lines.get(int(match[1]), False) or match[2] != "0"
    assert found, sample.repo.full_name
    return found


def new_code(sample: Sample) -> tuple[int, int]:
    """Return covered and measured lines of the new code, over the last run's reports."""
    assert sample.run is not None
    covered: dict[tuple[str, int], bool] = {}
    changed = changed_lines(sample)
    for artifact in sample.run.artifacts:
        for path, lines in measured(sample, _content(artifact.archive)).items():
            for number in changed.get(path, []):
                if number in lines:
                    key = (path, number)
                    covered[key] = covered.get(key, False) or lines[number]
    return sum(covered.values()), len(covered)


def _content(archive: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return "\n".join(opened.read(name).decode() for name in opened.namelist())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_changes_the_lines_that_git_counts(samples: dict[str, Sample], name: str):
    """The sandbox would show another verdict than GitHub's diff gives."""
    samples[name].open()
    expected = json.loads((DATA / name / "changed_lines.json").read_text())["files"]
    assert changed_lines(samples[name]) == {p: lines for p, lines in expected.items() if lines}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_samples_new_code_is_covered_as_counted(samples: dict[str, Sample], name: str):
    """The sandbox's numbers would be wrong."""
    samples[name].open()
    expected = json.loads((DATA / name / "new_code_expected.json").read_text())
    used = ("reports/head/lcov.info", "reports/head/coverage.xml")
    [total] = {
        (row["total"]["covered"], row["total"]["coverable"])
        for row in expected
        if row["report"] in used
    }
    assert new_code(samples[name]) == total


STORIES = {
    "humanize": [(17, 17), (18, 36), (35, 36)],
    "yajl": [(5, 14), (10, 14)],
    "qs": [(26, 26), (21, 26), (26, 26)],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_told_to_its_end(samples: dict[str, Sample], name: str):
    """A step of the sandbox would fail, or lead nowhere."""
    sample = samples[name]
    story = []
    while sample.advance() is not None:
        if sample.run is not None and sample.run.status == "completed":
            seen = (sample.run.id, new_code(sample)) if sample.run.artifacts else None
            if seen and seen not in story and sample.run.head_sha == sample.pull.head_sha:
                story.append(seen)
    assert [numbers for _, numbers in story] == STORIES[name]
    assert sample.next_step is None


def test_a_base_has_a_baseline(samples: dict[str, Sample]):
    """The regression gate would have nothing to compare with."""
    for sample in samples.values():
        [run] = sample.repo.runs.values()
        assert (run.event, run.head_branch, run.head_sha, run.conclusion) == (
            "push",
            "main",
            sample.repo.tip(),
            "success",
        )
        assert [artifact.name for artifact in run.artifacts] == ["coverage"]


def test_one_pull_request_comes_from_a_fork(samples: dict[str, Sample]):
    """Forks, where most goes wrong, would not be seen in the sandbox."""
    assert {name: sample.open().from_fork for name, sample in samples.items()} == {
        "humanize": False,
        "yajl": True,
        "qs": False,
    }


def test_starting_over(samples: dict[str, Sample]):
    """The sandbox could be played once alone."""
    del samples
    with StandIn() as stand_in:
        first = load_samples(stand_in.world)
        first["humanize"].open()
        again = load_samples(stand_in.reset())
        assert again["humanize"].pull is None
        assert again["humanize"].repo.full_name == "octo/humanize"
