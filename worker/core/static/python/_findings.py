"""What is worth pointing at in a Python file."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from worker.core.static.facts import Finding
from worker.core.static.python._tree import is_sqlite
from worker.core.static.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.core.static.facts import Mock
    from worker.core.static.python._tree import Body, Names

__all__ = [
    "Pointer",
    "is_frozen",
    "mutable_names",
    "retries_of",
    "risks_of",
    "seeds_in",
    "weaknesses_of",
]

_SLEEPS = frozenset(
    {"time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep", "gevent.sleep", "eventlet.sleep"}
)
_CLOCK = re.compile(
    r"(?:datetime\.)?datetime\.(?:now|utcnow|today)|(?:datetime\.)?date\.today|time\.time(?:_ns)?"
    r"|time\.(?:localtime|gmtime|ctime)|(?:django\.utils\.)?timezone\.now"
)
_RANDOM = re.compile(
    r"random\.(?:random|randint|randrange|choice|choices|sample|shuffle|uniform|gauss|getrandbits"
    r"|randbytes|normalvariate|betavariate|expovariate|triangular)"
    r"|(?:numpy|np)\.random\.(?!seed|Generator|RandomState|default_rng)\w+"
)
_FIXED_CLOCKS = frozenset({"freezegun", "time_machine", "freezer", "freeze_time", "frozen_time"})
_SEEDED = re.compile(r"(?:random|(?:numpy|np)\.random|torch|faker\.Faker)\.(?:seed|manual_seed)")
_GENERATORS = frozenset(
    {"random.Random", "numpy.random.default_rng", "np.random.default_rng", "faker.Faker"}
    | {"numpy.random.RandomState", "np.random.RandomState"}
)
_FROZEN = re.compile(r"\b(?:date)?time\b|(?<![a-z])now|clock", re.IGNORECASE)
_RETRIES = re.compile(r"(?:.+\.)?(?:flaky|retry|retrying|reruns?|retry_on_\w+|backoff\.on_\w+)")
_CHANGES = frozenset(
    {"append", "add", "update", "extend", "insert", "pop", "popitem", "remove", "discard"}
    | {"clear", "setdefault", "appendleft", "sort", "reverse"}
)
_MUTABLE_CALLS = frozenset(
    {"list", "dict", "set", "collections.defaultdict", "collections.deque", "collections.Counter"}
    | {"collections.OrderedDict"}
)
_EFFECTS = frozenset(
    {"publish", "publish_message", "send", "send_message", "send_mail", "sendmail", "send_email"}
    | {"send_task", "send_and_wait", "produce", "emit", "enqueue", "apply_async", "delay"}
    | {"insert", "insert_one", "insert_many", "update_one", "update_many", "bulk_create"}
    | {"delete_one", "delete_many", "bulk_write", "bulk_insert", "write", "write_text"}
    | {"write_bytes", "writelines", "commit", "delete", "save", "upload", "upload_file"}
    | {"put_object", "put_item", "delete_object", "basic_publish", "unlink", "rmtree", "notify"}
)
_NO_EFFECT = re.compile(r"(?:sys\.)?(?:stdout|stderr|buf|buffer|out|output|io|hasher?)|\?")
_FAKE_CLASS = re.compile(r"_?(?:Mock|Fake|Stub|InMemory|Dummy)[A-Z_0-9]\w*")
_SKIPPED_DOCTEST = re.compile(r"#\s*doctest:.*\+SKIP")
_RETRIED = re.compile(r"retry\w*|retrying|with_retr(?:y|ies)\w*|on_exception|on_predicate")
"""Decorators of a program that run a function again, with delays between."""


class Pointer:
    """Makes findings whose text is the line that they stand on."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines

    def at(self, kind: str, line: int) -> Finding:
        """Return a finding on a line, counted from 1."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Finding(kind, line, shorten(text.strip()))

    def doctests(self, *, all_of_them: bool) -> Iterator[Finding]:
        """Yield the lines of doctests that are skipped, and the first that is not.

        The latter where `all_of_them` are asked for: tests hold such lines as data.
        """
        left = all_of_them
        for number, line in enumerate(self.lines, 1):
            if "doctest:" in line and _SKIPPED_DOCTEST.search(line):
                yield self.at("doctest-ignored", number)
            elif left and ">>> " in line and line.lstrip().startswith(">>> "):
                left = False
                yield self.at("doctest", number)


def is_frozen(mocks: Iterable[Mock]) -> bool:
    """Return whether some of these mocks hold the clock still."""
    return any(mock.how in _FIXED_CLOCKS or _FROZEN.search(mock.target) for mock in mocks)


def seeds_in(body: Body, names: Names) -> bool:
    """Return whether statements seed the random numbers."""
    return any(_SEEDED.fullmatch(names.of(call.func)) for call in body.calls)


def mutable_names(statements: Iterable[ast.stmt], names: Names) -> frozenset[str]:
    """Return the names at a module's level that hold a list, dictionary or set."""
    found = set()
    for node in statements:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            value = node.value
            call = isinstance(value, ast.Call) and names.of(value.func) in _MUTABLE_CALLS
            if call or isinstance(value, ast.List | ast.Dict | ast.Set):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return frozenset(found)


