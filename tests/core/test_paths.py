"""Globs, and matching a report's paths with the repository's files."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.model import FileCoverage, Report
from worker.core.paths import MAX_PATTERN, Ambiguous, Glob, match_paths

REPOSITORY = frozenset(
    {
        "setup.py",
        "src/pkg/__init__.py",
        "src/pkg/mod.py",
        "src/pkg/sub/__init__.py",
        "lib/pkg2/mod.py",
        "web/src/index.js",
        "app/main.py",
    }
)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**", "a/b.xml", True),
        ("*", "a.xml", True),
        ("*", "a/b.xml", False),
        ("*.xml", "a.xml", True),
        ("coverage*", "coverage-unit", True),
        ("coverage*", "my-coverage", False),
        ("**/*.xml", "a.xml", True),
        ("**/*.xml", "a/b/c.xml", True),
        ("**/x", "ax", False),
        ("**.xml", "a/b.xml", True),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "az", False),
        ("vendor/", "vendor/a/b.py", True),
        ("vendor/", "vendor", False),
        ("./src/**", "src/a.py", True),
        ("?.py", "a.py", True),
        ("?.py", "/.py", False),
        ("[id].tsx", "[id].tsx", True),
        ("[id].tsx", "i.tsx", False),
        ("A.py", "a.py", False),
    ],
)
def test_globs_mean_what_they_mean_on_github(pattern, path, expected):
    """`ignore` and `files` would choose other files than the configuration says."""
    assert Glob(pattern).matches(path) is expected


@given(
    st.lists(st.sampled_from(["a", "b", "/", "*", "?", "**", "**/"]), min_size=1, max_size=8),
    st.text("ab/", max_size=10),
)
def test_globs_agree_with_a_backtracking_translation(parts, path):
    """The linear matcher would have a meaning of its own."""
    pattern = re.sub(r"\*\*+", "**", "".join(parts)).lstrip("/")
    if not pattern:
        return
    text = pattern + "**" if pattern.endswith("/") else pattern
    naive = re.sub(
        r"(?<![^/])\*\*/|\*\*|\*|\?|.",
        lambda found: {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(
            found[0], re.escape(found[0])
        ),
        text,
    )
    assert Glob(pattern).matches(path) is bool(re.fullmatch(naive, path))


def test_a_hostile_glob_takes_no_time():
    """One line of configuration would hold a worker for hours."""
    glob = Glob("*a" * 30 + "b")
    begin = time.process_time()
    assert not glob.matches("a" * 4096)
    assert time.process_time() - begin < 2  # milliseconds in truth, for ever with a backtrack


@pytest.mark.parametrize("pattern", ["", "./", "x" * (MAX_PATTERN + 1)])
def test_an_unusable_glob_is_refused(pattern):
    """An empty pattern would silently match nothing."""
    with pytest.raises(ValueError, match="1 to 1000 characters"):
        Glob(pattern)


@pytest.mark.parametrize(
    ("path", "sources", "expected"),
    [
        ("src/pkg/mod.py", (), "src/pkg/mod.py"),
        ("./src/pkg/mod.py", (), "src/pkg/mod.py"),
        (r"src\pkg\mod.py", (), "src/pkg/mod.py"),
        (r"D:\a\repo\repo\src\pkg\mod.py", (), "src/pkg/mod.py"),
        ("/home/runner/work/repo/repo/src/pkg/mod.py", (), "src/pkg/mod.py"),
        ("/github/workspace/setup.py", (), "setup.py"),
        ("/build/42/src/pkg/mod.py", (), "src/pkg/mod.py"),
        ("file:///build/42/src/pkg/mod.py", (), "src/pkg/mod.py"),
        ("/usr/lib/python3/site-packages/pkg/mod.py", (), "src/pkg/mod.py"),
        ("__init__.py", ("/ci/repo/src/pkg",), "src/pkg/__init__.py"),
        ("mod.py", ("/ci/repo/src/pkg", "/ci/repo/lib"), "src/pkg/mod.py"),
        ("setup.py", ("/home/runner/work/repo/repo",), "setup.py"),
        ("pkg/mod.py", ("src",), "src/pkg/mod.py"),
        ("src/pkg/mod.py", (".",), "src/pkg/mod.py"),
        ("pkg2/mod.py", (), "lib/pkg2/mod.py"),
        ("main.py", (), "app/main.py"),
        ("github.com/owner/repo/setup.py", (), "setup.py"),
        ("src/pkg/../pkg/mod.py", (), "src/pkg/mod.py"),
    ],
)
def test_paths_are_found(path, sources, expected):
    """A covered file would count as one that no test ever touched."""
    assert list(_match([path], sources).report.files) == [expected]


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/usr/lib/python3/typing.py",
        "/usr/lib/python3/json/__init__.py",
        "/ci/node_modules/x/src/index.js",
        "src/pkg/gone.py",
        "/",
    ],
)
def test_other_peoples_files_are_reported_and_left_out(path):
    """Coverage of a library would be counted as the project's."""
    found = _match([path])
    assert (len(found.report), found.ambiguous) == (0, ())
    assert found.unmatched == (path,)


def test_two_files_that_share_as_much_are_not_guessed_between():
    """Half of the time the wrong file would get the coverage."""
    found = _match(["mod.py", "setup.py"])
    assert found.ambiguous == (Ambiguous("mod.py", ("lib/pkg2/mod.py", "src/pkg/mod.py")),)
    assert list(found.report.files) == ["setup.py"]


def test_a_name_in_two_sources_is_not_guessed():
    """A file at two source roots would get the other one's coverage."""
    found = match_paths(
        _report(["x.py"]), ("/ci/r/a", "/ci/r/b"), frozenset({"a/x.py", "b/x.py", "x.py"})
    )
    assert [entry.candidates for entry in found.ambiguous] == [("a/x.py", "b/x.py")]


def test_two_spellings_of_a_file_are_merged():
    """The second spelling's lines would be lost."""
    report = Report.of(
        [FileCoverage("setup.py", 0b110, 0b10), FileCoverage("/ci/setup.py", 0b110, 0b100)]
    )
    (file,) = match_paths(report, (), REPOSITORY).report
    assert file.hit == 0b110


@given(
    st.frozensets(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=12
    ),
    st.sampled_from(["", "./", "/ci/build/", "C:\\x\\", "/home/runner/work/r/r/"]),
)
def test_every_file_is_found_or_named_whatever_its_prefix(paths, prefix):
    """Files would vanish from the verdict without a word."""
    found = match_paths(_report([prefix + path for path in paths]), (), paths)
    named = {*found.unmatched, *(entry.path for entry in found.ambiguous)}
    assert set(found.report.files) | {path.removeprefix(prefix) for path in named} == paths
    if prefix in ("", "./", "/home/runner/work/r/r/"):
        assert not named


def test_twenty_thousand_files_are_matched_at_once():
    """A large project would wait for minutes."""
    paths = [
        f"src/p{n % 97}/q{n % 13}/{'__init__' if n % 3 else 'm'}{n // 5000}{n}.py"
        for n in range(20_000)
    ]
    begin = time.process_time()
    found = match_paths(_report([f"/ci/{path}" for path in paths]), (), frozenset(paths))
    assert len(found.report) == len(paths)
    assert time.process_time() - begin < 5


def _report(paths):
    return Report.of(FileCoverage(path, 0b10, 0b10) for path in paths)


def _match(paths, sources=()):
    return match_paths(_report(paths), sources, REPOSITORY)
