"""New, moved or touched: each rule on the smallest change that shows it."""

from __future__ import annotations

from textwrap import dedent
from types import MappingProxyType

import pytest

from tests.support.sides import between, measured
from worker.core.analysis import analyze
from worker.core.config import Config, LineClass, NewCodeRule
from worker.core.diff import Diff, FileDiff
from worker.core.model import bitmap, line_numbers
from worker.core.novelty import Classes, tell_apart
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.verdict import Baseline, Inputs, Outcome

OLD_DEBT = """\
def convert(value):  #+
    factor = table[value.unit]  #-
    rounded = round(value * factor)  #-
    return Amount(rounded, value.unit)  #-
"""
OTHER = "import json  #+\nimport sys  #+\n"


def classes(old, new, base=True, **options) -> dict[str, Classes]:
    """Return the classes of a change of files; with the old side's report as the baseline."""
    old, new = ({path: dedent(text) for path, text in side.items()} for side in (old, new))
    report, diff = measured(new), between(old, new)
    known = (measured(old), Diff()) if base else (None, None)
    return dict(tell_apart(report, diff, *known, **options))


def moved(found, path="new.py"):
    return line_numbers(found[path].moved) if path in found else []


def touched(found, path="a.py"):
    return line_numbers(found[path].touched) if path in found else []


