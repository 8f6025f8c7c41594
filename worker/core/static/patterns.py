"""Facts of further languages, by patterns.

Rust, Go, Java, Kotlin, C#, Ruby, PHP, and Python that this Python can't parse.
Comments and strings are masked first, blocks end where their brackets or indents do. That is
less than a parser knows, and said where it is shown (`Language.OTHER`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.static._mask import Lines, count_code, mask, match_brackets
from worker.core.static._outward import calls_in
from worker.core.static.facts import (
    Assertion,
    FileFacts,
    Finding,
    Language,
    Mock,
    Skip,
    SourceFunction,
    TestFunction,
)
from worker.core.static.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SUFFIXES", "read_patterns"]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """How a language writes tests."""

    syntax: str
    test: re.Pattern[str]
    """A test's head; `name` is its name, or an opening quote stands behind it."""
    asserts: re.Pattern[str]
    mocks: re.Pattern[str]
    skips: re.Pattern[str]
    """In a test's head or body."""
    sleeps: re.Pattern[str]
    function: re.Pattern[str]
    errors: re.Pattern[str]
    imports: re.Pattern[str]
    indented: bool = False
    """Whether a block ends with its indent, and not with a bracket."""
    inline: bool = False
    """Whether tests stand in the files of the program."""


_JAVA_HEAD = r"@(?:Test|ParameterizedTest|RepeatedTest|Property)\b"
_ANNOTATIONS = r"(?:\s{0,80}@[\w.]{1,80}(?:\([^()]{0,300}\))?){0,9}"
_JAVA = _Spoken(
    "java",
    re.compile(
        rf"(?P<head>(?:@[\w.]{{1,80}}(?:\([^()]{{0,300}}\))?\s{{1,80}}){{0,9}}{_JAVA_HEAD}"
        rf"(?:\([^()]{{0,300}}\))?{_ANNOTATIONS})\s{{1,80}}[\w<>\[\], ]{{0,120}}?"
        r"(?P<name>\w{1,120}|`[^`\n]{1,120}`)\s{0,9}\("
    ),
    re.compile(
        r"(?<![\w.])(?:\w{1,40}\.)?(?P<how>assert\w*|verify\w*|expectThat|fail|should\w+)\s*\("
    ),
    re.compile(
        r"(?<![\w.])(?P<how>(?:Mockito\.)?(?:mock|spy|when|doReturn|mockStatic)|mockk|every"
        r"|coEvery|@(?:Mock|MockBean|MockitoBean|MockK|InjectMocks)|new\s+MockWebServer)\b"
    ),
    re.compile(
        r"@(?:Disabled|Ignore)\b(?P<arguments>\([^()]{0,300}\))?|(?<![\w.])(?:Assumptions\.)?assum(?:e|ing)\w*\s*\("
    ),
    re.compile(r"\bThread\.sleep\s*\(\s*0*[1-9]|\bTimeUnit\.\w+\.sleep\s*\("),
    re.compile(
        r"(?:\bfun\s{1,9}(?:<[^<>\n]{0,80}>\s{0,9})?(?:[\w<>?.]{1,80}\.)?"
        r"|^[ \t]{1,40}(?:(?:public|private|protected|static|final|abstract|synchronized|override)"
        r"\s{1,9}){1,6}[\w<>\[\],.? ]{1,120}?\s)(?P<name>\w{1,100})"
        r"\s{0,9}\([^()]{0,500}\)[^;{}=\n]{0,120}\{",
        re.MULTILINE,
    ),
    re.compile(r"\bcatch\s{0,9}\([^()]{0,200}\)\s{0,9}(?=\{)|\bthrow\b"),
    re.compile(r"^[ \t]{0,40}import\s{1,9}(?:static\s{1,9})?(?P<name>[\w.*]{1,200})", re.MULTILINE),
)
_RUST = _Spoken(
    "rust",
    re.compile(
        r"(?P<head>(?:#\[[^\[\]\n]{0,200}\]\s{0,80}){0,9}#\[(?:[\w:]{1,40}::)?(?:test|rstest|test_case)"
        r"(?:\([^()\n]{0,200}\))?\](?:\s{0,80}#\[[^\[\]\n]{0,200}\]){0,9})\s{0,80}"
        r"(?:pub(?:\([^()]{0,40}\))?\s{1,9})?(?:async\s{1,9})?fn\s{1,9}(?P<name>\w{1,120})"
    ),
    re.compile(r"\b(?P<how>(?:debug_)?assert\w*!|panic!|prop_assert\w*!)|#\[should_panic"),
    re.compile(
        r"\b(?P<how>Mock[A-Z]\w{0,80}::(?:new|default)|mock!|automock|mockito::\w+|MockServer)"
    ),
    re.compile(r"#\[ignore(?P<arguments>\s*=\s*\"[^\"\n]{0,200}\")?\s*\]"),
    re.compile(r"\b(?:thread|time|tokio::time)::sleep\s*\("),
    re.compile(r"\bfn\s{1,9}(?P<name>\w{1,100})\s{0,9}(?:<[^()\n]{0,200}>)?\("),
    # Not `?` and `map_err(…)`: their lines run when all goes well, too.
    re.compile(r"\bErr\s*\(|\bbail!|\bpanic!"),
    re.compile(r"^[ \t]{0,40}(?:pub\s{1,9})?use\s{1,9}(?P<name>[\w:]{1,200})", re.MULTILINE),
    inline=True,
)
_GO = _Spoken(
    "go",
    re.compile(
        r"^(?P<head>)func\s{1,9}(?:\([^()\n]{0,80}\)\s{0,9})?(?P<name>(?:Test|Fuzz)\w{0,120})\s{0,9}\(",
        re.MULTILINE,
    ),
    re.compile(
        r"\b(?P<how>t\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)|(?:assert|require|is|qt|cmp|suite|s)"
        r"\.(?:[A-Z]\w*)|Expect|Ω)\s*\("
    ),
    re.compile(
        r"\b(?P<how>gomock\.NewController|[Nn]ewMock\w*|\w+\.EXPECT|mock\.\w+|httptest\.New\w+|sqlmock\.New|httpmock\.\w+)\s*\("
    ),
    re.compile(r"\bt\.(?:Skip|Skipf|SkipNow)\s*(?P<arguments>\([^()\n]{0,200}\))"),
    re.compile(r"\btime\.Sleep\s*\("),
    re.compile(r"^func\s{1,9}(?:\([^()\n]{0,80}\)\s{0,9})?(?P<name>\w{1,100})", re.MULTILINE),
    re.compile(
        r"\bif\s[^\n{]{0,80}\berr\s*!=\s*nil\s{0,9}(?=\{)|\bpanic\s*\(|\breturn\b[^\n]{0,120}\berr\b"
    ),
    re.compile(r"^(?:import\s{1,9}|\t)(?:\w{1,40}\s{1,9})?(?P<quote>\")", re.MULTILINE),
)
_RUBY = _Spoken(
    "ruby",
    re.compile(
        r"^(?P<head>[ \t]{0,80})(?:(?:x|f)?(?:it|specify|example|scenario|test|should)\b[ \t(]{1,9}"
        r"(?P<quote>['\"])|def\s{1,9}(?P<name>test_\w{1,120}))",
        re.MULTILINE,
    ),
    re.compile(
        r"(?<![\w.])(?P<how>expect(?=\s*[({])|assert\w*|refute\w*|is_expected|flunk)|\.(?P<chain>should(?:_not)?\b|must_\w+)"
    ),
    re.compile(
        r"(?<![\w.])(?P<how>allow(?:_any_instance_of)?(?=\s*\()|(?:instance_|class_)?double(?=\s*\()|spy(?=\s*\()|stub_request|stub_const|Mocha\w*)|\.(?P<chain>stubs|expects|stub)\b"
    ),
    re.compile(
        r"(?<![\w.])(?:skip|pending)\b(?P<arguments>[ \t(]{1,9}['\"][^'\"\n]{0,200}['\"])?"
        r"|(?<![\w.])x(?:it|specify|describe|context)\b"
    ),
    re.compile(r"(?<![\w.])sleep[ (]+(?:0*[1-9]|0?\.\d)"),
    re.compile(r"^[ \t]{0,80}def\s{1,9}(?P<name>(?:self\.)?[\w?!=]{1,100})", re.MULTILINE),
    # Not `raise … if …`: its line runs when all goes well, too.
    re.compile(
        r"^[ \t]{0,80}(?:rescue\b|raise\b(?![^\n]{0,300}?[ \t](?:if|unless)[ \t]))", re.MULTILINE
    ),
    re.compile(r"^[ \t]{0,40}require(?:_relative)?\s{1,9}(?P<quote>['\"])", re.MULTILINE),
    indented=True,
)
_PHP = _Spoken(
    "php",
    re.compile(
        r"(?P<head>(?:#\[[^\[\]\n]{0,200}\]\s{0,80}){0,9})(?:public\s{1,9})?function\s{1,9}"
        r"(?P<name>test\w{1,120})\s{0,9}\("
    ),
    re.compile(
        r"(?:\$this->|self::|static::|Assert::)(?P<how>assert\w*|fail|expectException\w*)\s*\("
    ),
    re.compile(
        r"(?P<how>->(?:createMock|getMockBuilder|createStub|prophesize|createPartialMock)|Mockery::\w+)\s*\("
    ),
    re.compile(
        r"(?:markTestSkipped|markTestIncomplete)\s*(?P<arguments>\([^()\n]{0,200}\))|@?requires\b"
    ),
    re.compile(r"(?<![\w>])u?sleep\s*\(\s*0*[1-9]"),
    re.compile(r"\bfunction\s{1,9}&?(?P<name>\w{1,100})\s{0,9}\("),
    re.compile(r"\bcatch\s{0,9}\([^()]{0,200}\)\s{0,9}(?=\{)|\bthrow\b"),
    re.compile(r"^[ \t]{0,40}use\s{1,9}(?P<name>[\w\\]{1,200})", re.MULTILINE),
)
_CSHARP = _Spoken(
    "java",
    re.compile(
        r"(?P<head>(?:\[[^\[\]\n]{0,200}\]\s{0,80}){0,9}\[(?:Fact|Theory|Test|TestMethod|TestCase)\b"
        r"[^\[\]\n]{0,200}\](?:\s{0,80}\[[^\[\]\n]{0,200}\]){0,9})\s{0,80}[\w<>\[\], ]{0,120}?"
        r"(?P<name>\w{1,120})\s{0,9}\("
    ),
    re.compile(r"\b(?P<how>Assert\.\w+|Should(?:\(\)\.\w+|\w*)|Verify)\b"),
    re.compile(r"\b(?P<how>new\s+Mock<|Substitute\.For|A\.Fake)"),
    re.compile(r"\b(?:Skip\s*=\s*|Ignore\s*\()(?P<arguments>\s*\"[^\"\n]{0,200}\")?|\[Ignore\]"),
    re.compile(r"\bThread\.Sleep\s*\(|\bTask\.Delay\s*\("),
    _JAVA.function,
    _JAVA.errors,
    re.compile(r"^[ \t]{0,40}using\s{1,9}(?P<name>[\w.]{1,200})", re.MULTILINE),
)
_PYTHON = _Spoken(
    "python",
    re.compile(
        r"^(?P<head>[ \t]{0,80})(?:async\s{1,9})?def\s{1,9}(?P<name>test_\w{1,120})", re.MULTILINE
    ),
    re.compile(
        r"(?<![\w.])(?P<how>assert\b|pytest\.(?:raises|warns|fail)|self\.assert\w+)|\.(?P<chain>assert_\w+)"
    ),
    re.compile(
        r"(?<![\w.])(?P<how>(?:mock\.|mocker\.)?patch(?:\.object)?|(?:mock\.)?(?:Magic|Async)?Mock|monkeypatch\.setattr)\s*\("
    ),
    re.compile(r"(?:pytest|unittest)\.(?:mark\.)?skip\w*(?P<arguments>\([^()\n]{0,200}\))?"),
    re.compile(r"\b(?:time|asyncio)\.sleep\(\s*(?:0*[1-9]|0?\.\d)"),
    re.compile(r"^[ \t]{0,80}(?:async\s{1,9})?def\s{1,9}(?P<name>\w{1,100})", re.MULTILINE),
    re.compile(r"^[ \t]{0,80}(?:except\b|raise\b)", re.MULTILINE),
    re.compile(r"^[ \t]{0,40}(?:import|from)\s{1,9}(?P<name>[\w.]{1,200})", re.MULTILINE),
    indented=True,
)
SUFFIXES = {
    "rs": _RUST,
    "go": _GO,
    **dict.fromkeys(("java", "kt", "kts", "scala", "groovy"), _JAVA),
    "cs": _CSHARP,
    "rb": _RUBY,
    "php": _PHP,
    **dict.fromkeys(("py", "pyi"), _PYTHON),
}
"""What is read by patterns, by suffix."""
_IGNORED = re.compile(
    r"^[ \t]{0,80}//[/!][ \t]{0,9}```(?:\w{1,20},\s?)?(?:ignore|no_run)\b", re.MULTILINE
)
_TEXT = re.compile(r"[\"']([^\"'\n]{1,200})[\"']")


