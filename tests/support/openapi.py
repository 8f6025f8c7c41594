"""GitHub's own description as a judge of every message that passes the stand-in.

The slice in tests/data/openapi holds the operations in use. `Contract.watch` wraps an ASGI
application; what GitHub's description does not allow ends in `violations`.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

SLICE = Path(__file__).parent.parent / "data" / "openapi" / "github.json.gz"

# Where GitHub's answers are known to differ from its description, or the description can
# not say it. Each row: operation or webhook (`*`: any), a part of the complaint, the reason.
DRIFT: tuple[tuple[str, str, str], ...] = (
    ("*", "head/repo: null", "a pull request from a fork that was deleted"),
    ("*", "head_repository: null", "a run in a fork that was deleted"),
    (
        "GET /app/installations",
        "/account: ",
        "its copy of the schema wants a user AND an enterprise; the schema itself, either",
    ),
    (
        "webhook check-suite-rerequested",
        '"merge_group" is not one of',
        "the list of an App's events was not extended when merge queues came",
    ),
)


@dataclass(frozen=True)
class Operation:
    """One operation of the description, with its validators made on first use."""

    method: str
    template: str
    pattern: re.Pattern[str]
    node: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


def _as_json_schema(node: Any) -> Any:
    """Return an OpenAPI 3.0 schema as a JSON Schema: `nullable` becomes a type."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [made, {"enum": [None]}]}
    return made


