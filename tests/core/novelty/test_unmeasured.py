"""Changed source files that no report mentions: which are named, why, and what they count."""

from __future__ import annotations

import pytest

from tests.support.sides import between, measured, plain
from worker.core.analysis import analyze
from worker.core.config import Config, NewCodeRule, OnUnmeasured
from worker.core.diff import Diff, FileDiff
from worker.core.model import bitmap
from worker.core.novelty import UnmeasuredFile, Why, find_unmeasured, may_be_unmeasured
from worker.core.novelty.sources import has_code, is_aside, is_test
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.verdict import Baseline, Inputs, Outcome

MEASURED = {"src/a.py": "a = 1  #+\n", "src/deep/b/c.py": "a = 1  #+\n"}
CODE = "# a remark\nimport os\n\ndef f():\n    return os\n"


def found(new, old=None, **options):
    """Return what is told of a change that adds files beside the measured ones."""
    old = MEASURED | (old or {})
    return find_unmeasured(between(old, MEASURED | new), measured(MEASURED), **options)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("src/new.py", Why.NEIGHBOURS),
        ("src/deep/new.py", Why.NEIGHBOURS),
        ("lib/new.py", Why.FOLDER),
        ("new.py", Why.FOLDER),
    ],
)
def test_a_source_file_in_no_report_is_named_with_its_reason(path, why):
    """New code that no test loads would pass as nothing to judge."""
    assert found({path: CODE}) == (UnmeasuredFile(path, bitmap([2, 4, 5]), why),)


def test_a_file_that_the_baseline_measured_is_told_so():
    """Nobody would see that a suite of tests did not run."""
    old = {"lib/old.py": "import os  #+\n"}
    changed = {"lib/old.py": "import os\nimport re\n"}
    (file,) = found(changed, old, base=measured(MEASURED | old))
    assert (file.why, file.lines) == (Why.DROPPED, bitmap([2]))


@pytest.mark.parametrize(
    "path",
    [
        "tests/helpers.py",
        "src/test_a.py",
        "src/a_test.py",
        "conftest.py",
        "setup.py",
        "noxfile.py",
        "docs/conf.py",
        "examples/hello.py",
        "README.md",
        "Makefile",
        "gen/x.py",
    ],
)
def test_tests_documents_packaging_and_ignored_files_are_not_named(path):
    """Each pull request with a new test would carry a warning that nobody can mend."""
    assert found({path: CODE}, ignore=("gen/**",)) == ()


@pytest.mark.parametrize("text", ["", "# only a remark\n", "\n\n"])
def test_a_file_without_new_code_is_not_named(text):
    """Each empty `__init__.py` would be warned of."""
    assert found({"lib/__init__.py": text}) == ()


def test_a_deleted_file_is_not_named():
    """Deleting old code would be warned of."""
    diff = between(MEASURED | {"lib/old.py": CODE}, MEASURED)
    assert find_unmeasured(diff, measured(MEASURED)) == ()


def test_a_file_whose_text_is_not_known_is_named_without_lines():
    """Padding a new file past GitHub's limit would keep it out of sight."""
    diff = Diff.of([FileDiff("lib/x.py", None, 0, 0, "added", complete=False)])
    assert find_unmeasured(diff, measured(MEASURED)) == (UnmeasuredFile("lib/x.py", 0, Why.FOLDER),)
    assert may_be_unmeasured(diff, measured(MEASURED)) == {"lib/x.py"}


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("src/parse.test.ts", True),
        ("src/parse.spec.js", True),
        ("app/src/test/java/A.java", True),
        ("core/AmountTest.java", True),
        ("core/ParserTests.cs", True),
        ("parse_test.go", True),
        ("spec/a_spec.rb", True),
        ("src/contest.py", False),
        ("src/latest.js", False),
        ("src/attestation/key.go", False),
        ("lib/Latest.java", False),
    ],
)
def test_tests_are_known_by_their_names(path, test):
    """A source file would be taken for a test and not be warned of, or the other way round."""
    assert is_test(path) == test


@pytest.mark.parametrize(
    ("path", "aside"), [("jest.config.js", True), ("types.d.ts", True), ("src/config.ts", False)]
)
def test_what_no_test_runs_is_known_by_its_name(path, aside):
    """A type declaration would be asked for tests."""
    assert is_aside(path) == aside


@pytest.mark.parametrize(
    ("line", "suffix", "code"),
    [
        ("x = 1", "py", True),
        ("  # x = 1", "py", False),
        ("#define X", "c", True),
        ("// x", "c", False),
        (" * of a comment", "java", False),
        ("*p = 1;", "c", True),
        ("/* x */", "js", False),
        ("});", "js", False),
        ("-- x", "lua", False),
        ("--x;", "c", True),
        ("; x", "clj", False),
        ("# x", "php", False),
        ("größe = 1", "py", True),
        ("\t\r", "go", False),
    ],
)
def test_lines_of_code_are_told_by_their_looks(line, suffix, code):
    """Comments would be counted as uncovered code."""
    assert has_code(line, suffix) == code


class TestGate:
    """`gates.new_code.unmeasured`."""

    def judged(self, rule):
        new = MEASURED | {"lib/new.py": CODE, "src/a.py": "a = 1  #+\nb = 2  #+\n"}
        diff = between(MEASURED, new)
        baseline = Baseline(Sha("b" * 40), 0, measured(MEASURED))
        return analyze(Inputs(measured(new), diff, Config(new_code=rule), baseline))

    def test_by_default_it_is_named_and_not_counted(self):
        """A warning would fail the check, or stay unseen."""
        verdict = self.judged(NewCodeRule())
        new_code = verdict.evidence.new_code
        assert (new_code.lines, len(new_code.unmeasured)) == (Ratio(1, 1), 1)

    def test_it_can_count_as_uncovered(self):
        """A team that wants untested files to fail could not have it."""
        verdict = self.judged(NewCodeRule(unmeasured=OnUnmeasured.COUNT))
        new_code = verdict.evidence.new_code
        assert (new_code.lines, new_code.added) == (Ratio(1, 4), Ratio(1, 1))
        assert verdict.results[0].outcome is Outcome.FAIL
        assert [file.path for file in new_code.files] == ["lib/new.py", "src/a.py"]

    def test_it_can_be_left_out(self):
        """A team with scripts that are never measured would read the warning for ever."""
        new_code = self.judged(NewCodeRule(unmeasured=OnUnmeasured.IGNORE)).evidence.new_code
        assert (new_code.lines, new_code.unmeasured) == (Ratio(1, 1), ())


def test_drawn_states_are_no_text():
    """These tests would compare texts that differ by their states alone."""
    assert plain("a = 1  #+\nb\n") == "a = 1\nb\n"
