"""The patterns that tests and programs in JavaScript and TypeScript are known by.

Jest, Vitest, Mocha, Jasmine, Playwright and Cypress write tests alike:
https://jestjs.io/docs/api, https://vitest.dev/api/, https://mochajs.org/
"""

from __future__ import annotations

import re

__all__ = [
    "ASSERT",
    "BLOCK",
    "CATCH",
    "FINDINGS",
    "FUNCTION",
    "IMPORT",
    "IN_BODY_SKIP",
    "MOCK",
    "NAMED",
    "NO_NAMES",
    "POINTS",
    "SETTING",
    "SETUPS",
    "SKIPPED",
    "SLEEP",
    "SPY",
    "STUBBED",
    "SUITES",
    "THROW",
    "WEAKNESSES",
]

_FREE = r"(?<![\w$.])"

BLOCK = re.compile(
    # Of node:test, tap and tape also what stands in another test: `t.test("name", …)`.
    rf"{_FREE}(?P<inner>s{{0,3}}\d?t\.(?=test\b))?(?P<what>[xf]?describe|context|suite|[xf]?it"
    r"|x?test|x?specify|beforeEach|beforeAll|before|setup)(?P<more>(?:\.\w+){0,4})\s*(?=[(`])"
)
SUITES = frozenset({"describe", "xdescribe", "fdescribe", "context", "suite"})
SETUPS = frozenset({"beforeEach", "beforeAll", "before", "setup"})
SKIPPED = frozenset({"xit", "xtest", "xdescribe", "xspecify"})
FUNCTION = re.compile(r"=>|\bfunction\b")
IN_BODY_SKIP = re.compile(
    rf"{_FREE}(?:(?:this|t|ctx|context)\.skip(?=\()|test\.skip(?=\(\s*[^'\"`\s]))"
)
"""Inside of a test; `test.skip("name", …)` is a test itself."""

ASSERT = re.compile(
    rf"{_FREE}(?P<how>expect(?:TypeOf)?(?=\s*[(.])|assert(?:\.\w+){{0,3}}(?=\s*\()"
    r"|sinon\.assert\.\w+|(?:expect|assert|check|verify)[A-Z]\w*(?=\s*\()"
    r"|s{0,3}\d?t\.(?:is|deep\w*|true|false|throws\w*|not\w*|truthy|falsy|like|regex|snapshot|pass"
    r"|fail|equal\w*|same|ok|strict\w*|match|doesNot\w+|(?:ifE|e)rror|looseEqual)(?=\s*\()"
    r"|s{0,3}\d?t\[(?:'[^'\n]{0,40}'|\"[^\"\n]{0,40}\")\](?=\s*\())|\.(?P<chain>should\b)"
)
MOCK = re.compile(
    rf"{_FREE}(?P<how>(?:jest|vi)\.(?:mock|doMock|unstable_mockModule|fn|createMockFromModule|spyOn"
    r"|stubGlobal|stubEnv|useFakeTimers|setSystemTime|replaceProperty)"
    r"|(?:sinon|sandbox|sb)\.(?:stub|mock|fake\w*|spy|createStubInstance|replace\w*|useFake\w+)"
    r"|mock\.(?:method|fn|module|timers\.enable)|nock|td\.(?:replace|object|func\w*)|proxyquire"
    r"|rewiremock|fetchMock\.\w+|setupServer|setupWorker|new\s+MockAdapter|mockFs"
    r"|cy\.(?:intercept|stub|spy|clock)|page\.route)\s*(?:<[^()\n]{0,80}>)?\s*(?=\()"
)
SETTING = re.compile(r"\w+\.(?:stubEnv|useFakeTimers|setSystemTime|clock|timers\.enable)")
SPY = re.compile(r"(?:jest|vi)\.spyOn|cy\.spy|(?:sinon|sandbox|sb)\.spy")
STUBBED = re.compile(r"\s{0,80}\.\s{0,80}mock\w+")
SLEEP = re.compile(
    r"setTimeout\s*\(\s*[\w$.]{1,60}\s*,\s*0*[1-9]|\bcy\.wait\(\s*0*[1-9]"
    rf"|\bwaitForTimeout\(\s*0*[1-9]|{_FREE}(?:sleep|delay|wait)\(\s*0*[1-9]"
)

