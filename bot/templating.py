"""Templates of pages, each part of the program with a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["open_templates"]


def open_templates(package: str) -> Environment:
    """Return the templates of a package's folder `templates`.

    Every value is escaped, and a name that was not given is an error.
    """
    # Only here: a receiver whose pages nobody looks at does without it.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 -- as above

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