class Description:
    """The slice, read once a process."""

    @cached_property
    def document(self) -> dict[str, Any]:
        return json.loads(gzip.decompress(SLICE.read_bytes()))

    @cached_property
    def _components(self) -> dict[str, Any]:
        return {"schemas": _as_json_schema(self.document["components"]["schemas"])}

    @cached_property
    def operations(self) -> list[Operation]:
        """All operations, the most literal templates first."""
        found = []
        for template, methods in self.document["paths"].items():
            for method, node in methods.items():
                many = {
                    parameter["name"]
                    for parameter in map(self.resolve, node.get("parameters", []))
                    if parameter.get("x-multi-segment")
                }
                parts = re.split(r"\{([\w-]+)\}", template)
                pattern = "".join(
                    re.escape(part) if at % 2 == 0 else "(.+)" if part in many else "([^/]+)"
                    for at, part in enumerate(parts)
                )
                found.append(Operation(method.upper(), template, re.compile(pattern), node))
        return sorted(found, key=lambda op: -len(re.sub(r"\{.*?\}", "", op.template)))

    def resolve(self, node: Any) -> Any:
        """Return what a `$ref` points to, or the node itself."""
        while "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            node = self.document["components"][kind][name]
        return node

    def validator(self, schema: Any) -> jsonschema_rs.Draft4Validator:
        whole = _as_json_schema(schema) | {"components": self._components}
        return jsonschema_rs.Draft4Validator(whole)

    @cache  # noqa: B019 - there is one Description, for the whole process
    def body_validator(self, name: str, status: str) -> jsonschema_rs.Draft4Validator | None:
        """Return the validator of an operation's request ("") or of an answer."""
        operation = next(op for op in self.operations if op.name == name)
        if status:
            holder = self.resolve(operation.node["responses"].get(status, {}))
        else:
            holder = operation.node.get("requestBody", {})
        media = holder.get("content", {}).get("application/json", {})
        return self.validator(media["schema"]) if "schema" in media else None

    @cache  # noqa: B019 - there is one Description, for the whole process
    def webhook_validator(self, name: str) -> jsonschema_rs.Draft4Validator:
        """Return the validator of a webhook's payload: "pull-request-opened"."""
        body = self.document["x-webhooks"][name]
        return self.validator(body["content"]["application/json"]["schema"])

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation of a raw path."""
        for operation in self.operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return operation
        return None


DESCRIPTION = Description()


def _errors(validator: jsonschema_rs.Draft4Validator, value: Any) -> list[str]:
    return [
        "/".join(map(str, error.instance_path)) + ": " + _innermost(error)
        for error in validator.iter_errors(value)
    ]


def _innermost(error: Any) -> str:
    text = error.message
    return text if len(text) < 300 else f"{text[:150]} … {text[-150:]}"


class Contract:
    """What was seen to break the description, as texts."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.checked = 0
        self.operations: set[str] = set()
        self.webhooks: set[str] = set()
        self.excused: set[tuple[str, str, str]] = set()

    def clear(self) -> None:
        """Forget what was seen."""
        self.violations.clear()

    def watch(self, app: Any, *, prefix: str = "") -> Any:
        """Return an ASGI application that checks what goes in and out of `app`."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            asked, answered = bytearray(), bytearray()
            start: dict[str, Any] = {}

            async def listen() -> Any:
                message = await receive()
                asked.extend(message.get("body", b""))
                return message

            async def tell(message: Any) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                elif not message.get("more_body"):
                    answered.extend(message.get("body", b""))
                    self._check(scope, prefix, bytes(asked), start, bytes(answered))
                await send(message)

            await app(scope, listen, tell)

        return watched

    def check_webhook(self, event: str, payload: dict[str, Any]) -> None:
        """Check a webhook's payload; one that the slice lacks is a violation too."""
        parts = [event, payload["action"]] if payload.get("action") else [event]
        name = "-".join(parts).replace("_", "-")
        self.webhooks.add(name)
        self.checked += 1
        if name not in DESCRIPTION.document["x-webhooks"]:
            self.violations.append(f"webhook {name}: not in the slice")
            return
        for error in _errors(DESCRIPTION.webhook_validator(name), payload):
            self._note(f"webhook {name}", error)

    def _note(self, where: str, what: str) -> None:
        excuses = {row for row in DRIFT if row[0] in ("*", where) and row[1] in what}
        self.excused |= excuses
        if not excuses:
            self.violations.append(f"{where}: {what}")

    def _check(
        self, scope: Any, prefix: str, asked: bytes, start: dict[str, Any], answered: bytes
    ) -> None:
        path = scope["raw_path"].decode().partition("?")[0].removeprefix(prefix)
        operation = DESCRIPTION.find(scope["method"], path)
        status = start["status"]
        headers = {k.decode().lower(): v.decode("latin-1") for k, v in start["headers"]}
        where = f"{scope['method']} {path}" if operation is None else operation.name
        self.checked += 1
        if operation is None:
            if status < 400:
                self._note(where, f"answered {status}, but the description has no such route")
            return
        self.operations.add(operation.name)
        if status < 400:
            self._check_query(operation, scope["query_string"].decode())
            self._check_request(operation, asked)
        self._check_answer(operation, status, headers, answered)

    def _check_query(self, operation: Operation, query: str) -> None:
        known = {
            p["name"]: p
            for p in map(DESCRIPTION.resolve, operation.node.get("parameters", []))
            if p["in"] == "query"
        }
        for name, text in parse_qsl(query, keep_blank_values=True):
            if name not in known:
                self._note(operation.name, f"unknown parameter {name!r}")
                continue
            schema = known[name]["schema"]
            value = int(text) if schema.get("type") == "integer" and text.isdigit() else text
            for error in _errors(DESCRIPTION.validator(schema), value):
                self._note(operation.name, f"parameter {name}: {error}")

    def _check_request(self, operation: Operation, asked: bytes) -> None:
        if not asked:
            return
        validator = DESCRIPTION.body_validator(operation.name, "")
        if validator is None:
            self._note(operation.name, f"takes no body, but got {asked[:80]!r}")
            return
        for error in _errors(validator, json.loads(asked)):
            self._note(operation.name, f"request {error}")

    def _check_answer(
        self, operation: Operation, status: int, headers: dict[str, str], answered: bytes
    ) -> None:
        described = str(status) in operation.node["responses"]
        # Any operation may be refused; of a refusal the shape alone is checked.
        if not described and status < 400 and status != 304:
            self._note(operation.name, f"answer {status} is not described")
        if not headers.get("content-type", "").startswith("application/json"):
            return
        value = json.loads(answered)
        if status >= 400:
            if not isinstance(value.get("message"), str):
                self._note(operation.name, f"answer {status} has no message")
            return
        validator = DESCRIPTION.body_validator(operation.name, str(status))
        if validator is not None:
            for error in _errors(validator, value):
                self._note(operation.name, f"answer {status} {error}")