class TestMoved:
    """The same block is deleted elsewhere."""

    def test_a_block_that_moved_to_another_file_is_not_new(self):
        """Who sorts old code into files would have to write its tests first."""
        found = classes({"a.py": OLD_DEBT, "new.py": OTHER}, {"new.py": OTHER + OLD_DEBT})
        assert found == {"new.py": Classes(moved=bitmap([3, 4, 5, 6]), moved_from=("a.py",))}

    def test_without_a_baseline_a_move_is_still_seen(self):
        """The first pull requests of a repository would be charged for old code."""
        found = classes({"a.py": OLD_DEBT}, {"new.py": OLD_DEBT}, base=False)
        assert moved(found) == [1, 2, 3, 4]

    def test_a_block_may_move_within_its_file_and_deeper(self):
        """A method made of a function would be new code although nothing in it changed."""
        indented = "".join(f"    {line}\n" for line in OLD_DEBT.splitlines())
        old = {"a.py": OLD_DEBT + "\nfirst = 1  #+\nsecond = 2  #+\nthird = 3  #+\n"}
        new = {"a.py": f"first = 1  #+\nsecond = 2  #+\nthird = 3  #+\nclass A:  #+\n{indented}"}
        assert moved(classes(old, new), "a.py") == [5, 6, 7, 8]

    def test_a_copy_is_new(self):
        """Copying untested code would be free."""
        found = classes({"a.py": OLD_DEBT}, {"a.py": OLD_DEBT, "new.py": OLD_DEBT})
        assert found == {}

    def test_one_deleted_block_justifies_one_moved_block(self):
        """One deleted function would whitewash as many copies as one likes."""
        found = classes({"a.py": OLD_DEBT}, {"b.py": OLD_DEBT, "new.py": OLD_DEBT})
        assert (moved(found, "b.py"), moved(found)) == ([1, 2, 3, 4], [])

    def test_a_block_that_stays_re_indented_justifies_no_copy(self):
        """Re-indenting a function would let a copy of it pass."""
        inside = "".join(f"    {line}\n" for line in OLD_DEBT.splitlines())
        found = classes({"a.py": OLD_DEBT}, {"a.py": "if FAST:  #+\n" + inside, "new.py": OLD_DEBT})
        assert moved(found) == []
        assert touched(found) == [3, 4, 5]

    def test_two_lines_are_no_block(self):
        """Any two lines that happen to be deleted somewhere would excuse new ones."""
        old = {"a.py": "x = load(1)  #-\ny = load(2)  #-\n"}
        assert classes(old, {"new.py": old["a.py"]}) == {}

    @pytest.mark.parametrize(
        "filler", ["}", "else:", "", "    pass", "});", "end", "return", "]", "x", "*/"]
    )
    def test_lines_without_substance_make_no_block(self, filler):
        """A deleted tail of brackets would turn two new lines into moved ones."""
        block = f"x = load(1)  #-\n{filler}\ny = load(2)  #-\n{filler}\n"
        assert classes({"a.py": block}, {"new.py": block}) == {}

    def test_a_deleted_block_excuses_no_more_than_itself(self):
        """Deleting three dead lines would let a hundred new ones through."""
        new = f"def fresh():  #-\n    go(1)  #-\n{OLD_DEBT}    go(2)  #-\n"
        assert moved(classes({"a.py": OLD_DEBT}, {"new.py": new})) == [3, 4, 5, 6]

    def test_the_longest_block_is_taken_first(self):
        """A stray copy of three lines would make a moved function new."""
        part = "".join(OLD_DEBT.splitlines(keepends=True)[:3])
        found = classes({"a.py": OLD_DEBT}, {"b.py": part, "new.py": OLD_DEBT})
        assert (moved(found, "b.py"), moved(found)) == ([], [1, 2, 3, 4])

    def test_a_block_cut_in_two_is_two_blocks(self):
        """Splitting a function that moves would make all of it new."""
        block = "".join(f"step({n})  #-\n" for n in range(6))
        lines = block.splitlines(keepends=True)
        new = "".join([*lines[:3], "check()  #-\n", *lines[3:]])
        assert moved(classes({"a.py": block}, {"new.py": new})) == [1, 2, 3, 5, 6, 7]

    def test_lines_in_another_order_are_new(self):
        """Any reshuffling of statements would count as known code."""
        block = "".join(f"step({n})  #-\n" for n in range(4))
        shuffled = "".join(f"step({n})  #-\n" for n in (2, 0, 3, 1))
        assert classes({"a.py": block}, {"new.py": shuffled}) == {}

    def test_a_text_that_becomes_code_is_new(self):
        """Code could be laid down in a docstring first, and made live as an old block."""
        text = '"""  #+\nx = load(1)\ny = load(2)\nz = load(3)\n"""\nrun()  #+\n'
        live = "x = load(1)  #-\ny = load(2)  #-\nz = load(3)  #-\nrun()  #+\n"
        assert classes({"a.py": text}, {"a.py": "run()  #+\n", "new.py": live}) == {}

    @pytest.mark.parametrize("path", ["notes.txt", "tests/test_a.py", "gen/a.py"])
    def test_what_no_report_would_measure_can_not_be_moved_in(self, path):
        """New code could be parked where nobody looks, and be old a pull request later."""
        block = "x = load(1)\ny = load(2)\nz = load(3)\n"
        live = {"new.py": block.replace("\n", "  #-\n"), "b.py": OTHER}
        assert classes({path: block, "b.py": OTHER}, live, ignore=("gen/**",)) == {}

    def test_a_file_that_no_report_mentions_may_be_where_a_block_was(self):
        """Moving a script that no test loads into the package would be new code."""
        block = "x = load(1)\ny = load(2)\nz = load(3)\n"
        live = block.replace("\n", "  #-\n")
        found = classes({"script.py": block, "b.py": OTHER}, {"new.py": live, "b.py": OTHER})
        assert moved(found) == [1, 2, 3]

    def test_a_move_that_loses_its_coverage_says_so(self):
        """Code could be moved out of its tests' reach and nobody would be told."""
        covered = OLD_DEBT.replace("#-", "#+")
        found = classes({"a.py": covered}, {"new.py": OLD_DEBT})
        assert found["new.py"].lost == bitmap([2, 3, 4])
        assert classes({"a.py": OLD_DEBT}, {"new.py": OLD_DEBT})["new.py"].lost == 0

    def test_crlf_and_blank_lines_are_no_difference(self):
        """A move to a file with other line ends would be new code."""
        old = {"a.py": "x = load(1)\ny = load(2)\nz = load(3)\n", "b.py": OTHER}
        new = {"new.py": "x = load(1)\r\n\r\ny = load(2)\r\nz = load(3)\r\n", "b.py": OTHER}
        diff = between(old, new)
        report = measured(new | {"new.py": "x #+\n\ny #+\nz #+\n"})
        assert moved(tell_apart(report, diff)) == [1, 3, 4]


