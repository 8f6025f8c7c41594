"""What `covgate check` and `covgate report` may be told."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Base",
    "Baseline",
    "BaselineTests",
    "CheckFormat",
    "Config",
    "DocumentFormat",
    "Format",
    "Head",
    "OwnConfig",
    "Package",
    "Replay",
    "Report",
    "ReportFormat",
    "Save",
    "Tests",
]


class CheckFormat(StrEnum):
    """How `covgate check` prints its verdict."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


class ReportFormat(StrEnum):
    """How `covgate report` prints its document."""

    MARKDOWN = "markdown"
    JSON = "json"


Report = Annotated[
    list[str] | None,
    typer.Option(
        "--report", metavar="[FLAG=]FILE…", help="Coverage reports, each with its flag if any."
    ),
]
Tests = Annotated[
    list[str] | None,
    typer.Option(
        "--tests", metavar="[FLAG=]FILE…", help="JUnit reports of the tests, each with its flag."
    ),
]
Base = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="Judge what changed since the merge base with this; by default origin's main "
        "branch, or main.",
    ),
]
Head = Annotated[
    str | None,
    typer.Option(metavar="REF", help="The commit that was tested; by default the working tree."),
]
Baseline = Annotated[
    list[str] | None,
    typer.Option(
        "--baseline", metavar="[FLAG=]FILE…", help="Coverage reports of the merge base, to compare."
    ),
]
BaselineTests = Annotated[
    list[str] | None,
    typer.Option(
        "--baseline-tests", metavar="[FLAG=]FILE…", help="JUnit reports of the merge base."
    ),
]
Config = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A configuration; by default the base's.")
]
OwnConfig = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="A configuration; by default the checkout's own."
    ),
]
Package = Annotated[
    str, typer.Option(metavar="NAME", help="A package of the configuration, or a folder: it alone.")
]
DocumentFormat = Annotated[ReportFormat, typer.Option("--format", help="What to print.")]
Format = Annotated[CheckFormat, typer.Option("--format", help="What to print.")]
Save = Annotated[
    Path | None, typer.Option("--save", metavar="FILE", help="Keep what was judged, for --replay.")
]
Replay = Annotated[
    Path | None,
    typer.Option(
        "--replay",
        metavar="FILE",
        help="Judge once more what --save or `covgate export` kept, and nothing else.",
    ),
]
