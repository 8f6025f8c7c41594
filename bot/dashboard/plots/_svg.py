"""Elements of SVG, whose attributes and texts are escaped on their way in."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["element", "joined", "number", "share"]


def element(name: str, /, *children: str, **attributes: str | int) -> Markup:
    """Return an element. `class_` is `class`, and other underscores become hyphens.

    Children are escaped unless they are markup already.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    inner = joined(children)
    text = f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"
    return Markup(text)  # noqa: S704 -- all of its parts are escaped; Markup's own way is slow


def joined(parts: Iterable[str]) -> Markup:
    """Return the parts one after the other; what is no markup yet is escaped."""
    return Markup("".join(map(escape, parts)))  # noqa: S704 -- each part is


def number(value: Fraction | int) -> str:
    """Return a coordinate with at most two decimals, without a trailing zero: 12.5, 7."""
    hundredths = round(Fraction(value) * 100)
    sign, left = ("-" if hundredths < 0 else ""), abs(hundredths)
    text = f"{left // 100}.{left % 100:02d}".rstrip("0").rstrip(".")
    return f"{sign}{text}" if text != "0" else "0"


def share(value: Fraction | int) -> str:
    """Return a part of the whole width or height: a quarter is "25%"."""
    return f"{number(Fraction(value) * 100)}%"
