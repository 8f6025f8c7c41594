"""The commands that work on a local checkout: `covgate check` and `covgate report`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from bot import options
from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ManyFiles", "check", "report", "spread"]

_UNUSABLE = 2


class ManyFiles(TyperCommand):
    """Takes `--report a.xml b.xml` for `--report a.xml --report b.xml`, as shells expand `*`."""

    _OPTIONS = ("--report", "--tests", "--baseline", "--baseline-tests")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own, of changing names
        """Name each of the options before each of its values."""
        return super().parse_args(ctx, spread(args, self._OPTIONS))


def spread(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return the arguments with each of `options` repeated before each of its values.

    Its values go on to the next argument that begins with "-".
    """
    result: list[str] = []
    current, fresh = "", False
    for argument in arguments:
        if current and not fresh and not argument.startswith("-"):
            result.append(current)
        elif fresh:
            fresh = False
        else:
            name, separator, _ = argument.partition("=")
            current = name if name in options else ""
            fresh = bool(current) and not separator
        result.append(argument)
    return result


def check(
    report: options.Report = None,
    tests: options.Tests = None,
    base: options.Base = None,
    head: options.Head = None,
    baseline: options.Baseline = None,
    baseline_tests: options.BaselineTests = None,
    config: options.Config = None,
    output: options.Format = options.CheckFormat.TEXT,
    save: options.Save = None,
    replay: options.Replay = None,
) -> None:
    """Judge a local checkout with the same engine: 0 pass, 1 a gate failed, 2 unusable input."""
    from bot import check as checking
    from bot.given import Files
    from bot.progress import working
    from worker.core.render import conclude, render_comment, render_json, render_terminal

    if bool(report) is (replay is not None):
        raise CovgateError("give --report FILE… or --replay FILE; see `covgate check --help`")
    if baseline_tests and not baseline:
        raise CovgateError("--baseline-tests FILE… goes with --baseline FILE…")
    with working("reading reports, sources and git"):
        if replay is not None:
            verdict, context = checking.replay(replay)
        else:
            files, before = Files.of(report, tests), Files.of(baseline, baseline_tests)
            today = datetime.now(UTC).date()
            verdict, context = checking.check_checkout(
                Path.cwd(), files, base, head, before, config, today
            )
    if save is not None:
        checking.save(save, verdict, context)
    render = {
        options.CheckFormat.TEXT: render_terminal,
        options.CheckFormat.MARKDOWN: render_comment,
        options.CheckFormat.JSON: render_json,
    }[output]
    typer.echo(render(verdict, context).removesuffix("\n"))
    raise typer.Exit({"success": 0, "failure": 1}.get(conclude(verdict, context), _UNUSABLE))


def report(
    report: options.Report = None,
    tests: options.Tests = None,
    config: options.OwnConfig = None,
    output: options.DocumentFormat = options.ReportFormat.MARKDOWN,
    package: options.Package = "",
) -> None:
    """Write the gap analysis of a local checkout as one document: where tests are missing."""
    from bot.given import Files
    from bot.progress import working
    from bot.report import report_checkout
    from worker.core.render.report import render_report, render_report_json

    with working("reading reports, sources and git"):
        files = Files.of(report, tests)
        now = datetime.now(UTC)
        verdict, about = report_checkout(Path.cwd(), files, config, package, now)
        render = render_report if output is options.ReportFormat.MARKDOWN else render_report_json
        text = render(verdict, about)
    typer.echo(text, nl=False)
