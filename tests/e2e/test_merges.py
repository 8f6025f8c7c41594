"""CI tests a merge commit, and the base has moved on: on real parts, with real merges."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from tests.worker.flows.world import lcov

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.conftest import House

BASE = b"""def half(number):
    return number / 2
"""
MOVED = (
    b'''"""Sums."""

# What everybody needs.
ZERO = 0


def nothing():
    return ZERO


'''
    + BASE
)
ADDED = b"""

def twice(number):
    if number < 0:
        number = -number
        return -2 * number
    return 2 * number
"""
TEST = "half(2); twice(1)"


def measure(tree: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Run a small test on the files that were checked out, and report what it covered."""
    source = tree["sums.py"]
    statements = {node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)}
    covered: set[int] = set()

    def trace(frame, event, _argument):
        if frame.f_code.co_filename != "sums.py":
            return None
        if event == "line":
            covered.add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        names: dict[str, object] = {}
        exec(compile(source, "sums.py", "exec"), names)
        if "twice" in names:
            exec(TEST, names)
    finally:
        sys.settrace(before)
    hits = {line: int(line in covered) for line in statements}
    return {"coverage": {"lcov.info": lcov("sums.py", hits)}}


@pytest.mark.parametrize(("owner", "checkout"), [("octo", ""), ("mira", ""), ("octo", "head")])
def test_a_merge_is_judged_by_its_own_lines(house: House, owner: str, checkout: str) -> None:
    """Whoever is behind the base would be judged by lines that are not his, forks too."""
    world = house.loop.github.world
    repo = world.add_repository(f"octo/merge-{owner}{checkout}", files={"sums.py": BASE})
    source = repo if owner == "octo" else repo.fork(owner)
    source.commit("topic", {"sums.py": BASE + ADDED}, "Add twice", author=owner)
    repo.commit("main", {"sums.py": MOVED}, "Say what it is")
    repo.run_ci(repo.tip(), event="push", artifacts=measure)
    house.loop.settle()
    pull = repo.open_pull("topic" if owner == "octo" else f"{owner}:topic", author=owner)
    house.loop.settle()
    run = repo.run_ci(pull.head_sha, artifacts=measure, checkout=pull.head_sha if checkout else "")
    assert run.checkout_sha == (pull.head_sha if checkout else pull.merge_sha)
    check, comment = house.verdict(pull)
    told = house.details(pull)
    assert told["tested"]["commit"] == run.checkout_sha
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (3, 5)
    assert f"/blob/{pull.head_sha}/sums.py#L7-L8" in comment
    assert check.conclusion == "success"
    if not checkout:
        assert (told["baseline"]["commit"], told["baseline"]["distance"]) == (repo.tip(), 0)
        assert "Tested: merge of" in comment


def test_what_a_comparison_leaves_out_is_judged(house: House) -> None:
    """A padded pull request would be green, whatever it adds."""
    pad = {f"pad/{number}.txt": b"x\n" for number in range(310)}
    repo = house.loop.github.world.add_repository("octo/padded", files={"z/sums.py": BASE})
    repo.commit("topic", {**pad, "z/sums.py": BASE + ADDED}, "Pad", author="mira")
    pull = repo.open_pull("topic", author="mira")
    hits = {1: 1, 2: 1, 5: 1, 6: 0, 7: 0, 8: 0, 9: 0}
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": lcov("z/sums.py", hits)}})
    check, _ = house.verdict(pull)
    assert check.conclusion == "failure"
    assert "20.00 %" in check.title
