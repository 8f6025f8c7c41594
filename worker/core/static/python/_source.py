"""The program's own side of a Python file: functions, error paths, ways to the outside."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from worker.core.static.facts import SourceFunction, SourcePoint
from worker.core.static.python._tree import Function, define, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.core.static.python._tree import Body, Names

__all__ = ["error_lines", "functions_of", "points_of", "tables_in"]

_VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "websocket", "route"}
    | {"api_route", "websocket_route"}
)
_ADD_ROUTE = re.compile(
    r"add_(?:url_rule|api_route|route|websocket_route|get|post|put|patch|delete)"
)
_DJANGO = re.compile(r"django\.(?:urls|conf\.urls)\.(?:path|re_path|url)")
_ROUTES = re.compile(
    r"(?:starlette|fastapi|aiohttp)(?:\.\w+)*\.(?:Route|WebSocketRoute|Mount|route)"
)
_SQL = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+[\"`\[]?([A-Za-z_][\w.]{0,80})",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|MERGE)\b", re.IGNORECASE
)
_EXECUTE = frozenset(
    {"execute", "executemany", "executescript", "fetch", "fetchrow", "fetchval", "fetch_all"}
    | {"fetch_one", "fetchall", "fetchone", "text", "raw", "read_sql", "read_sql_query", "scalar"}
)
_TABLES = re.compile(r"(?:sqlalchemy\.(?:\w+\.)*)Table|\w+\.Table")
_MODEL = re.compile(r"(?:django\.db\.)?models\.Model")
_TOPIC_SENT = frozenset({"send", "produce", "publish", "send_and_wait", "subscribe", "topic_path"})
_BROKER = re.compile(
    r"producer|consumer|kafka|publisher|subscriber|nats|nc\b|broker|pubsub|mqtt|js\b", re.IGNORECASE
)
_CONSUMER = re.compile(r"(?:.+\.)?(?:AIO)?KafkaConsumer")
_QUEUES = frozenset({"queue_declare", "basic_consume", "basic_publish", "get_queue_by_name"})
_TASKS = re.compile(
    r"celery\.shared_task|(?:\w+\.)*(?:app|celery|celery_app)\.task|dramatiq\.actor|rq\.decorators\.job"
)
_CALLS = re.compile(
    r"(?:requests|httpx)\.(?:get|post|put|patch|delete|head|options|request|stream)"
    r"|urllib\.request\.(?:urlopen|Request)|aiohttp\.(?:ClientSession|request)"
    r"|boto3\.(?:client|resource)|smtplib\.SMTP(?:_SSL)?|grpc(?:\.aio)?\.(?:in)?secure_channel"
    r"|(?:http\.client)\.HTTPS?Connection|stripe\.\w+\.create|twilio\.rest\.Client"
)
_MOST_SQL = 20_000
"""Characters of a statement that are looked at."""


def functions_of(tree: ast.Module) -> tuple[SourceFunction, ...]:
    """Return the functions of a module, with the names of what they stand in: "Cart.total"."""
    return tuple(
        SourceFunction(
            ".".join([*one.outer, one.node.name]), one.node.lineno, one.node.end_lineno or 0
        )
        for one in define(tree.body, inner=True)
        if isinstance(one.node, Function)
    )


def error_lines(body: Body, names: Names) -> tuple[int, ...]:
    """Return the lines that run when something goes wrong: handlers' bodies, `raise`.

    What an abstract method raises is no error path.
    """
    lines: set[int] = set()
    for handler in body.handlers:
        if handler.body:
            lines.update(range(handler.body[0].lineno, (handler.body[-1].end_lineno or 0) + 1))
    for node in body.raises:
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if called is None or names.of(called) != "NotImplementedError":
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return tuple(sorted(lines))


def points_of(body: Body, names: Names) -> tuple[SourcePoint, ...]:
    """Return where the program meets the outside, by line."""
    found = set()
    for function in body.functions:
        found |= set(_decorated(function, names))
    for node in body.classes:
        found |= set(_models(node, names))
    given = {
        id(node.value): words_of(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        for node in body.assigns
    }
    for call in body.calls:
        found |= set(_called(call, names, given.get(id(call), "")))
    return tuple(sorted(found, key=lambda one: (one.line, one.kind, one.name)))


def _text(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _decorated(
    function: ast.FunctionDef | ast.AsyncFunctionDef, names: Names
) -> Iterator[SourcePoint]:
    first = function.body[0].lineno
    # A body on the line of its head runs on import as far as a report can tell.
    lines = (first, function.end_lineno or 0) if first > function.lineno else (0, 0)
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = names.of(call.func if call else decorator)
        last = name.rpartition(".")[2]
        path = _text(call.args[0]) if call and call.args else None
        if last in _VERBS and path is not None and path.startswith(("/", "^")):
            yield SourcePoint(
                "route",
                f"{_method(last)} {words_of(call.args[0]) if call else ''}",
                decorator.lineno,
                *lines,
            )
        elif _TASKS.fullmatch(name):
            yield SourcePoint("queue", function.name, decorator.lineno, *lines)
        elif last in {"subscriber", "publisher"} and path:
            yield SourcePoint("topic", path, decorator.lineno, *lines)


def _method(verb: str) -> str:
    return "ANY" if verb in {"route", "api_route"} else verb.removesuffix("_route").upper()


def _models(node: ast.ClassDef, names: Names) -> Iterator[SourcePoint]:
    named = None
    for statement in node.body:
        inner = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        for one in inner:
            targets = one.targets if isinstance(one, ast.Assign) else []
            if any(
                getattr(target, "id", "") in {"__tablename__", "db_table"} for target in targets
            ):
                named = _text(getattr(one, "value", None)) or named
    if named:
        yield SourcePoint("table", named, node.lineno, named=node.name)
    elif any(_MODEL.fullmatch(names.of(base)) for base in node.bases):
        yield SourcePoint("table", node.name, node.lineno, named=node.name)


def _called(call: ast.Call, names: Names, given: str) -> Iterator[SourcePoint]:
    """Yield the points that a call is. `given` is what its value is assigned to."""
    name = names.of(call.func)
    before, _, last = name.rpartition(".")
    first = call.args[0] if call.args else None
    text = _text(first)
    line = call.lineno
    lines = (line, line, call.end_lineno or line)
    if (_DJANGO.fullmatch(name) or _ROUTES.fullmatch(name)) and text is not None:
        verbs, path = _methods(call), f"/{text.lstrip('/')}"
        yield SourcePoint("route", f"{verbs} {path}", line, named=_handler(call, names))
    elif _ADD_ROUTE.fullmatch(last) and text is not None and text.startswith("/"):
        verb = last.removeprefix("add_")
        method = verb.upper() if verb in _VERBS else "ANY"
        yield SourcePoint("route", f"{method} {text}", line, named=_handler(call, names))
    elif _TABLES.fullmatch(name) and text:
        yield SourcePoint("table", text, line, named=given if given.isidentifier() else "")
    elif last in _EXECUTE and text:
        yield from (SourcePoint("table", table, *lines) for table in tables_in(text))
    elif _CONSUMER.fullmatch(name):
        yield from (SourcePoint("topic", words_of(one), *lines) for one in call.args)
    elif last in _TOPIC_SENT and first is not None and _BROKER.search(before):
        topics = getattr(first, "elts", None) or [call.args[-1] if last == "topic_path" else first]
        yield from (SourcePoint("topic", words_of(one), *lines) for one in topics if _is_told(one))
    elif last in _QUEUES:
        named = next((w.value for w in call.keywords if w.arg in {"queue", "routing_key"}), first)
        yield SourcePoint("queue", words_of(named), *lines)
    elif last == "send_task" and text:
        yield SourcePoint("queue", text, *lines)
    elif _CALLS.fullmatch(name):
        yield SourcePoint("call", f"{name} {words_of(first)}".strip(), *lines)


def _is_told(topic: ast.expr) -> bool:
    """Return whether an expression names a topic; a variable, `topic`, may hold any."""
    return not (isinstance(topic, ast.Name) and topic.id.islower())


def _methods(call: ast.Call) -> str:
    """Return the verbs that a route is said to answer, by `methods=["POST"]`."""
    given = next((word.value for word in call.keywords if word.arg == "methods"), None)
    verbs = [_text(one) for one in getattr(given, "elts", ())]
    return ", ".join(sorted(verb.upper() for verb in verbs if verb)) or "ANY"


def _handler(call: ast.Call, names: Names) -> str:
    """Return the dotted name of what answers a route, where it is written out."""
    words = {word.arg: word.value for word in call.keywords}
    given = words.get("view_func") or words.get("endpoint") or words.get("handler")
    written = [one for one in call.args[1:] if not isinstance(one, ast.Constant)]
    node = given or (written[0] if written else None)
    if isinstance(node, ast.Call):
        node = node.func  # `Detail.as_view()`
    name = "" if node is None else names.of(node)
    return "" if "?" in name else name.removesuffix(".as_view")


def tables_in(sql: str) -> Iterable[str]:
    """Return the tables that a statement of SQL names, each once."""
    if not _STATEMENT.match(sql):
        return ()
    return dict.fromkeys(match[1] for match in _SQL.finditer(sql[:_MOST_SQL]))
