"""Reports drawn by hypothesis, for every test that holds for any report."""

from __future__ import annotations

from hypothesis import strategies as st

from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap

lines = st.sets(st.integers(1, 70), max_size=25)

contexts = st.dictionaries(
    st.sampled_from(["", "test_a", "ü b"]), lines.filter(bool).map(bitmap), max_size=2
)


@st.composite
def branch_lines(draw):
    """Few lines and totals, so that reports often speak of the same; arms or a mere count."""
    line, total = draw(st.integers(0, 9)), draw(st.integers(1, 4))
    arms = draw(st.none() | st.integers(0, 2**total - 1))
    taken = draw(st.integers(0, total)) if arms is None else arms.bit_count()
    order = "" if arms is None else draw(st.sampled_from(["", "lcov"]))
    return BranchLine(line, taken, total, arms, order)


@st.composite
def files(draw, paths=("a.py", "b/c.py", "ü d.py")):
    measured, hit, partial = (bitmap(draw(lines)) for _ in range(3))
    hit &= measured
    branches = draw(st.lists(branch_lines(), max_size=4, unique_by=lambda b: b.key))
    partial &= ~bitmap({branch.line for branch in branches if branch.taken == branch.total} - {0})
    functions = {
        (line, name): Function(line, name, hits, None if span is None else line + span)
        for line, name, hits, span in draw(
            st.lists(
                st.tuples(
                    st.integers(1, 70),
                    st.sampled_from(["f", "C.g", "ö(int)"]),
                    st.integers(0, 2**63 - 1),
                    st.none() | st.integers(0, 30),
                ),
                max_size=3,
            )
        )
    }
    return FileCoverage(
        draw(st.sampled_from(paths)),
        measured,
        hit,
        partial & hit,
        tuple(sorted(branches, key=lambda branch: branch.key)),
        tuple(functions[key] for key in sorted(functions)),
        tuple(sorted(draw(contexts).items())),
    )


def reports():
    return st.lists(files(), max_size=4).map(Report.of)
