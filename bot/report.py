"""`covgate report`: the whole gap analysis of a checkout, of its reports as they lie there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.check import read_config
from bot.checkout import merge_suites, read_material, read_suites
from bot.discovery import find_reports
from bot.given import Files, read_reports, split_flags
from worker.core.analysis import analyze
from worker.core.diff import EMPTY_DIFF
from worker.core.errors import CovgateError
from worker.core.insights._choice import choose_files_of
from worker.core.model import Report
from worker.core.render import Context
from worker.core.render.remarks import path_remarks
from worker.core.render.report import About
from worker.core.verdict import Inputs, Verdict
from worker.localgit import LocalGit

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

__all__ = ["report_checkout"]


def report_checkout(
    folder: Path, files: Files, config: Path | None, package: str, now: datetime
) -> tuple[Verdict, About]:
    """Analyse the working tree as it is, without a diff or a base.

    Where no reports are given, those that lie about are taken, and named in the document.
    With a package, its files alone are looked at. Raises `CovgateError`.
    """
    git = LocalGit(folder)
    rules = read_config(git, None, config)
    notes: tuple[str, ...] = ()
    if not files.reports:
        files, notes = _find(git, files)
    match, sources = read_reports(files.reports, git, None, rules)
    suites = read_suites(files.tests)
    inputs = Inputs(
        report=match.report,
        flags=split_flags(files.reports, match),
        diff=EMPTY_DIFF,
        config=rules,
        no_baseline="the checkout is looked at as it is",
        tests=merge_suites(suites),
        suites=suites,
        material=read_material(git, None, match.report, rules, now.date()),
    )
    verdict = analyze(_within(inputs, package) if package else inputs)
    head = git.sha("HEAD")
    context = Context(
        head=head,
        merge_base=head,
        base_ref="",
        sources=tuple(replace(one, name=_relative(one.name, git.root)) for one in sources),
        notes=(*notes, *path_remarks(match)),
    )
    return verdict, About(git.root.name, now, context, package, git.is_changed())


def _relative(name: str, root: Path) -> str:
    """Return a report's path from the top of the checkout, if it lies there."""
    path = Path(name).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else name


def _find(git: LocalGit, files: Files) -> tuple[Files, tuple[str, ...]]:
    found = find_reports(git.root, git.tracked())
    if not found.files.reports:
        raise CovgateError(
            f"there is no coverage report below {git.root}: run the tests with coverage first "
            "(pytest --cov --cov-report=xml, jest --coverage, cargo llvm-cov --lcov …), or name a "
            "report by --report FILE"
        )
    return replace(found.files, tests=files.tests or found.files.tests), found.notes


def _within(inputs: Inputs, package: str) -> Inputs:
    """Return the inputs of one package or folder alone. Raises `CovgateError` for none such."""
    choice = choose_files_of(analyze(inputs).evidence, package)
    if not choice.files:
        hint = f"; did you mean {choice.close!r}?" if choice.close else ";"
        some = ", ".join(choice.names) or "nothing that is measured"
        raise CovgateError(f"there is no package or folder {package!r}{hint} there is: {some}")
    own = choice.files
    packages = tuple(one for one in inputs.config.packages if one.name == package)
    return replace(
        inputs,
        report=_only(inputs.report, own),
        flags=MappingProxyType({flag: _only(one, own) for flag, one in inputs.flags.items()}),
        config=replace(inputs.config, packages=packages),
    )


def _only(report: Report, paths: Collection[str]) -> Report:
    return Report.of(file for file in report if file.path in paths)
