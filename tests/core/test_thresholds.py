"""Thresholds in other tools' files: found with their lines, and never at the cost of a job."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.thresholds import find_thresholds, is_threshold_path

PATHS = (
    "pyproject.toml", "setup.cfg", "tox.ini", ".coveragerc", "pytest.ini", "Makefile", "justfile",
    ".github/workflows/ci.yml", ".gitlab-ci.yml", "package.json", "jest.config.js",
    "web/vitest.config.ts", "karma.conf.js", ".nycrc", ".nycrc.yml", ".c8rc.json", "codecov.yml",
    ".testcoverage.yml", ".simplecov", "spec/spec_helper.rb", "pom.xml", "app/build.gradle.kts",
    "build.sbt", "tarpaulin.toml", "coveralls.json", "noxfile.py", "Directory.Build.props",
)  # fmt: skip

CASES = [
    # coverage.py and pytest-cov
    ("pyproject.toml", "[tool.coverage.report]\nfail_under = 64\n", [(2, "coverage.py", 64)]),
    ("pyproject.toml", "[tool.coverage]\nreport = {fail_under = 64.5}\n",
     [(2, "coverage.py", Fraction("64.5"))]),
    ("pyproject.toml", "[tool.coverage]\nreport.fail_under = 64 # low\n", [(2, "coverage.py", 64)]),
    ("pyproject.toml", "[tool.other]\nfail_under = 64\n", []),
    ("pyproject.toml", "[tool.coverage.report]\n# fail_under = 64\n[tool.x]\nfail_under = 5\n", []),
    ("pyproject.toml", "[tool.interrogate]\nfail-under = 95\n", []),
    ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = [\n  "--cov-fail-under=65",\n]\n',
     [(3, "pytest-cov", 65)]),
    ("pyproject.toml", '[tool.x]\naddopts = "--cov --cov-fail-under 65"\n',
     [(2, "pytest-cov", 65)]),
    ("setup.cfg", "[coverage:report]\nfail_under: 70\n", [(2, "coverage.py", 70)]),
    ("setup.cfg", "[report]\nfail_under = 70\n", []),
    (".coveragerc", "[run]\nbranch = true\n[report]\nfail_under=70\n", [(4, "coverage.py", 70)]),
    ("tox.ini", "[testenv]\ncommands =\n    coverage report --fail-under=80\n",
     [(3, "coverage.py", 80)]),
    ("pytest.ini", "[pytest]\naddopts = --cov=a --cov-fail-under=100\n", [(2, "pytest-cov", 100)]),
    ("noxfile.py", 'session.run("coverage", "report", "--fail-under=100")\n',
     [(1, "coverage.py", 100)]),
    # commands
    ("Makefile", "test:\n\tcoverage combine && coverage report \\\n\t\t--fail-under 80\n",
     [(3, "coverage.py", 80)]),
    ("Makefile", "lint:\n\tpylint --fail-under=9 a\n\tinterrogate --fail-under 95\n", []),
    ("Makefile", "lint:\n\tpylint --fail-under=9 a; coverage report\n", []),
    ("Makefile", "MIN_COVERAGE ?= 75\nt:\n\tpytest --cov-fail-under=$(MIN_COVERAGE)\n",
     [(1, "MIN_COVERAGE", 75)]),
    (".github/workflows/ci.yml", "    - run: diff-cover coverage.xml --fail-under=90\n",
     [(1, "diff-cover", 90, True)]),
    (".github/workflows/ci.yml", ("  run: |\n    cargo llvm-cov --fail-under-lines 45 \\\n"
     "      --fail-under-functions 40\n"), [(2, "cargo-llvm-cov", 45)]),
    (".github/workflows/ci.yml", "env:\n  COVERAGE_THRESHOLD: '85'\n",
     [(2, "COVERAGE_THRESHOLD", 85)]),
    (".github/workflows/ci.yml", "run: cargo tarpaulin --fail-under 60\n",
     [(1, "cargo-tarpaulin", 60)]),
    (".github/workflows/ci.yml", "run: npx c8 --check-coverage --lines 90 npm test\n",
     [(1, "c8", 90)]),
    (".github/workflows/ci.yml", "run: npx c8 --lines 90 npm test\n", []),
    (".github/workflows/ci.yml", "run: dotnet test /p:CollectCoverage=true /p:Threshold=80\n",
     [(1, "coverlet", 80)]),
    (".github/workflows/ci.yml", "with:\n  threshold-total: 81\n", [(2, "go-test-coverage", 81)]),
    (".github/workflows/ci.yml", "run: pytest --cov-fail-under=${{ env.MIN }}\n", []),
    (".github/workflows/ci.yml", "run: head --lines=20 x\n", []),
    # JavaScript
    ("package.json", ('{"jest": {"coverageThreshold": {\n"global": {"branches": 7,\n"lines": 80},\n'
     '"./src/a/": {"lines": 40}}}}'), [(3, "jest", 80)]),
    ("jest.config.js", ("module.exports = {\n  coverageThreshold: {\n    global: {\n"
     "      statements: -10, // lines: 1\n     lines: 85,\n    },\n  },\n}\n"), [(5, "jest", 85)]),
    ("package.json", '{"nyc": {"check-coverage": true, "lines": 88}}', [(1, "nyc", 88)]),
    ("package.json", '{"nyc": {"lines": 88}}', []),
    ("package.json", '{"scripts": {"test": "nyc --check-coverage --lines 91 mocha"}}',
     [(1, "nyc", 91)]),
    (".nycrc", '{\n"check-coverage": true,\n"lines": 92,\n"watermarks": {"lines": [80, 95]}}',
     [(3, "nyc", 92)]),
    (".nycrc.yml", "check-coverage: true\nlines: 93\n", [(2, "nyc", 93)]),
    ("vitest.config.ts", ("export default defineConfig({test: {coverage: {thresholds: {\n"
     "  lines: 77, 'src/a/**': {lines: 10}}}}})"), [(2, "vitest", 77)]),
    ("vitest.config.ts", "test: {coverage: {thresholds: {\n  100: true }}}", [(2, "vitest", 100)]),
    ("vitest.config.ts", "test: {coverage: {\n  lines: 76 }}", [(2, "vitest", 76)]),
    ("vite.config.ts", "server: {lines: 76}", []),
    ("karma.conf.js", "check: {global: {statements: 50}}", [(1, "karma", 50)]),
    # services
    ("codecov.yml", ("coverage:\n  status:\n    project:\n      default:\n        target: 80%\n"
     "        threshold: 1%\n    patch:\n      default:\n        target: 90%\n"),
     [(5, "codecov", 80), (9, "codecov", 90, True)]),
    (".codecov.yml", ("coverage:\n  status:\n    project:\n      target: auto\n      backend:\n"
     "        target: 70%\n"), []),
    ("codecov.yml", "coverage:\n  status:\n    project: {default: {target: 81%}}\n    patch: off\n",
     [(3, "codecov", 81)]),
    (".testcoverage.yml", "threshold:\n  file: 70\n  total: 95 # all\n",
     [(3, "go-test-coverage", 95)]),
    ("coveralls.json", '{"coverage_options": {"minimum_coverage": 79}}', [(1, "excoveralls", 79)]),
    # builds
    ("spec/spec_helper.rb", "SimpleCov.start do\n  minimum_coverage 90\nend\n",
     [(2, "simplecov", 90)]),
    (".simplecov", ("SimpleCov.minimum_coverage line: 91, branch: 80\n"
     "minimum_coverage_by_file 40\n"), [(1, "simplecov", 91)]),
    ("pom.xml", ("<rule><element>BUNDLE</element><limits>\n<limit><counter>LINE</counter>"
     "<value>COVEREDRATIO</value>\n<minimum>0.80</minimum></limit>\n<limit><counter>BRANCH"
     "</counter><minimum>0.5</minimum></limit></limits></rule>"), [(3, "jacoco", 80)]),
    ("pom.xml", ("<rule><element>CLASS</element><limits><limit><minimum>0.8</minimum></limit>"
     "</limits></rule><!-- <rule><limit><minimum>0.1</minimum></limit></rule> -->"), []),
    ("build.gradle", ("violationRules {\n rule {\n  limit {\n   minimum = 0.75\n  }\n }\n"
     " rule { element = 'CLASS'\n  limit { minimum = 0.1 } } }\n"), [(4, "jacoco", 75)]),
    ("build.gradle.kts", ('violationRules { rule { limit {\n minimum = "0.7".toBigDecimal() } } }\n'
     "kover { verify { rule { minBound(66) } } }\n"), [(2, "jacoco", 70), (3, "kover", 66)]),
    ("build.sbt", "coverageMinimumStmtTotal := 72\n", [(1, "scoverage", 72)]),
    ("tarpaulin.toml", "[report]\nfail-under = 55\n", [(2, "cargo-tarpaulin", 55)]),
    ("Directory.Build.props", "<Threshold>83</Threshold>", [(1, "coverlet", 83)]),
    # broken, and nothing to tell
    ("pyproject.toml", "[tool.coverage.report\nfail_under = \n[[[", []),
    ("pyproject.toml", "[tool.coverage.report]\nfail_under = 0\n", []),
    ("pyproject.toml", "[tool.coverage.report]\nfail_under = 101\n", []),
    ("package.json", '{"jest": {"coverageThreshold": {"global": {"lines": 80', [(1, "jest", 80)]),
    ("README.md", "Run `pytest --cov-fail-under=80`.", [(1, "pytest-cov", 80)]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_thresholds_are_found_where_tools_have_them(path, text, expected):
    """A floor that CI enforces would not be compared, or one be made up."""
    found = find_thresholds(path, text)
    assert [(one.line, one.tool, one.percent, one.new_code) for one in found] == [
        (*one, False)[:4] for one in expected
    ]
    assert all(one.path == path for one in found)


def test_files_with_thresholds_are_known_by_their_names():
    """Every file of a repository would be fetched, or the one that holds the floor would not."""
    assert [path for path in PATHS if not is_threshold_path(path)] == []
    for path in (
        "README.md", "app/main.py", "node_modules/a/package.json", "tests/data/pyproject.toml",
        "vendor/b/Makefile", "docs/ci.yml", "data/tox.ini", "notes/makefile.md",
    ):  # fmt: skip
        assert not is_threshold_path(path)


WORDS = st.sampled_from(
    ["[tool.coverage.report]\n", "fail_under = ", "80", " --fail-under=", "coverage report ", "{",
     "}", "coverageThreshold: ", "global: ", "lines: 7", "\n", "#", "//", "/*", "<rule>", "<limit>",
     "<minimum>", "0.8", "coverage:\n  status:\n    project:\n      target: 80%\n", "\\\n",
     "\"", "\0", "minimum_coverage ", "check-coverage: true\n", "violationRules {",
     "rule {", "limit {"]
)  # fmt: skip


@given(st.sampled_from(PATHS), st.lists(WORDS | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_thresholds_of_its_own_lines(path, text):
    """A file that somebody broke on purpose would stop a verdict."""
    found = find_thresholds(path, text)
    assert all(0 < one.percent <= 100 for one in found)
    assert all(1 <= one.line <= text.count("\n") + 1 for one in found)
    assert list(found) == sorted(found, key=lambda one: (one.line, one.tool, one.percent))
    assert found == find_thresholds(path, text)


JUNK = (
    "fail_under=", "--fail-under=1 ", "coverage report --fail-under=9 ", "{", "coverageThreshold:{",
    "coverageThreshold:{global:{lines:", '"lines":1,', "{}", "/*", "<!--", "<rule><limit>", " ",
    "<rule><limit><minimum>0.8</minimum>", "\n", "\\\n", "#", "a: ", "\n- a:", "[",
    "[tool.coverage]", "coverage ", "rule {", "violationRules {rule {limit {", "report={",
    "check-coverage:true ",
)  # fmt: skip


@pytest.mark.parametrize("piece", JUNK)
def test_a_megabyte_of_junk_takes_no_longer_than_a_file_should(piece):
    """One pull request would hold a worker for hours."""
    text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    for path in ("pyproject.toml", "vitest.config.ts", "codecov.yml", "pom.xml"):
        begin = time.process_time()
        find_thresholds(path, text)
        assert time.process_time() - begin < 5, path
