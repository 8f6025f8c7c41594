"""A report whose paths are not the repository's: said loudly, with what would mend it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_render import CASES
from worker.core.config import parse_config
from worker.core.model import FileCoverage, Report
from worker.core.paths import Glob, RepositoryPaths, Shortfall, match_reports
from worker.core.render import (
    Source,
    Unfound,
    messages,
    render_check,
    render_comment,
    render_json,
    render_terminal,
)

REPOSITORY = frozenset(
    {f"src/m{n}.js" for n in range(20)}
    | {f"{folder}/pkg/a{n}.py" for n in range(3) for folder in ("api", "web")}
)


def shortfalls(paths, repository=REPOSITORY, ignore=(), sources=()) -> tuple[Shortfall, ...]:
    reports = [(Report.of(FileCoverage(path, 0b10, 0b10) for path in paths), sources)]
    globs = [Glob(pattern) for pattern in ignore]
    return match_reports(reports, RepositoryPaths(repository), globs).shortfalls


@pytest.mark.parametrize(
    ("found", "missing", "short"), [(9, 1, False), (17, 2, True), (1, 0, False)]
)
def test_nine_of_ten_files_are_enough(found, missing, short):
    """A team would be warned of one stray file, or not of numbers that mean nothing."""
    told = shortfalls([*sorted(REPOSITORY)[-found:], *(f"gone/x{n}.js" for n in range(missing))])
    assert bool(told) is short
    if short:
        assert (told[0].files.covered, told[0].files.total) == (found, found + missing)


@pytest.mark.parametrize(
    "path",
    [
        "/home/runner/work/r/r/node_modules/react/index.js",
        "/usr/lib/python3/typing.py",
        "/opt/venv/lib/python3.12/site-packages/requests/api.py",
        "/home/ci/go/pkg/mod/golang.org/x/net@v1/a.go",
        "app/build/generated/source/buildConfig/BuildConfig.java",
        "target/generated-sources/annotations/A.java",
        "<string>",
        r"C:\Program Files\dotnet\x.cs",
        "proto/user.pb.go",
    ],
)
def test_libraries_and_generated_files_do_not_count(path):
    """Every report with one library in it would be called wrong."""
    assert shortfalls([path]) == ()
    assert shortfalls([path, "gone/x.js"])[0].files.total == 1


def test_ignored_files_do_not_count():
    """A team could not say that files are not in the repository on purpose."""
    gone = [f"/home/runner/work/r/r/gen/x{n}.js" for n in range(9)]
    assert shortfalls(gone)[0].files.total == 9
    assert shortfalls(gone, ignore=["gen/**"]) == ()
    assert shortfalls(["pkg/a0.py"], ignore=["api/**"]) != ()
    assert shortfalls(["pkg/a0.py"], ignore=["api/**", "web/**"]) == ()
    both = shortfalls(["other/x.js", *(f"src/m{n}.js" for n in range(20))], ignore=["src/**"])
    assert (both[0].files.covered, both[0].files.total) == (0, 1)


@pytest.mark.parametrize(
    ("paths", "fixes"),
    [
        ([f"dist/m{n}.js" for n in range(20)], [("dist/", "src/")]),
        ([f"/app/out/m{n}.js" for n in range(20)], [("/app/out/", "src/")]),
        (["/pkg/a0.py", "/pkg/a1.py"], [("/", "api/")]),
        ([r"C:\out\m1.js", r"C:\out\m2.js"], [("/out/", "src/")]),
        (["pkg/a0.py", "pkg/a1.py"], [("", "api/")]),
        ([f"{'dist' if n % 2 else 'out'}/m{n}.js" for n in range(20)],
         [("dist/", "src/"), ("out/", "src/")]),
        ([f"gone/x{n}.js" for n in range(20)], []),
    ],
)  # fmt: skip
def test_the_fix_is_told_and_mends_what_it_says(paths, fixes):
    """A person would have to guess, or paste a line that does nothing."""
    (short,) = shortfalls(paths)
    assert [(fix.start, fix.to) for fix in short.fixes] == fixes
    mended = RepositoryPaths(REPOSITORY, short.fixes)
    assert sum(len(mended.find(path)) == 1 for path in paths) == short.mended
    assert short.mended == (len(paths) if fixes else 0)
    assert bool(short.ignore) is not bool(fixes)


@pytest.mark.parametrize("prefix", ["gone/deep/", "/app/gone/", "/home/runner/work/r/r/gone/"])
def test_the_folders_told_for_ignore_are_those_that_are_missing(prefix):
    """A person would paste a glob that matches nothing."""
    paths = [f"{prefix}x{n}.js" for n in range(9)]
    (short,) = shortfalls(paths)
    assert shortfalls(paths, ignore=short.ignore) == ()


@given(
    st.lists(st.sampled_from(["a", "b", "*", "gen", "\n", "`", '"', "\\", "..", "ü"]),
             max_size=3).map("/".join),
    st.sampled_from(["", "/"]),
)  # fmt: skip
def test_what_is_told_can_be_pasted_whatever_the_names_are(folder, slash):
    """The configuration that a check suggests would be refused."""
    paths = [f"{slash}{folder}/m{n}.js" for n in range(3)] + [f"{folder}/none{n}.js" for n in "ab"]
    for short in shortfalls(paths):
        for block in messages.no_path_matched(paths, [short]).page.summary.split("```yaml\n")[1:]:
            parse_config(block.split("\n```")[0].encode())
        section = render_comment(CASES["first"][0], replace(CASES["first"][1], unfound=_of(short)))
        for block in section.split("```yaml\n")[1:]:
            parse_config(block.split("\n```")[0].encode())


def test_the_warning_stands_above_the_numbers(golden):
    """Numbers of a tenth of the files would be read as numbers of all of them."""
    wrong = shortfalls([f"dist/m{n}.js" for n in range(12)] + [f"src/m{n}.js" for n in range(3)])
    gone = shortfalls([f"legacy/x{n}.js" for n in range(4)] + ["pkg/a1.py"])
    one = shortfalls([*sorted(REPOSITORY)[-20:], "pkg/a0.py"])
    verdict, context = CASES["first"]
    context = replace(context, unfound=_of(*wrong, *gone, *one))
    comment = render_comment(verdict, context)
    assert comment.index("Only 3 of the 15 files") < comment.index("| gate |")
    golden("comment/paths.md", comment)
    golden("check/paths.md", render_check(verdict, context).summary)
    golden("terminal/paths.txt", render_terminal(verdict, context))
    told = json.loads(render_json(verdict, context))["paths"]
    assert [(one["found"], one["total"], one["percent"]) for one in told] == [
        (3, 15, 20.0), (0, 5, 0.0), (20, 21, 95.23),
    ]  # fmt: skip
    assert told[0]["path_fixes"] == [{"from": "dist/", "to": "src/"}]
    assert told[1]["ambiguous"] == [
        {"path": "pkg/a1.py", "candidates": ["api/pkg/a1.py", "web/pkg/a1.py"]}
    ]


def test_a_report_without_any_file_of_the_repository_tells_the_fix_too(golden):
    """The most usual case of wrong paths would be the one without help."""
    paths = [f"/app/out/m{n}.js" for n in range(20)]
    golden("message/no-path-mended.md", messages.no_path_matched(paths, shortfalls(paths)).comment)


def test_twenty_thousand_unknown_paths_are_told_at_once():
    """A report full of somebody else's files would hold a worker."""
    paths = [f"/ci/{n % 50}/index{n}.js" for n in range(20_000)]
    (short,) = shortfalls(paths, frozenset(f"src/{n}/index.js" for n in range(20_000)))
    assert (short.files.total, len(short.examples)) == (20_000, 3)


def _of(*short: Shortfall) -> tuple[Unfound, ...]:
    names = ("coverage.xml", "lcov.info", "web/lcov.info")
    return tuple(
        Unfound(Source("coverage-unit", name, "lcov", one.files.total), one)
        for name, one in zip(names, short, strict=False)
    )
