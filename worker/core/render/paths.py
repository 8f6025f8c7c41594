"""What is said of a report whose paths are not the repository's: above everything else.

Numbers of a tenth of the files look like numbers of all of them. So it stands on top, with
examples and what to write into the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from worker.core.numbers import format_count, format_percent, round_percent
from worker.core.paths import Glob
from worker.core.render.markdown import code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.core.diff import Diff
    from worker.core.paths import Ambiguous, PathFix, Shortfall
    from worker.core.render.context import Source

__all__ = [
    "Unfound",
    "candidates",
    "fix_text",
    "path_data",
    "path_lines",
    "path_section",
    "path_todo",
    "unclear_paths",
]

_MOST_REPORTS = 3
_MOST_CANDIDATES = 3
_FILE = ".github/covgate.yml"


@dataclass(frozen=True, slots=True)
class Unfound:
    """A report, and what of its paths could not be found."""

    source: Source
    shortfall: Shortfall


def unclear_paths(
    ambiguous: Sequence[Ambiguous], diff: Diff, ignore: Sequence[str]
) -> tuple[str, ...]:
    """Return a sentence for each path that may be a file with added lines, or another one."""
    if not ambiguous:
        return ()
    globs = [Glob(pattern) for pattern in ignore]
    changed = {
        file.path
        for file in diff
        if (file.added or not file.complete) and not any(glob.matches(file.path) for glob in globs)
    }
    return tuple(
        f"{code(one.path)} may be {candidates(one, code)}: say which by `path_fixes` in `{_FILE}`"
        for one in ambiguous
        if not changed.isdisjoint(one.candidates)
    )


def candidates(path: Ambiguous, name: Callable[[str], str]) -> str:
    """Return the files that a path may be: "a/x.py or b/x.py"."""
    more = ", …" if len(path.candidates) > _MOST_CANDIDATES else ""
    return " or ".join(name(file) for file in path.candidates[:_MOST_CANDIDATES]) + more


def path_section(unfound: Sequence[Unfound]) -> str:
    """Return what is to be said as Markdown; empty where nothing is."""
    parts = []
    for one in unfound[:_MOST_REPORTS]:
        first, *rest = _sentences(one, code)
        parts.append(" ".join((f"⚠️ **{first}**", *rest)))
        parts += path_todo(one.shortfall)
    if len(unfound) > _MOST_REPORTS:
        more = format_count(len(unfound) - _MOST_REPORTS, "more report")
        parts.append(f"The same goes for {more}.")
    return "\n\n".join(parts)


def path_todo(shortfall: Shortfall) -> list[str]:
    """Return what to write into the configuration, as Markdown: a sentence and its lines."""
    sentence, lines = _todo(shortfall)
    return [sentence, "```yaml\n" + "\n".join(lines) + "\n```"] if lines else [sentence]


def path_lines(unfound: Sequence[Unfound]) -> list[str]:
    """Return the same as lines of plain text for a terminal."""
    texts = []
    for one in unfound:
        texts.append(f"WARNING: {' '.join(_sentences(one, str))}")
        sentence, lines = _todo(one.shortfall)
        texts += [f"  {sentence}", *(f"    {line}" for line in lines), ""]
    return texts


def path_data(unfound: Sequence[Unfound]) -> list[dict[str, Any]]:
    """Return the same for a program."""
    return [
        {
            "artifact": one.source.artifact,
            "report": one.source.name,
            "found": one.shortfall.files.covered,
            "total": one.shortfall.files.total,
            "percent": round_percent(one.shortfall.files.percent or Fraction(0)),
            "examples": list(one.shortfall.examples),
            "ambiguous": [
                {"path": path.path, "candidates": list(path.candidates)}
                for path in one.shortfall.ambiguous
            ],
            "path_fixes": [{"from": fix.start, "to": fix.to} for fix in one.shortfall.fixes],
            "mended": one.shortfall.mended,
            "ignore": list(one.shortfall.ignore),
        }
        for one in unfound
    ]


def _sentences(one: Unfound, name: Callable[[str], str]) -> list[str]:
    short = one.shortfall
    files = short.files
    texts = []
    if short.is_short:
        total = f"{format_count(files.total, 'file')} that {name(one.source.name)} names"
        if not files.covered:
            texts.append(f"None of the {total} was found in the repository.")
        else:
            texts.append(
                f"Only {files.covered:,} of the {total} ({format_percent(files.percent)}) were "
                "found in the repository."
            )
        texts.append("The others are left out, so these numbers are of a part of the code.")
    if short.examples:
        texts.append(f"Not found: {', '.join(name(path) for path in short.examples)}.")
    for path in short.ambiguous:
        place = "" if short.is_short else f" in {name(one.source.name)}"
        meant = f"{name(path.path)}{place} may be {candidates(path, name)}"
        texts.append(f"{meant}: none was guessed, none is counted.")
    return texts


def _todo(short: Shortfall) -> tuple[str, list[str]]:
    """Return what to do, and the lines of the configuration that do it."""
    if short.fixes:
        lines = ["path_fixes:", *(f"  - {fix_text(fix)}" for fix in short.fixes)]
        mended = format_count(short.mended, "path")
        choice = ", if that is where the report is from" if short.ambiguous else ""
        return f"In {_FILE}, this would lead {mended} to a file{choice}:", lines
    if short.ignore:
        sentence = (
            "No other beginning leads them to files. If they are generated, or of another "
            f"project, say so in {_FILE}:"
        )
        return sentence, ["ignore:", *(f"  - {_quoted(glob)}" for glob in short.ignore)]
    sentence = (
        "Make the test tool write paths relative to the repository's root, or say in "
        f"{_FILE} by path_fixes what their beginning stands for."
    )
    return sentence, []


def fix_text(fix: PathFix) -> str:
    """Return a fix as the configuration has it, in one line of YAML."""
    to = f", to: {_quoted(fix.to)}" if fix.to else ""
    return f"{{from: {_quoted(fix.start)}{to}}}"


def _quoted(text: str) -> str:
    """Return a text as YAML, what can not be seen by its number."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
    return f'"{shown}"'
