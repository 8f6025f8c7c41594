"""Thresholds: coverage floors of the same code that differ from file to file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.insight import Cell, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.material import Threshold
from worker.core.numbers import format_count, format_limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from fractions import Fraction

    from worker.core.config import Config
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "thresholds"
_CONFIG = ".github/covgate.yml"
_OWN = "Covgate"
_LANGUAGES = {
    "Python": {"coverage.py", "pytest-cov", "slipcover"},
    "JavaScript": {"jest", "vitest", "nyc", "c8", "karma"},
    "Java and Kotlin": {"jacoco", "kover"},
    "Scala": {"scoverage"},
    "Ruby": {"simplecov"},
    "Rust": {"cargo-llvm-cov", "cargo-tarpaulin"},
    "Go": {"go-test-coverage"},
    "C and C++": {"gcovr", "lcov"},
    "PHP": {"pest"},
    ".NET": {"coverlet"},
    "Elixir": {"excoveralls"},
    "Dart": {"very_good"},
}
"""Tools by what they measure; the others measure whatever there is."""
_ASIDE = frozenset({"spec", "test", "tests", "dev", "ci"})
"""Folders that hold the configuration of the folder above."""


def look(evidence: Evidence) -> Insight | None:
    """Compare what is written in files, and in Covgate's configuration; None where it agrees."""
    known = [*evidence.inputs.material.thresholds, *_own(evidence.config)]
    clashes = [*_clashes(known)]
    if not clashes:
        return None
    clashing = {one for _, some in clashes for one in some}
    numbers = sorted({one.percent for one in clashing})
    texts = " / ".join(f"{format_limit(one)} %" for one in numbers)
    places = format_count(len(clashing), "coverage threshold")
    return Insight(
        NAME,
        "Thresholds that disagree",
        f"{places} of the same code, and {len(numbers):,} numbers: {texts}",
        tuple(_table(title, some, evidence.config) for title, some in clashes),
        advice=tuple(_advice(clashes, evidence.config)),
    )


def _own(config: Config) -> Iterator[Threshold]:
    """Yield the thresholds of the repository's own configuration, if it has one."""
    if not config.present:
        return
    if config.project.minimum is not None:
        yield Threshold(_CONFIG, 0, _OWN, config.project.minimum)
    yield Threshold(_CONFIG, 0, _OWN, config.new_code.minimum, new_code=True)


def _clashes(known: Iterable[Threshold]) -> Iterator[tuple[str, list[Threshold]]]:
    """Yield thresholds of the same code with different numbers, by a title."""
    scopes: dict[tuple[bool, str], list[Threshold]] = {}
    for one in known:
        scopes.setdefault((one.new_code, _scope(one.path)), []).append(one)
    for (new, folder), some in sorted(scopes.items()):
        where = f" in {folder}" if folder else ""
        title = f"{'New code' if new else 'All code'}{where}"
        for language, alike in _by_language(some):
            if len({one.percent for one in alike}) > 1:
                alike.sort(key=lambda one: (one.percent, one.path, one.line, one.tool))
                yield f"{title}, {language}" if language else title, alike


def _by_language(some: Sequence[Threshold]) -> Iterator[tuple[str, list[Threshold]]]:
    """Yield the thresholds by language, each with those that are of any language."""
    languages = {tool: name for name, tools in _LANGUAGES.items() for tool in tools}
    known = sorted({languages[one.tool] for one in some if one.tool in languages})
    for name in known or [""]:
        alike = [one for one in some if languages.get(one.tool, name) == name]
        yield name if len(known) > 1 else "", alike


def _scope(path: str) -> str:
    """Return the folder whose code a file's thresholds are of; "" for the whole repository."""
    folders: list[str] = []
    for part in path.split("/")[:-1]:
        if part.startswith(".") or part in _ASIDE:
            break
        folders.append(part)
    return "/".join(folders)


def _table(title: str, some: Sequence[Threshold], config: Config) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (Place(one.path, 1 << one.line if one.line else 0), one.tool, _percent(one.percent))
        for one in some
    ]
    target = config.project.target
    if target is not None and title.startswith("All code") and not _scope(some[0].path):
        rows.append((Place(_CONFIG), f"{_OWN}, as a target", _percent(target)))
    return Table(("written in", "by", "threshold"), tuple(rows), title)


def _percent(percent: Fraction) -> str:
    return f"{format_limit(percent)} %"


def _advice(clashes: Sequence[tuple[str, list[Threshold]]], config: Config) -> Iterator[str]:
    """Yield what to do: one number, in one place."""
    for title, some in clashes:
        low, high = some[0].percent, some[-1].percent
        yield (
            f"{title}: settle on one number between {_percent(low)} and {_percent(high)}, and "
            "write it in one place; whoever reads the higher one is misled"
        )
    tools = {one.tool for _, some in clashes for one in some}
    if {"coverage.py", "pytest-cov"} <= tools:
        yield (
            "pytest-cov's --cov-fail-under wins over coverage.py's fail_under, which it reads "
            "where the option is not given: leave out the option"
        )
    if config.project.minimum is None:
        yield (
            "gates.project.minimum in .github/covgate.yml makes the check hold the number, and "
            "gates.project.ratchet lets it rise only"
        )


LOOK = Look(NAME, look)
