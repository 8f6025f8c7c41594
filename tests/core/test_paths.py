"""Globs, and matching a report's paths with the repository's files."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.model import FileCoverage, Report
from worker.core.paths import (
    MAX_PATTERN,
    Ambiguous,
    Glob,
    RepositoryPaths,
    match_paths,
    match_reports,
)
from worker.core.paths.golang import read_modules

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
        ("../../web/src/index.js", ("/ci/repo/src/pkg",), "web/src/index.js"),
        ("/C:/ci/src/pkg/mod.py", (), "src/pkg/mod.py"),
        ("file:///C:/ci/src/pkg/mod.py", (), "src/pkg/mod.py"),
        ("build/lib/pkg/mod.py", (), "src/pkg/mod.py"),
        ("/usr/lib/python3/dist-packages/pkg/sub/__init__.py", (), "src/pkg/sub/__init__.py"),
        ("app%2Fmain.py", (), "app/main.py"),
        ("file:///ci/s%72c/pkg/mod.py", (), "src/pkg/mod.py"),
        (r"C:\CI\SRC\Pkg\Mod.py", (), "src/pkg/mod.py"),
        ("SETUP.PY", (), "setup.py"),
        ("Pkg2/Mod.py", (), "lib/pkg2/mod.py"),
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
        "",
        "/ci/site-packages/requests/src/index.js",
        "site-packages/other/pkg/mod.py",
        "/usr/lib/Python3/TYPING.py",
        "src\0pkg\0mod.py",
        "src/pkg/mod.py\0",
        "src%00pkg%00mod.py",
        "src/pkg/mod\n.py",
        "a/" * 10_000 + "src/pkg/mod.py",
        "x" * 1_000_000,
        "%2e%2e/" * 3 + "etc/passwd",
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


def test_a_name_in_another_case_is_not_guessed_between_two():
    """On Linux two files differ in their case alone, and the wrong one would be covered."""
    paths = frozenset({"src/Mod.py", "src/mod.py", "src/One.py"})
    found = match_paths(_report(["src/MOD.py", "SRC/ONE.py", "src/mod.py"]), (), paths)
    assert list(found.report.files) == ["src/One.py", "src/mod.py"]
    assert found.unmatched == ("src/MOD.py",)


def test_an_encoded_name_is_itself_first():
    """A file that is really called `100%25.py` would be taken for another."""
    paths = frozenset({"100%25.py", "100%.py", "a b.py"})
    found = match_paths(_report(["100%25.py", "file:///ci/a%20b.py", "a%20b.py"]), (), paths)
    assert list(found.report.files) == ["100%25.py", "a b.py"]


@pytest.mark.parametrize(
    ("path", "paths", "expected"),
    [
        ("com/acme/App.kt", {"app/src/main/kotlin/App.kt", "b/App.kt"},
         "app/src/main/kotlin/App.kt"),
        ("com/acme/util/X.kt", {"src/main/kotlin/util/X.kt"}, "src/main/kotlin/util/X.kt"),
        ("com/acme/App.java", {"core/src/main/java/com/acme/App.java", "App.java.txt"},
         "core/src/main/java/com/acme/App.java"),
        ("com/acme/App.py", {"app/src/main/kotlin/App.py"}, None),
    ],
)  # fmt: skip
def test_kotlin_may_leave_the_root_package_out_of_the_folders(path, paths, expected):
    """Projects that follow Kotlin's own conventions would have no coverage at their root."""
    found = match_paths(_report([path]), (), frozenset(paths))
    assert list(found.report.files) == ([expected] if expected else [])


