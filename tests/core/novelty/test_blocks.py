"""Matching blocks: beside a slow model that says what is meant, and on git's own diffs."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.checkout import Checkout
from worker.core.diff import parse_patch, parse_unified, read_changes
from worker.core.diff.listing import fill
from worker.core.diff.values import FileDiff
from worker.core.model import FileCoverage, Report, line_numbers
from worker.core.novelty import tell_apart
from worker.core.novelty.blocks import SHORTEST, Line, Match, has_substance, match_blocks
from worker.core.novelty.inplace import align

WORDS = ["alpha(1)", "beta(2)", "gamma(3)", "delta(4)", "}", "else:", "alpha(2)"]


def model(removed, added, in_place):
    """Take the longest match, over and over, as one would explain it to somebody."""
    gone, known, moved, stayed = set(), set(), [], []
    waiting = dict(enumerate(in_place))
    while True:
        best = None
        for number, groups in waiting.items():
            size = sum(has_substance(removed[i].text) for group in groups for i in group.removed)
            best = min(filter(None, (best, (-size, 0, number, 0, 0))))
        for i in range(len(added)):
            for k in range(len(removed)):
                best = min(
                    filter(None, (best, _run(removed, added, gone, known, k, i))), default=None
                )
        if best is None:
            return sorted(moved), sorted(stayed)
        _, is_run, start, place, count = best
        if is_run:
            groups = [Match(range(place, place + count), range(start, start + count))]
        else:
            groups = waiting.pop(start)
        for group in groups:
            if gone.isdisjoint(group.removed) and known.isdisjoint(group.added):
                gone.update(group.removed)
                known.update(group.added)
                (moved if is_run else stayed).append((tuple(group.removed), tuple(group.added)))


def _run(removed, added, gone, known, k, i):
    """Return the common run that begins here, as it is ranked; None if it is no block."""
    count = 0
    while (
        k + count < len(removed)
        and i + count < len(added)
        and k + count not in gone
        and i + count not in known
        and removed[k + count].text == added[i + count].text
        and removed[k + count].change == removed[k].change
        and added[i + count].change == added[i].change
        and removed[k].change != added[i].change
    ):
        count += 1
    size = sum(has_substance(line.text) for line in added[i : i + count])
    return (-size, 1, i, k, count) if size >= SHORTEST else None


def lines_of(path, changes):
    """Return lines, numbered through, of (change, words)."""
    return [
        Line(path, number, word, change)
        for number, (change, word) in enumerate(
            ((change, word) for change, words in changes for word in words), start=1
        )
    ]


SIDES = st.lists(st.lists(st.sampled_from(WORDS), max_size=9), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(old=SIDES, new=SIDES)
def test_blocks_are_those_of_the_slow_model(old, new):
    """Which lines are excused would depend on how they are looked for."""
    removed = lines_of("a", enumerate(old))
    added = lines_of("b", enumerate(new))
    in_place = []
    for change in range(min(len(old), len(new))):
        before = [i for i, line in enumerate(removed) if line.change == change]
        after = [j for j, line in enumerate(added) if line.change == change]
        groups = [
            Match([before[i] for i in a], [after[j] for j in b])
            for a, b in align(old[change], new[change])
        ]
        if groups:
            in_place.append(groups)
    moved, stayed = match_blocks(removed, added, in_place)
    found = tuple(
        sorted((tuple(one.removed), tuple(one.added)) for one in side) for side in (moved, stayed)
    )
    assert found == model(removed, added, in_place)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["a b", "ab", "a", "b", "c(d,", "c(", "d,", "e)", "  e)", ""])),
    st.lists(st.sampled_from(["a b", "ab", "a", "b", "c(d,", "c(", "d,", "e)", "  e)", ""])),
)
def test_what_stays_has_the_same_text_and_order(old, new):
    """A line would be told as merely re-wrapped though its text is another."""
    used_old, used_new = [], []
    for before, after in align(old, new):
        left = "".join("".join(old[i] for i in before).split())
        assert left == "".join("".join(new[j] for j in after).split()) != ""
        used_old += before
        used_new += after
    assert used_old == sorted(set(used_old))
    assert used_new == sorted(set(used_new))


def test_a_reformatted_file_stays_in_full():
    """A formatter's commit would make its whole repository new code."""
    old = [f"value_{n} = compute(first_{n}, second_{n})" for n in range(200)]
    new = [
        line
        for n in range(200)
        for line in (f"value_{n} = compute(", f"    first_{n},", f"    second_{n})")
    ]
    assert align(old, new) == [((n,), (3 * n, 3 * n + 1, 3 * n + 2)) for n in range(200)]


def test_a_hostile_diff_takes_no_longer_than_an_honest_one():
    """A pull request of twenty thousand equal lines would hold a worker for hours."""
    same = [Line("a", number, "same(1)", 1) for number in range(1, 20_001)]
    other = [Line("b", number, "same(1)", 2) for number in range(1, 20_001)]
    began = time.process_time()
    match_blocks(same, other, [])
    assert time.process_time() - began < 30


# Git's own diffs

TEXTS = ["alpha(1)", "beta(2)", "gämma(3)", "delta(4)\r", "}", "", "日本(5)", "++ x", "-- y"]


