"""Logs: one line an event, whoever logs it, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import structlog
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from worker.logs import MASK, configure_logs, get_logger, log_context, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "cAnArY0815cAnArY0815"
FORGERY = 'lib/a\n{"level": "critical", "event": "forged"}\r\u2028\x1b[31m.py'


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    """Give the process its own logging back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    """Return where JSON lines go."""
    stream = io.StringIO()
    configure_logs("json", stream)
    return stream


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _fail(text: str) -> NoReturn:
    local = CANARY  # a pretty traceback would show it
    if local:
        raise ValueError(text)
    raise AssertionError


class MaskedToken:
    """A token as `worker.github_api` holds one."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Token({MASK})"


@dataclass(frozen=True)
class Holder:
    """A value with a secret somewhere inside."""

    token: MaskedToken
    key: SecretStr


def test_a_line_says_what_where_and_when(stream: io.StringIO) -> None:
    """An operator could not find the lines of a pull request that went wrong."""
    log = get_logger("worker.flows")
    with (
        log_context(delivery="d-1", installation=7, repository="acme/rockets"),
        log_context(pull_request=5, head="abc"),
    ):
        log.info("judged", conclusion="success")
    log.info("idle")
    judged, idle = _lines(stream)
    assert judged.pop("time").endswith("Z")
    assert judged == {
        "event": "judged",
        "level": "info",
        "logger": "worker.flows",
        "delivery": "d-1",
        "installation": 7,
        "repository": "acme/rockets",
        "pull_request": 5,
        "head": "abc",
        "conclusion": "success",
    }
    assert "delivery" not in idle


def test_other_libraries_speak_through_the_same_chain(stream: io.StringIO) -> None:
    """Lines of uvicorn and RQ would break whatever reads JSON, and skip the masks."""
    for name in ("uvicorn.error", "uvicorn.access", "rq.worker", "anything.else"):
        with log_context(delivery="d-1"):
            logging.getLogger(name).warning("%s: %s", "said", f"Bearer {CANARY}")
    lines = _lines(stream)
    assert [line["logger"] for line in lines] == [
        "uvicorn.error",
        "uvicorn.access",
        "rq.worker",
        "anything.else",
    ]
    for line in lines:
        assert (line["event"], line["delivery"]) == (f"said: Bearer {MASK}", "d-1")


def test_handlers_that_libraries_brought_are_removed() -> None:
    """Every line of uvicorn would be written twice, once without the masks."""
    other, stream = io.StringIO(), io.StringIO()
    logger = logging.getLogger("uvicorn")
    logger.addHandler(logging.StreamHandler(other))
    logger.propagate = False
    configure_logs("json", stream)
    logging.getLogger("uvicorn.error").error("started")
    assert other.getvalue() == ""
    assert len(_lines(stream)) == 1


def test_a_name_from_a_pull_request_makes_no_second_line(stream: io.StringIO) -> None:
    """A file name could write any line into the log, and hide what really happened."""
    get_logger("x").warning("seen %s", FORGERY, path=FORGERY, many=[FORGERY], by={FORGERY: 1})
    logging.getLogger("y").warning("seen %s", FORGERY)
    try:
        _fail(FORGERY)
    except ValueError:
        logging.getLogger("y").exception("failed")
    lines = _lines(stream)
    assert stream.getvalue().isascii()
    assert [line["level"] for line in lines] == ["warning", "warning", "error"]
    assert lines[0]["path"] == FORGERY


def test_text_shows_no_control_characters() -> None:
    """A file name could forge a line or clear the screen of who reads the log."""
    stream = io.StringIO()
    configure_logs("text", stream)
    get_logger("x").warning(FORGERY, path=FORGERY, many=[FORGERY])
    logging.getLogger("y").warning(FORGERY)
    text = stream.getvalue()
    assert text.count("\n") == 2
    assert not set(text) & set("\r\u2028\x1b")
    assert "forged" in text


def test_text_keeps_a_tracebacks_lines() -> None:
    """A developer would have to read a traceback on one line."""
    stream = io.StringIO()
    configure_logs("text", stream)
    try:
        _fail("broken\x1b[2J")
    except ValueError:
        get_logger("x").exception("failed")
    text = stream.getvalue()
    assert "\nValueError: broken\\x1b[2J\n" in text
    assert CANARY not in text, "a local variable was shown"


@pytest.mark.parametrize(
    "text",
    [
        f"ghs_{CANARY}",
        f"ghp_{CANARY}",
        f"gho_{CANARY}",
        f"github_pat_11AA_{CANARY}",
        f"ghs_123_eyJhbGciOi.{CANARY}.{CANARY}",
        f"eyJhbGciOiJSUzI1NiJ9.{CANARY}.{CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"{{'Authorization': 'token {CANARY}'}}",
        f"authorization=Basic {CANARY}==",
        f"bearer {CANARY}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\\n{CANARY}\\n-----END PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\ncut",
        f"redis://:{CANARY}@localhost:6379/0",
        f"postgresql+psycopg://covgate:{CANARY}@db/covgate",
        f"https://x.blob.core.windows.net/a.zip?se=2030&sig={CANARY}%3D&sp=r",
        f"https://s3.example.com/a?X-Amz-Signature={CANARY}",
        f"GET /setup?token={CANARY} HTTP/1.1",
    ],
)
@pytest.mark.parametrize("format", ["json", "text"])
def test_no_secret_reaches_a_log_by_any_way(text: str, format: str) -> None:  # noqa: A002 -- the parameter's name
    """Who reads the logs could act as the App on every repository it is installed in."""
    stream = io.StringIO()
    configure_logs(format, stream)
    log = get_logger("x")
    log.info(f"got {text} back")
    log.info("got %s", text)
    log.info("got", value=text, many=[text], deep={"a": ({"b": text},)}, raw=text.encode())
    log.info("got", keyed={text: 1})
    logging.getLogger("urllib3").warning("sent %s", text)
    try:
        try:
            _fail(text)
        except ValueError as error:
            raise RuntimeError(f"while {text}") from error
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("rq.worker").error("failed", exc_info=True)
    assert CANARY not in stream.getvalue()
    assert MASK in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "text"])
def test_secrets_are_masked_by_their_type_and_name(format: str) -> None:  # noqa: A002 -- the parameter's name
    """A webhook secret looks like any other text: no pattern would find it."""
    stream = io.StringIO()
    configure_logs(format, stream)
    secret, token = SecretStr(CANARY), MaskedToken(CANARY)
    get_logger("x").info(
        f"{secret} {token}",
        key=secret,
        tokens=[token, secret],
        holder=Holder(token, secret),
        token=CANARY,
        headers={"Authorization": CANARY, "Set-Cookie": CANARY},
    )
    logging.getLogger("y").warning("%s %r %s", secret, secret, Holder(token, secret))
    assert CANARY not in stream.getvalue()


def test_what_is_no_secret_stays_readable() -> None:
    """A log of asterisks helps nobody."""
    for text in (
        "https://github.com/acme/rockets/pull/5?tab=files",
        "redis://localhost:6379/0",
        "listening on http://127.0.0.1:8000",
        "a@b.example wrote src/bearer.py:12",
        "eyJ is how they begin",
    ):
        assert redact(text) == text


@examples(max_examples=50)
@given(text=st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """A line that passes two masks would be cut further each time."""
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "unit", ["a", "://", "://a:", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "ghs_", "bearer "]
)
def test_a_long_text_costs_linear_time(unit: str) -> None:
    """A report's error text could hold a worker for minutes."""
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    redact(text)
    assert time.process_time() - start < 5


def test_a_value_that_can_not_be_shown_loses_no_line() -> None:
    """A job would fail because of its log."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    stream = io.StringIO()
    configure_logs("json", stream)  # here and not in a fixture: pytest's own handler stumbles
    get_logger("x").info("seen", value=Broken(), path="a\ud800b")
    (line,) = _lines(stream)
    assert line["value"] == "<Broken without a repr>"


def test_the_format_follows_the_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """Containers would get colours, terminals would get JSON."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    configure_logs(None, terminal)
    get_logger("x").info("hello")
    assert "\x1b[" in terminal.getvalue()
    configure_logs(None, sys.stdout)
    get_logger("x").info("hello")
    assert json.loads(capsys.readouterr().out)["event"] == "hello"
