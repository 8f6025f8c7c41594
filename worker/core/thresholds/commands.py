"""Thresholds that are given to commands, in whatever file commands stand: options, variables.

https://pytest-cov.readthedocs.io/en/latest/config.html
https://coverage.readthedocs.io/en/latest/cmd.html#cmd-report
https://github.com/taiki-e/cargo-llvm-cov#usage
https://gcovr.com/en/stable/manpage.html
https://diff-cover.readthedocs.io/en/latest/README.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.thresholds.places import Kind
from worker.core.thresholds.text import NUMBER, Found, Text, percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find"]

_APART = re.compile(r"\n|&&|\|\||[;|]")
_LONGEST = 5_000
"""Characters of one command that are looked at."""
_OPTION = re.compile(
    r"--?(?P<name>cov-fail-under|fail-under-lines?|fail-under|min-coverage|min|lines"
    r"|coverage\.thresholds\.lines)"
    rf"""[=\s"',:]{{1,5}}{NUMBER}"""
)
_MSBUILD = re.compile(rf"[/-]p:Threshold={NUMBER}")
_VARIABLE = re.compile(
    r"\b(?P<name>(?:MIN|MINIMUM|REQUIRED)_(?:TEST_)?COVERAGE"
    r"|(?:TEST_|CODE_)?COVERAGE_(?:THRESHOLD|MIN|MINIMUM|FAIL_UNDER|FLOOR))\b"
    rf"""["']?[ ]{{0,5}}[?:]?[=:][ ]{{0,5}}["']?{NUMBER}""",
    re.IGNORECASE,
)
_TOTAL = re.compile(rf"""\bthreshold-total[ ]{{0,5}}:[ ]{{0,5}}["']?{NUMBER}""")
_ALWAYS = {
    "cov-fail-under": "pytest-cov",
    "coverage.thresholds.lines": "vitest",
    "min-coverage": "very_good",
}
"""Options that no other tool has."""
_TOOLS = (
    ("fail-under", re.compile(r"\bdiff-cover\b"), "diff-cover"),
    ("fail-under", re.compile(r"\bcoverage3?\s+(?:report|html|xml|json|lcov)\b"), "coverage.py"),
    ("fail-under", re.compile(r"\bslipcover\b"), "slipcover"),
    ("fail-under", re.compile(r"\btarpaulin\b"), "cargo-tarpaulin"),
    ("fail-under-lines", re.compile(r"\bllvm-cov\b"), "cargo-llvm-cov"),
    ("fail-under-lines", re.compile(r"\b(?:lcov|genhtml)\b"), "lcov"),
    ("fail-under-line", re.compile(r"\bgcovr\b"), "gcovr"),
    ("min", re.compile(r"\bpest\b"), "pest"),
    ("lines", re.compile(r"\bc8\b"), "c8"),
    ("lines", re.compile(r"\bnyc\b"), "nyc"),
)
_CHECKED = re.compile(r"--check-coverage\b|\bcheck-coverage\b")
_NOT_WORDS = re.compile(r"""["',\[\]()]""")


def find(text: Text) -> Iterator[Found]:
    """Yield the thresholds of commands, of the project and of new code."""
    # A backslash goes on with the same command on the next line.
    code = text.code.replace("\\\n", "  ")
    yield from _variables(text)
    if not (_OPTION.search(code) or _MSBUILD.search(code)):
        return
    start = 0
    for end in [*(one.start() for one in _APART.finditer(code)), len(code)]:
        if end > start:
            yield from _command(code, start, min(end, start + _LONGEST))
        start = end


def _command(code: str, start: int, end: int) -> Iterator[Found]:
    if code.find("--", start, end) < 0 and code.find("p:Threshold", start, end) < 0:
        return
    words = _NOT_WORDS.sub(" ", code[start:end])
    tools: dict[str, str] = {}
    for found in _OPTION.finditer(code, start, end):
        percent, name = percent_of(found["number"]), found["name"]
        if name not in tools:
            tools[name] = _tool(name, words)
        tool = tools[name]
        if tool and percent is not None:
            yield Found(found.start("number"), tool, percent, tool == "diff-cover")
    for found in _MSBUILD.finditer(code, start, end):
        percent = percent_of(found["number"])
        if percent is not None:
            yield Found(found.start("number"), "coverlet", percent)


def _tool(option: str, words: str) -> str:
    """Return whose option it is in a command; empty where it is of something else."""
    if option in _ALWAYS:
        return _ALWAYS[option]
    if option == "lines" and not _CHECKED.search(words):
        return ""
    return next(
        (tool for name, command, tool in _TOOLS if name == option and command.search(words)), ""
    )


def _variables(text: Text) -> Iterator[Found]:
    if text.kind not in {Kind.YAML, Kind.COMMANDS}:
        return
    for found in _VARIABLE.finditer(text.code):
        percent = percent_of(found["number"])
        if percent is not None:
            yield Found(found.start("number"), found["name"], percent)
    for found in _TOTAL.finditer(text.code):
        percent = percent_of(found["number"])
        if percent is not None:
            yield Found(found.start("number"), "go-test-coverage", percent)
