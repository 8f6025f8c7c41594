"""`path_fixes`: what a repository says about the paths that its tools write."""

from __future__ import annotations

from dataclasses import dataclass, field

from worker.core.paths.spelling import normalise

__all__ = ["PathFix"]


@dataclass(frozen=True, slots=True)
class PathFix:
    """Puts the folder `to` in the place of the folder `start` that a report's path begins with.

    Folders are compared whole: `build` is no beginning of `builder/x.py`. A `*` in a folder's
    name stands for any text in it, and the same `*` may stand in `to`; `**/` in front stands
    for any folders. An empty `start` is every relative path, an empty `to` the repository's
    root. No pattern makes the work grow faster than the path. Raises `ValueError` where it
    can't be understood.
    """

    start: str
    to: str = ""
    _absolute: bool = field(init=False, repr=False, compare=False)
    _anywhere: bool = field(init=False, repr=False, compare=False)
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _literal: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        start = normalise(self.start)
        parts = [part for part in start.split("/") if part not in ("", ".")]
        anywhere = bool(parts) and parts[0] == "**"
        parts = parts[anywhere:]
        _check(parts, self.to, anywhere=anywhere)
        absolute = start.startswith("/")
        literal = next((at for at, part in enumerate(parts) if "*" in part), len(parts))
        values = {
            "_absolute": absolute,
            "_anywhere": anywhere,
            "_parts": tuple(parts),
            "_literal": "" if anywhere else "/" * absolute + "/".join(parts[:literal]),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def apply(self, path: str) -> str | None:
        """Return the path that is meant by one with forward slashes; None where it is another."""
        if not path.startswith(self._literal):
            return None
        if not self._anywhere and path.startswith("/") is not self._absolute:
            return None
        parts = path.strip("/").split("/")
        count = len(self._parts)
        last = len(parts) - count if self._anywhere else min(0, len(parts) - count)
        for at in range(last + 1):
            texts = self._texts(parts[at : at + count])
            if texts is not None:
                return self._put(texts, parts[at + count :])
        return None

    def _texts(self, parts: list[str]) -> list[str] | None:
        """Return what the `*` stand for; None where the folders are others."""
        texts = []
        for pattern, part in zip(self._parts, parts, strict=True):
            before, star, after = pattern.partition("*")
            if not star:
                if part != pattern:
                    return None
                continue
            end = len(part) - len(after)
            if end < len(before) or not (part.startswith(before) and part.endswith(after)):
                return None
            texts.append(part[len(before) : end])
        return texts

    def _put(self, texts: list[str], rest: list[str]) -> str:
        pieces = self.to.split("*")
        texts = [*texts[: len(pieces) - 1], ""]
        folder = "".join(piece + text for piece, text in zip(pieces, texts, strict=True))
        return "/".join([part for part in folder.split("/") if part not in ("", ".")] + rest)


def _check(parts: list[str], to: str, *, anywhere: bool) -> None:
    if any("**" in part for part in parts):
        raise ValueError("may have `**/` at the beginning of `from` only")
    if any(part.count("*") > 1 for part in parts):
        raise ValueError("may have one `*` in each folder's name of `from`")
    if to.startswith("/") or "\\" in to or ":" in to or ".." in to.split("/"):
        raise ValueError(
            "must have in `to` a folder of the repository, such as `src/`: no `/` in front, no "
            "`..`, no backslash, no drive"
        )
    stars = sum("*" in part for part in parts)
    if to.count("*") > stars:
        raise ValueError("must not have more `*` in `to` than in `from`")
    if not parts and anywhere:
        raise ValueError("must have a folder behind `**/` in `from`")
    if not parts and not to.strip("./"):
        raise ValueError("changes nothing: give it a `from`, a `to`, or both")