def history(source):
    """Return two versions of some files, with moved, copied, re-indented and edited blocks."""
    old = {
        f"f{n}.py": [source.choice(TEXTS) for _ in range(source.randrange(4, 40))] for n in range(5)
    }
    new = {path: list(lines) for path, lines in old.items()}
    for _ in range(source.randrange(1, 6)):
        start, path, to = source.randrange(20), *(source.choice(sorted(new)) for _ in range(2))
        block = new[path][start : start + source.randrange(1, 9)]
        if source.random() < 0.7:
            del new[path][start : start + len(block)]
        if source.random() < 0.5:
            block = [f"    {line}" for line in block]
        at = source.randrange(len(new[to]) + 1)
        new[to][at:at] = block
    if source.random() < 0.5:
        new["renamed.py"] = new.pop("f0.py")
    ends = ["\n", ""]
    return tuple(
        {path: "\n".join(lines) + source.choice(ends) for path, lines in side.items()}
        for side in (old, new)
    )


def numbered(text):
    return dict(enumerate(text.split("\n"), start=1))


class TestGit:
    """Moves in generated histories, told by git."""

    pytestmark = pytest.mark.git

    @pytest.mark.parametrize("options", [["-U0"], ["-U3", "-M"], ["-U1", "--patience"]])
    def test_the_text_of_changed_lines_is_that_of_the_files(self, tmp_path, options):
        """Blocks would be compared with lines that stand elsewhere."""
        checkout, source = Checkout(tmp_path), random.Random(str(options))
        for _ in range(6):
            old, new = self.commit(checkout, source)
            diff = parse_unified(checkout.git("diff", *options, "HEAD~", "HEAD"))
            assert diff.files
            for file in diff:
                before, after = old.get(file.old_path, ""), new.get(file.path, "")
                self.assert_same(file, before, after)
                self.assert_same(fill(file, before.encode(), after.encode()), before, after)

    def test_moved_lines_are_those_of_the_slow_model(self, tmp_path):
        """Moves in a real repository would be told differently from those in a test."""
        checkout, source = Checkout(tmp_path), random.Random(11)
        seen = 0
        for _ in range(25):
            old, new = self.commit(checkout, source)
            diff = parse_unified(checkout.git("diff", "-M", "HEAD~", "HEAD"))
            lines = {path: (1 << len(numbered(text)) + 1) - 2 for path, text in new.items()}
            report = Report.of(FileCoverage(path, bits, bits) for path, bits in lines.items())
            found = {
                path: line_numbers(one.moved) for path, one in tell_apart(report, diff).items()
            }
            assert found == self.expected(diff, old, new)
            seen += len(found)
        assert seen > 10

    def commit(self, checkout, source):
        old, new = history(source)
        present = {path.name: None for path in checkout.path.glob("*.py")}
        checkout.commit(present | old)
        checkout.commit({path: None for path in old if path not in new} | new)
        return old, new

    def assert_same(self, file, before, after):
        assert parse_patch(file.patch) == (file.added, file.removed)
        removed, added = {}, {}
        for change in read_changes(file.patch):
            removed |= dict(enumerate(change.removed, start=change.old))
            added |= dict(enumerate(change.added, start=change.new))
        assert removed == {n: numbered(before)[n] for n in line_numbers(file.removed)}
        assert added == {n: numbered(after)[n] for n in line_numbers(file.added)}

    def expected(self, diff, old, new):
        """Return the moved lines by path, from the files' texts and the numbers alone."""
        removed, added, in_place, number = [], [], [], 0
        for file in diff:
            before, after = numbered(old.get(file.old_path, "")), numbered(new.get(file.path, ""))
            for gone, come in self.changes(file, len(before)):
                number += 1
                sides = [
                    [Line(file.path, n, text[n].strip(), number) for n in lines if text[n].strip()]
                    for lines, text in ((gone, before), (come, after))
                ]
                groups = align(*([line.text for line in side] for side in sides))
                if groups:
                    offsets = len(removed), len(added)
                    in_place.append(
                        [
                            Match([offsets[0] + i for i in a], [offsets[1] + j for j in b])
                            for a, b in groups
                        ]
                    )
                removed += sides[0]
                added += sides[1]
        found = {}
        for _, lines in model(removed, added, in_place)[0]:
            for index in lines:
                found.setdefault(added[index].path, []).append(added[index].number)
        return {path: sorted(found[path]) for path in sorted(found)}

    def changes(self, file, length):
        """Yield (removed, added) line numbers that stand together, walking both sides."""
        old = new = 1
        while old <= length + 1:
            gone, come = [], []
            while file.removed >> old & 1:
                gone.append(old)
                old += 1
            while file.added >> new & 1:
                come.append(new)
                new += 1
            if gone or come:
                yield gone, come
            old += 1
            new += 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(TEXTS), max_size=12), st.lists(st.sampled_from(TEXTS), max_size=12))
def test_a_patch_made_here_is_read_as_it_was_meant(old, new):
    """A file without a patch from GitHub would have other moved lines than one with it."""
    before, after = "\n".join(old).encode(), "\n".join(new).encode()
    file = fill(FileDiff("a", "a", 0, 0, "modified", complete=False), before, after)
    assert parse_patch(file.patch) == (file.added, file.removed)
    for change in read_changes(file.patch):
        for number, text in enumerate(change.added, start=change.new):
            assert after.split(b"\n")[number - 1].decode() == text
        for number, text in enumerate(change.removed, start=change.old):
            assert before.split(b"\n")[number - 1].decode() == text