FINDINGS = (
    ("sleep", SLEEP),
    ("time", re.compile(r"\bDate\.now\s*\(|\bnew\s+Date\s*\(\s*\)|\bperformance\.now\s*\(")),
    ("random", re.compile(rf"\bMath\.random\s*\(|{_FREE}faker\.(?!seed)\w+\.")),
    ("retry", re.compile(r"\bjest\.retryTimes\s*\(|\bthis\.retries\s*\(|\bretries\s*:\s*[1-9]")),
    ("timeout", re.compile(r"\b(?:jest|vi)\.setTimeout\s*\(|\bthis\.timeout\s*\(")),
)
"""What makes tests slow or unsteady."""

IMPORT = re.compile(
    r"(?:\bimport\b[^;'\"]{0,600}?|\bexport\b[^;'\"]{0,600}?\bfrom\s{0,9}|\brequire\s{0,9}\(\s{0,9})"
    r"(?P<quote>['\"])"
)
NAMED = re.compile(
    rf"{_FREE}function\s{{0,9}}\*?\s{{0,9}}(?P<name>[\w$]{{1,100}})\s{{0,9}}(?:<[^()\n]{{0,80}}>)?\("
    rf"|{_FREE}(?:const|let|var)\s{{1,9}}(?P<arrow>[\w$]{{1,100}})\s{{0,9}}(?::[^=\n]{{0,80}})?="
    r"\s{0,9}(?:async\s{0,9})?(?:function\b|\([^()]{0,300}\)[^=\n{]{0,80}=>|[\w$]{1,100}\s{0,9}=>)"
    r"|^[ \t]{1,40}(?:(?:public|private|protected|static|async|override|get|set)\s{1,9}){0,4}\*?"
    r"(?P<method>[\w$#]{1,100})\s{0,9}\([^()]{0,300}\)[^;{=\n]{0,80}\{",
    re.MULTILINE,
)
NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "function", "return", "with"})
CATCH = re.compile(r"\bcatch\s{0,9}(?:\([^()]{0,200}\)\s{0,9})?(?=\{)|\.catch\s{0,9}(?=\()")
THROW = re.compile(r"\bthrow\b|(?<![\w$])reject\s{0,9}\(")

POINTS = (
    (
        "route",
        re.compile(
            r"(?<![\w$])(?:app|server|api|fastify|\w{0,40}[rR]outer)\.(?P<verb>get|post|put|patch"
            r"|delete|head|options|all|ws)\s{0,9}\(\s{0,9}(?P<quote>['\"`])"
        ),
    ),
    (
        "route",
        re.compile(
            r"@(?P<verb>Get|Post|Put|Patch|Delete|All|Head|Options)\(\s{0,9}(?P<quote>['\"`])"
        ),
    ),
    (
        "topic",
        re.compile(
            r"\btopics?\s{0,9}:\s{0,9}\[?\s{0,9}(?P<quote>['\"`])"
            r"|\.(?:publish|subscribe)\(\s{0,9}(?P<quote2>['\"`])"
        ),
    ),
    (
        "queue",
        re.compile(
            r"\.(?:sendToQueue|assertQueue|consume)\(\s{0,9}(?P<quote>['\"`])"
            r"|\bnew\s{1,9}(?:Queue|Worker)\(\s{0,9}(?P<quote2>['\"`])"
        ),
    ),
    (
        "table",
        re.compile(
            r"@Entity\(\s{0,9}(?P<quote>['\"`])|\bknex\(\s{0,9}(?P<quote2>['\"`])"
            r"|\b(?:pgTable|mysqlTable|sqliteTable)\(\s{0,9}(?P<quote3>['\"`])"
        ),
    ),
    (
        "call",
        re.compile(
            rf"{_FREE}(?P<name>fetch|axios(?:\.\w{{1,20}})?|got(?:\.\w{{1,20}})?"
            r"|superagent\.\w{1,20}|ky\.\w{1,20})\s{0,9}\(\s{0,9}(?P<quote>['\"`])?"
        ),
    ),
)
"""Where a program meets the outside, by kind; the text at `quote` is its name."""

WEAKNESSES = (
    ("mock-class", re.compile(r"\bclass\s+(?:Mock|Fake|Stub|InMemory|Dummy)[A-Z_0-9]\w*")),
    (
        "side-effect",
        re.compile(
            r"\.(?:publish|send|sendMail|sendMessage|emit|insert\w*|save|create|update|delete"
            r"|destroy|commit|writeFile\w*|unlink|sendToQueue|putObject|enqueue|produce)\s{0,9}\("
        ),
    ),
)
"""What tests of a program should know of."""