GO = {
    "go.mod": b"// the root\nmodule example.com/root/v2 // v2\n\ngo 1.22\n",
    "services/bee/go.mod": b'module "example.com/bee"\n',
    "services/cat/go.mod": b"module (\n\texample.com/cat\n)\n",
    "services/dog/go.mod": b"module `example.com/dog`\n",
    "broken/go.mod": b"modul example.com/broken",
    "vendor/example.com/other/go.mod": b"module example.com/other\n",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("example.com/root/v2/x.go", "x.go"),
        ("example.com/root/v2/services/x.go", "services/x.go"),
        ("example.com/bee/x.go", "services/bee/x.go"),
        ("example.com/cat/util/x.go", "services/cat/util/x.go"),
        ("example.com/dog/util/x.go", "services/dog/util/x.go"),
        ("example.com/dog/gone/x.go", None),
        ("example.com/other/x.go", None),
    ],
)
def test_go_modules_say_which_folder_an_import_path_is(path, expected):
    """A monorepo's modules have the same file names, and none of them would be covered."""
    files = {"x.go", "services/x.go", "services/bee/x.go"}
    files |= {f"services/{name}/util/x.go" for name in ("bee", "cat", "dog")}
    asked = []

    def read(name):
        asked.append(name)
        return GO[name]

    repository = RepositoryPaths(frozenset({*GO, *files}), read=read)
    found = match_reports([(_report([path, "services/bee/x.go"]), ())], repository)
    assert set(found.report.files) == {"services/bee/x.go"} | ({expected} if expected else set())
    assert "vendor/example.com/other/go.mod" not in asked
    assert len(asked) == len(set(asked))


def test_go_mod_files_are_read_only_where_they_are_needed():
    """Each one is a request to GitHub, for every pull request of every repository."""
    paths = frozenset({f"m{n}/go.mod" for n in range(100)} | {"a/x.go", "b/x.go", "c/y.go"})
    asked = []
    repository = RepositoryPaths(paths, read=asked.append)
    assert repository.find("example.com/c/y.go") == ["c/y.go"]
    assert asked == []
    assert len(repository.find("x.go")) == 2
    assert asked == sorted(asked, key=lambda path: (path.count("/"), path))
    assert len(asked) == 20


@given(
    st.frozensets(
        st.lists(st.sampled_from(["a", "b", "A", "node_modules", "site-packages", "x.py"]),
                 min_size=1, max_size=5).map("/".join), max_size=12),
    st.text("abA/\\.%20\0:", max_size=14),
    st.lists(st.sampled_from(["", "/", ".", "/a", "a/b", "C:\\a", "..", "/__w/r/r/a"]), max_size=3),
)  # fmt: skip
def test_whatever_is_found_is_a_file_of_the_repository(paths, path, sources):
    """A report could name a file of the machine, or end the worker."""
    found = RepositoryPaths(paths).find(path, sources)
    assert set(found) <= paths
    assert len(found) == len(set(found)) <= 10


@pytest.mark.parametrize("text", [b"module%s\n", b"module(%s(", b"%smodule\n"])
def test_t25_a_hostile_go_mod_takes_no_time(text):
    """One file of a pull request could hold a worker for hours."""
    begin = time.process_time()
    assert read_modules(["go.mod"], lambda _: text % (b" " * 1_000_000)) == {}
    assert time.process_time() - begin < 2  # milliseconds in truth


def test_hostile_paths_take_no_time():
    """One artifact would hold a worker until it is killed."""
    deep = "/".join(["a"] * 240)
    paths = frozenset(f"{deep}/{n}/__init__.py" for n in range(500))
    hostile = [f"/{deep}/{'a/' * (n % 9)}{n}/__init__.py" for n in range(3_000)]
    hostile += [f"{'a/' * 5_000}{n}.py" for n in range(200)]
    hostile += [f"{n}/__init__.py" for n in range(3_000)]
    sources = [f"/s{n}/a" for n in range(5_000)]
    begin = time.process_time()
    match_reports([(_report(hostile), sources)], RepositoryPaths(paths))
    assert time.process_time() - begin < 20  # seconds in truth, hours where it is quadratic


def _report(paths):
    return Report.of(FileCoverage(path, 0b10, 0b10) for path in paths)


def _match(paths, sources=()):
    return match_paths(_report(paths), sources, REPOSITORY)