def risks_of(
    body: Body, names: Names, shared: frozenset[str], *, frozen: bool, seeded: bool
) -> Iterator[tuple[str, int]]:
    """Yield what makes a test slow, or pass on one day and fail on another: kind and line.

    `shared` are the module's own changeable values; `frozen` says that the clock is held
    still, `seeded` that random numbers are the same on every run.
    """
    own = {
        target.id
        for node in body.assigns
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    } - {name for node in body.globals for name in node.names}
    for call in body.calls:
        name = names.of(call.func)
        before, _, last = name.rpartition(".")
        if name in _SLEEPS and _is_long(call.args[:1]):
            yield "sleep", call.lineno
        elif not frozen and _CLOCK.fullmatch(name) and (last == "now" or not call.args):
            yield "time", call.lineno
        elif not seeded and (_RANDOM.fullmatch(name) or _is_unseeded(name, call)):
            yield "random", call.lineno
        elif last in _CHANGES and before in shared and before not in own:
            yield "shared-state", call.lineno
        if any(word.arg == "timeout" and _is_long([word.value]) for word in call.keywords):
            yield "timeout", call.lineno
    yield from _changed(body, shared - own)


def _is_long(args: Sequence[ast.expr]) -> bool:
    """Return whether a duration is written out and is not zero."""
    value = args[0].value if args and isinstance(args[0], ast.Constant) else None
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _is_unseeded(name: str, call: ast.Call) -> bool:
    return name in _GENERATORS and not call.args and not call.keywords


def _changed(body: Body, shared: frozenset[str]) -> Iterator[tuple[str, int]]:
    changed = {name for node in body.globals for name in node.names}
    for node in body.assigns:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            item = target.value if isinstance(target, ast.Subscript) else None
            by_item = isinstance(item, ast.Name) and item.id in shared
            if by_item or (isinstance(target, ast.Name) and target.id in changed):
                yield "shared-state", node.lineno


def retries_of(decorators: Iterable[ast.expr], names: Names) -> Iterator[tuple[str, int]]:
    """Yield the decorators that run a test again, or that give it a limit of time."""
    for node in decorators:
        name = names.of(node.func if isinstance(node, ast.Call) else node)
        if _RETRIES.fullmatch(name):
            yield "retry", node.lineno
        elif name == "pytest.mark.timeout":
            yield "timeout", node.lineno


def weaknesses_of(body: Body, names: Names) -> Iterator[tuple[str, int]]:
    """Yield what the program itself does that tests should know of: kind and line.

    "fallback": something that takes the real part's place when that is missing;
    "mock-class": a stand-in among the program; "side-effect": a call that changes something
    outside; "sleep" and "retry": what makes the tests slow that reach it.
    """
    yield from _waits_of(body, names)
    for node in body.classes:
        if _FAKE_CLASS.fullmatch(node.name):
            yield "mock-class", node.lineno
    for call in body.calls:
        name = names.of(call.func)
        before, _, last = name.rpartition(".")
        if last in _EFFECTS and before and not _NO_EFFECT.fullmatch(before):
            moved = last == "insert" and call.args and isinstance(call.args[0], ast.Constant)
            if not (moved and isinstance(getattr(call.args[0], "value", None), int)):
                yield "side-effect", call.lineno
        if last in {"getenv", "get", "config", "Field", "setdefault", "pop", "Option", "env"}:
            given = [*call.args[1:2], *(w.value for w in call.keywords if w.arg == "default")]
            if any(map(is_sqlite, given)) or (last == "Field" and any(map(is_sqlite, call.args))):
                yield "fallback", call.lineno
    yield from _fallbacks(body, names)


def _waits_of(body: Body, names: Names) -> Iterator[tuple[str, int]]:
    for call in body.calls:
        given = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else 1
        if names.of(call.func) in _SLEEPS and given:
            yield "sleep", call.lineno
    for function in body.functions:
        for node in function.decorator_list:
            name = names.of(node.func if isinstance(node, ast.Call) else node)
            if _RETRIED.fullmatch(name.rpartition(".")[2]):
                yield "retry", node.lineno


def _fallbacks(body: Body, names: Names) -> Iterator[tuple[str, int]]:
    for choice in body.choices:
        last = choice.values[-1] if isinstance(choice, ast.BoolOp) else choice.orelse
        if is_sqlite(last):
            yield "fallback", last.lineno
    for function in body.functions:
        for given in (*function.args.defaults, *function.args.kw_defaults):
            if is_sqlite(given):
                yield "fallback", given.lineno if given else function.lineno
    for node in body.classes:
        for one in node.body:
            if isinstance(one, ast.AnnAssign) and is_sqlite(one.value):
                yield "fallback", one.lineno
    for handler in body.handlers:
        for statement in handler.body:
            if isinstance(statement, ast.Assign) and _stands_in(statement.value, names):
                yield "fallback", statement.lineno


def _stands_in(value: ast.expr, names: Names) -> bool:
    """Return whether a value is SQLite's URL or something that calls itself a stand-in."""
    if is_sqlite(value):
        return True
    name = names.of(value.func if isinstance(value, ast.Call) else value)
    last = name.rpartition(".")[2]
    return bool(_FAKE_CLASS.fullmatch(last)) or last in {"Mock", "MagicMock", "AsyncMock"}
