"""How tools and machines write a path, and which paths are plainly other people's."""

from __future__ import annotations

import re

__all__ = ["behind_checkout", "is_foreign", "is_hopeless", "normalise"]

_MOST_CHARACTERS = 4_096
"""Linux takes no longer path (PATH_MAX)."""
_MOST_LEVELS = 256

# Where GitHub's runners check a repository out, so that what follows is its own path:
# https://docs.github.com/en/actions/reference/workflows-and-actions/variables (GITHUB_WORKSPACE)
_CHECKOUT = re.compile(
    r"(?:/home/runner/work|/Users/runner/work|/__w|/a|/runner/_work|/actions-runner/_work)"
    r"/([^/]+)/\1/|/github/workspace/"
)
_DRIVE = re.compile(r"^/?[A-Za-z]:(?=/|$)")

_FOREIGN_FOLDERS = frozenset({
    ".bundle", ".cargo", ".gradle", ".m2", ".nox", ".nuget", ".pub-cache", ".rustup", ".tox",
    ".venv", "CMakeFiles", "Carthage", "DerivedData", "Pods", "__generated__", "_deps",
    "autogen", "bazel-out", "bower_components", "dist-packages", "gems", "generated",
    "generated-sources", "generated-src", "generated-test-sources", "generated_src",
    "node_modules", "site-packages", "third_party", "vendor", "venv",
})  # fmt: skip
_FOREIGN_PLACES = (
    "/Applications/",
    "/Program Files",
    "/nix/store/",
    "/rustc/",
    "/usr/include/",
    "/usr/lib/",
    "/usr/lib64/",
    "/usr/local/include/",
    "/usr/local/lib/",
    "/usr/share/",
)
_GENERATED_ENDS = (
    "/BuildConfig.java",
    "/R.java",
    ".designer.cs",
    ".freezed.dart",
    ".g.cs",
    ".g.dart",
    ".g.i.cs",
    ".generated.cs",
    ".pb.cc",
    ".pb.go",
    ".pb.h",
    "_pb2.py",
    "_pb2_grpc.py",
)


def normalise(path: str) -> str:
    """Return a path with forward slashes, without a drive, `.` and `..`."""
    path = path.strip()
    if "\\" in path or ":" in path:
        path = _DRIVE.sub("", path.removeprefix("file://").replace("\\", "/"))
    if "./" not in path and "//" not in path and not path.endswith(("/", "/.", "/..")):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def behind_checkout(path: str) -> str:
    """Return what follows a GitHub runner's checkout folder; empty where there is none."""
    found = _CHECKOUT.match(path)
    return path[found.end() :] if found else ""


def is_hopeless(path: str) -> bool:
    """Return whether no file system has such a path, so that nothing is spent on it."""
    return len(path) > _MOST_CHARACTERS or path.count("/") > _MOST_LEVELS or "\0" in path


def is_foreign(path: str) -> bool:
    """Return whether a path that is no file here is plainly of a library, or generated.

    It says nothing about whether the other paths of its report are right.
    """
    path = normalise(path)
    name = path.rpartition("/")[2]
    return (
        name.startswith("<")  # <string>, <frozen importlib._bootstrap>
        or path.startswith(_FOREIGN_PLACES)
        or path.endswith(_GENERATED_ENDS)
        or "/go/pkg/mod/" in path
        or not _FOREIGN_FOLDERS.isdisjoint(path.split("/"))
    )
