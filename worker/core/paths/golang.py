"""Go names files by import path: a `go.mod` says which folder of the repository that is.

https://go.dev/ref/mod#go-mod-file-module
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["GoModules", "places", "read_modules"]

MOST_MODULES = 20
"""How many `go.mod` files are read; each one is a request to GitHub."""

_OTHERS = frozenset({"vendor", "testdata", "node_modules", "third_party"})
_MODULE = re.compile(
    # Possessive: spaces that are given back one by one would take hours of a line of them.
    rb"^[ \t]*+module(?:[ \t]++|(?=\())(?:\([ \t\r\n]*+)?+"
    rb"""(?:"([^"\n]+)"|`([^`\n]+)`|([^\s"`()/][^\s"`()]*))""",
    re.MULTILINE,
)

GoModules = dict[str, list[str]]
"""The folders of each module, by its path; the repository's own folder is empty."""


def read_modules(paths: Iterable[str], read: Callable[[str], bytes | None]) -> GoModules:
    """Return the modules that the repository's `go.mod` files declare, the outermost first."""
    files = [
        path
        for path in paths
        if (path == "go.mod" or path.endswith("/go.mod")) and _OTHERS.isdisjoint(path.split("/"))
    ]
    files.sort(key=lambda path: (path.count("/"), path))
    modules: GoModules = {}
    for path in files[:MOST_MODULES]:
        name = _declared(read(path) or b"")
        if name:
            modules.setdefault(name, []).append(path.rpartition("/")[0])
    return modules


def places(modules: GoModules, path: str) -> list[str]:
    """Return where the innermost module that an import path begins with would have the file."""
    end = path.rfind("/")
    while end > 0:
        folders = modules.get(path[:end])
        if folders:
            return [f"{folder}{path[end:]}".lstrip("/") for folder in folders]
        end = path.rfind("/", 0, end)
    return []


def _declared(data: bytes) -> str:
    """Return the module path that a `go.mod` declares; empty where it declares none."""
    found = _MODULE.search(data)
    if found is None:
        return ""
    name: bytes = found[found.lastindex or 0]
    return name.decode("utf-8", "replace").strip().strip("/")