def read_patterns(text: str, suffix: str, *, test: bool) -> FileFacts:
    """Return what a file of one of the `SUFFIXES` tells."""
    reader = _Reader(text, SUFFIXES[suffix])
    tests = tuple(reader.tests()) if test or reader.spoken.inline else ()
    return FileFacts(
        Language.OTHER,
        lines=count_code(reader.masked.split("\n")),
        tests=tests,
        functions=() if test else tuple(reader.functions(tests)),
        errors=() if test else reader.errors(tests),
        findings=tuple(reader.findings()),
        imports=tuple(sorted(set(reader.imports()))),
        calls=() if test else reader.calls(),
    )


class _Reader:
    def __init__(self, text: str, spoken: _Spoken) -> None:
        self.text = text
        self.spoken = spoken
        self.masked = mask(text, spoken.syntax)
        self._lines = Lines(text)
        self._brackets = {} if spoken.indented else match_brackets(self.masked)
        self._rows = self.masked.split("\n") if spoken.indented else []

    def tests(self) -> Iterator[TestFunction]:
        """Yield the tests in the order of the text."""
        spoken = self.spoken
        for match in spoken.test.finditer(self.masked):
            groups = match.groupdict()
            name = groups.get("name") or self._string(match.start("quote"))
            start, end = match.start(), self._end(match.end())
            line = self._lines.at(match.end())
            yield TestFunction(
                name=name.strip("`"),
                line=line,
                end_line=max(line, self._lines.at(end)),
                asserts=tuple(
                    Assertion(self._lines.at(one.start()), _how(one))
                    for one in spoken.asserts.finditer(self.masked, start, end)
                ),
                mocks=tuple(
                    Mock(self._lines.at(one.start()), "", _how(one))
                    for one in spoken.mocks.finditer(self.masked, start, end)
                ),
                skips=tuple(
                    Skip(self._lines.at(one.start()), self._reason(one))
                    for one in spoken.skips.finditer(self.masked, start, end)
                ),
            )

    def _string(self, start: int) -> str:
        end = self.masked.find(self.masked[start], start + 1)
        return shorten(self.text[start + 1 : end if end > 0 else start + 200])

    def _reason(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        if not groups.get("arguments"):
            return ""
        first, last = match.span("arguments")
        written = self.text[first:last]
        text = _TEXT.search(written)
        return shorten(text[1] if text else written.strip("()= \t"))

    def _end(self, after: int) -> int:
        """Return where the block ends whose head ends at an offset."""
        if self.spoken.indented:
            return self._dedent(after)
        if self.masked[after - 1] == "(":
            after = self._brackets.get(after - 1, after)
        brace = self.masked.find("{", after, after + 500)
        return self._brackets.get(brace, after) if brace >= 0 else after

    def _dedent(self, after: int) -> int:
        line = self._lines.at(after)
        indent = _indent(self._rows[line - 1])
        last = line
        for number in range(line + 1, len(self._rows) + 1):
            row = self._rows[number - 1]
            if row.strip():
                if _indent(row) <= indent:
                    break
                last = number
        return self._lines.start(last) + len(self._rows[last - 1])

    def functions(self, tests: tuple[TestFunction, ...]) -> Iterator[SourceFunction]:
        """Yield the functions that are no tests."""
        inside = _lines_of(tests)
        for match in self.spoken.function.finditer(self.masked):
            line = self._lines.at(match.start("name"))
            if line not in inside:
                end = match.end() if match[0].endswith("{") else self._end(match.end())
                if match[0].endswith("{"):
                    end = self._brackets.get(match.end() - 1, match.end())
                yield SourceFunction(match["name"], line, max(line, self._lines.at(end)))

    def errors(self, tests: tuple[TestFunction, ...]) -> tuple[int, ...]:
        """Return the lines that run when something goes wrong."""
        inside = _lines_of(tests)
        lines: set[int] = set()
        for match in self.spoken.errors.finditer(self.masked):
            first = self._lines.at(match.start() + len(match[0]) - len(match[0].lstrip()))
            last = self._lines.at(self._brackets.get(match.end(), match.start()))
            if self.spoken.indented and match[0].endswith(("rescue", "except")):
                last = self._lines.at(self._end(match.end())) + 1
            lines.update(range(first + 1, last) if last > first + 1 else [first])
        return tuple(sorted(lines - inside))

    def findings(self) -> list[Finding]:
        """Return waits, and doctests that are not run."""
        found = [
            self._finding("sleep", match.start())
            for match in self.spoken.sleeps.finditer(self.masked)
        ]
        if self.spoken.syntax == "rust":
            found += [
                self._finding("doctest-ignored", match.start())
                for match in _IGNORED.finditer(self.text)
            ]
        return sorted(found, key=lambda one: (one.line, one.kind))

    def _finding(self, kind: str, offset: int) -> Finding:
        line = self._lines.at(offset)
        start = self._lines.start(line)
        return Finding(kind, line, shorten(self.text[start : start + 400].split("\n")[0]))

    def calls(self) -> tuple[tuple[str, int], ...]:
        """Return what it calls that may lead outside."""
        return calls_in(self.text, self.masked, self._lines)

    def imports(self) -> Iterator[str]:
        """Yield what is imported, as written."""
        for match in self.spoken.imports.finditer(self.masked):
            groups = match.groupdict()
            yield groups.get("name") or self._string(match.start("quote"))


def _how(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return shorten(groups.get("how") or groups.get("chain") or match[0].strip("#[( "))


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())


def _lines_of(tests: tuple[TestFunction, ...]) -> set[int]:
    return {line for test in tests for line in range(test.line, test.end_line + 1)}