class TestTouched:
    """Only the white space changed, and the line was not covered before."""

    def test_old_debt_that_is_indented_deeper_is_not_new(self):
        """Wrapping an untested block in a condition would demand tests for all of it."""
        old = {"a.py": "run()  #+\na = load(1)  #-\nb = load(2)  #-\n"}
        new = {"a.py": "run()  #+\nif fast:  #-\n    a = load(1)  #-\n    b = load(2)  #-\n"}
        assert touched(classes(old, new)) == [3, 4]

    def test_a_line_that_is_wrapped_is_not_new(self):
        """Running a formatter over old code would demand tests for it."""
        old = {"a.py": "run()  #+\na = load(1, 2)  #-\nb = join(3,  #-\n    4)\n"}
        new = {"a.py": "run()  #+\na = load(  #-\n    1,  #-\n    2\n)\nb = join(3, 4)  #-\n"}
        assert touched(classes(old, new)) == [2, 3, 6]

    def test_wrapping_beside_a_true_change_is_still_seen(self):
        """One edited line would make the reformatted ones around it new."""
        old = {"a.py": "a = load(1, 2)  #-\nb = 1  #-\nc = join(3, 4)  #-\n"}
        new = {"a.py": "a = load(1,  #-\n    2)\nb = 2  #-\nc = join(3,  #-\n    4)\n"}
        assert touched(classes(old, new)) == [1, 4]

    def test_a_line_that_was_covered_before_is_new(self):
        """Reformatting would be a way to lose coverage unseen."""
        old = {"a.py": "a = load(1)  #+\nb = load(2)  #+\n"}
        new = {"a.py": "if x:  #-\n    a = load(1)  #-\n    b = load(2)  #-\n"}
        assert touched(classes(old, new)) == []

    def test_without_a_baseline_nobody_knows(self):
        """Lines would be excused by a state that nobody has seen."""
        old = {"a.py": "a = load(1)  #-\n"}
        new = {"a.py": "if x:  #-\n    a = load(1)  #-\n"}
        assert touched(classes(old, new, base=False)) == []
        assert touched(classes(old, new)) == [2]

    def test_a_changed_character_is_new(self):
        """An edit could hide in a re-indented block."""
        old = {"a.py": "a = load(1)  #-\nb = load(2)  #-\n"}
        new = {"a.py": "if x:  #-\n    a = load(1)  #-\n    b = load(3)  #-\n"}
        assert touched(classes(old, new)) == [2]

    def test_the_state_is_read_where_the_line_was_then(self):
        """With a baseline some commits back, other lines' states would decide."""
        older = {"a.py": "a = load(1)  #-\n"}
        old = {"a.py": "top = 1\na = load(1)  #-\n"}
        new = {"a.py": "top = 1  #+\nif x:  #-\n    a = load(1)  #-\n"}
        report, diff = measured(new), between(old, new)
        found = tell_apart(report, diff, measured(older), between(older, old))
        assert touched(found) == [3]
        assert tell_apart(report, diff, measured(older), None) == {}


BASE = Sha("b" * 40)


def judged(old, new, rule=NewCodeRule()):  # noqa: B008 - a frozen value
    baseline = Baseline(BASE, 0, measured(old))
    inputs = Inputs(measured(new), between(old, new), Config(new_code=rule), baseline)
    return analyze(inputs)


class TestGate:
    """What the gate counts of it."""

    OLD = MappingProxyType({"a.py": OLD_DEBT, "c.py": "a = load(1)  #-\n"})
    NEW = MappingProxyType(
        {"b.py": "go()  #+\n" + OLD_DEBT, "c.py": "if x:  #+\n    a = load(1)  #-\n"}
    )

    def test_only_new_lines_are_judged(self):
        """A refactoring of old code would be blocked for what it did not write."""
        verdict = judged(self.OLD, self.NEW)
        new_code = verdict.evidence.new_code
        assert verdict.results[0].outcome is Outcome.PASS
        assert (new_code.lines, new_code.added) == (Ratio(2, 2), Ratio(3, 7))
        assert (new_code.moved, new_code.touched, new_code.lost) == (Ratio(1, 4), Ratio(0, 1), 0)

    @pytest.mark.parametrize(
        ("count", "lines"),
        [
            ((LineClass.NEW, LineClass.MOVED), Ratio(3, 6)),
            ((LineClass.NEW, LineClass.TOUCHED), Ratio(2, 3)),
            (tuple(LineClass), Ratio(3, 7)),
        ],
    )
    def test_each_class_can_be_added(self, count, lines):
        """A team that wants to judge moved code, too, could not."""
        assert judged(self.OLD, self.NEW, NewCodeRule(count=count)).evidence.new_code.lines == lines

    def test_a_change_that_moves_only_has_nothing_to_judge(self):
        """A pure move would fail, or would look as if nothing had been read."""
        verdict = judged({"a.py": OLD_DEBT}, {"b.py": OLD_DEBT})
        assert verdict.results[0].outcome is Outcome.NEUTRAL
        assert verdict.results[0].summary == "no measured line is new (4 moved): nothing to judge"

    @pytest.mark.parametrize(
        ("under", "outcome"), [(0, "fail"), (2, "fail"), (3, "neutral"), (9999, "neutral")]
    )
    def test_small_changes_can_be_exempt(self, under, outcome):
        """One uncovered line of a one-line fix would be 0 %."""
        verdict = judged({}, {"a.py": "a = 1  #-\nb = 2  #-\n"}, NewCodeRule(ignore_under=under))
        assert verdict.results[0].outcome == outcome
        if outcome == "neutral":
            assert "gates.new_code.ignore_under" in verdict.results[0].summary


def test_a_diff_without_text_makes_every_line_new():
    """A file whose text GitHub leaves out would be excused."""
    new = {"b.py": OLD_DEBT}
    diff = Diff.of([FileDiff("b.py", None, bitmap([1, 2, 3, 4]), 0, "added")])
    assert tell_apart(measured(new), diff, measured({"a.py": OLD_DEBT}), Diff()) == {}
