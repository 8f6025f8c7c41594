"""What a Python program calls, as far as a pattern in a configuration may ask for it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from worker.core.static.text import MAX_CALLS, shorten

if TYPE_CHECKING:
    from worker.core.static.python._tree import Body, Names

__all__ = ["calls_of"]

_EVERYDAY = re.compile(
    r"(?:.*\.)?(?:get|pop|setdefault|join|split|rsplit|partition|rpartition|startswith|endswith"
    r"|format|replace|strip|lstrip|rstrip|removeprefix|removesuffix|encode|decode|find|index|append"
    r"|debug|info|warning|error|exception|critical|log|warn|isinstance|getattr|setattr|hasattr"
    r"|print|add_argument|add_parser|strftime|strptime|count|extend|cast|TypeVar|\w+Error"
    r"|\w+Exception|\w+Warning|_|gettext|pgettext|ngettext|gettext_lazy|NamedTuple|NewType)"
    r"|(?:re|os|os\.path|sys|typing|logging|json|math|itertools|functools|collections|operator"
    r"|dataclasses|copy|enum|abc|warnings|inspect|textwrap|string|contextlib|types|pathlib"
    r"|importlib|struct|decimal|fractions|argparse|datetime|time|unittest|pytest)\..*"
)
"""What every program calls all the time, and that leads nowhere outside."""


def calls_of(body: Body, names: Names) -> tuple[tuple[str, int], ...]:
    """Return the calls that name something, or go to what was imported, with their lines.

    Each is written as `bus.emit(order.created)`: its dotted name by the imports, and its first
    argument where that is a text or a name.
    """
    modules = {module.partition(".")[0] for module in names.modules}
    found = set()
    for call in body.calls:
        name = names.of(call.func)
        if "?" in name or _EVERYDAY.fullmatch(name):
            continue
        first = call.args[0] if call.args else None
        text = isinstance(first, ast.Constant) and isinstance(first.value, str)
        if text or ("." in name and name.partition(".")[0] in modules):
            found.add((f"{name}({_argument(first, names)})", call.lineno))
    return tuple(sorted(found, key=lambda one: (one[1], one[0]))[:MAX_CALLS])


def _argument(first: ast.expr | None, names: Names) -> str:
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return shorten(first.value)
    return names.of(first).lstrip("?") if isinstance(first, ast.Name | ast.Attribute) else ""
