"""The receiver over TCP: what GitHub, and what strangers, get for an answer."""

from __future__ import annotations

import io
import json
import logging
import socket

import pytest
import structlog

from bot.webhook import MAX_BODY, ReceiverLimits
from tests.bot.parts import (
    DATA,
    OPENED,
    SECRET,
    InboxDownError,
    MemoryAcceptor,
    ask,
    deliver,
    delivery_headers,
    make_app,
)
from tests.support.web import running
from tests.support.workers import until
from worker.contracts import Notice, Subject
from worker.logs import configure_logs


@pytest.fixture(scope="module")
def receiver():
    """One receiver for the tests that leave it as it was."""
    acceptor = MemoryAcceptor()
    with running(make_app(acceptor)) as port:
        yield port, acceptor


@pytest.fixture
def port(receiver):
    """Return the receiver's port, its inbox emptied."""
    receiver[1].accepted.clear()
    return receiver[0]


@pytest.fixture
def accepted(receiver):
    """Return what the receiver's inbox took, by delivery id."""
    return receiver[1].accepted


def changed(**fields):
    """Return the payload of an opened pull request with top-level fields changed."""
    return json.dumps(json.loads(OPENED) | fields).encode()


def test_a_delivery_is_queued(port, accepted):
    """A pull request would never get a check."""
    reply = deliver(port, delivery="4b0d")
    assert (reply.status, reply.json["status"]) == (202, "queued")
    subject = Subject.pull(1, 186853002, 2)
    (notice,) = accepted["4b0d"]
    told = Notice(subject, "Codertocat/Hello-World", "pull_request.opened", facts=notice.facts)
    assert (list(accepted), notice) == (["4b0d"], told)
    assert notice.facts == {"head": json.loads(OPENED)["pull_request"]["head"]["sha"]}


def test_a_repeated_delivery_says_so(port, accepted):
    """Whoever redelivers from GitHub's page could not tell whether it did anything."""
    deliver(port, delivery="twice")
    reply = deliver(port, delivery="twice")
    assert (reply.status, reply.json["status"]) == (202, "duplicate")
    assert list(accepted) == ["twice"]


@pytest.fixture
def log():
    """Return where the log goes, as JSON lines; the process gets its own logging back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("json", stream)
    yield stream
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def told(log, *deliveries):
    """Return what the log says of these deliveries, line by line.

    A receiver writes its line once the answer is on its way: that of an earlier test's last
    request may still come.
    """
    names = ("delivery", "installation", "repository", "pull_request", "head")
    return [
        {name: line[name] for name in names if name in line}
        for line in map(json.loads, log.getvalue().splitlines())
        if line["event"] in ("delivery", "delivery not accepted") and line["delivery"] in deliveries
    ]


def test_the_log_says_what_a_delivery_is_about(port, log):
    """An operator could not find the delivery that a pull request waits for."""
    pushed = json.loads((DATA / "push" / "no-action.5.json").read_bytes())
    pushed |= {
        "ref": "refs/heads/master",
        "after": "a" * 40,
        "deleted": False,
        "installation": {"id": 1},
    }
    deliver(port, delivery="one")
    deliver(port, body=json.dumps(pushed).encode(), event="push", delivery="two")
    until(lambda: len(told(log, "one", "two")) == 2)
    opened = json.loads(OPENED)["pull_request"]
    first, second = told(log, "one", "two")
    assert first == {
        "delivery": "one",
        "installation": 1,
        "repository": "Codertocat/Hello-World",
        "pull_request": 2,
        "head": opened["head"]["sha"],
    }
    assert second["head"] == "a" * 40
    assert "pull_request" not in second


def test_the_log_says_what_was_not_accepted(log):
    """While Redis is down, nobody could tell whose pull requests are hit."""
    acceptor = MemoryAcceptor(broken=InboxDownError("Redis is full"))
    with running(make_app(acceptor)) as port:
        assert deliver(port, delivery="lost").status == 503
        until(lambda: len(told(log, "lost")) == 2)
    assert [line["pull_request"] for line in told(log, "lost")] == [2, 2]


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=" + "0" * 64,
        "sha1=c1a5dc49e90b4bb3ae7e8a5b5d3ce1c9b9b2bd3c",
        "sha256=é",
        "\xff",
    ],
)
def test_an_unsigned_delivery_is_refused(port, accepted, signature):
    """A stranger could queue work in the App's name."""
    header = signature and signature.encode("latin-1")
    reply = deliver(port, **{"X-Hub-Signature-256": header})
    assert reply.status == 401
    assert "COVGATE_WEBHOOK_SECRET" in reply.json["detail"]
    assert not accepted


def test_the_signature_comes_before_the_json(port):
    """A stranger could feed the parser, or learn from the answers how it reads."""
    for body in (b"{", b"[" * 100_000):
        assert deliver(port, body, **{"X-Hub-Signature-256": "sha256=00"}).status == 401


def test_a_retired_secret_is_refused_and_both_hold_during_rotation():
    """Rotating the secret would lose deliveries, or the old one would stay good for ever."""
    with running(make_app(MemoryAcceptor(), webhook_secrets=[b"new", b"old"])) as port:
        assert deliver(port, secret=b"old", delivery="a").status == 202
        assert deliver(port, secret=b"new", delivery="b").status == 202
        assert deliver(port, secret=SECRET).status == 401


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", [None, "", "a b", "x" * 101, "a\tb", "é"])
def test_a_missing_or_odd_header_is_named(port, accepted, name, value):
    """A proxy that strips headers would be hard to find, and odd ids would reach the keys."""
    header = value and value.encode("latin-1")
    reply = deliver(port, **{name: header})
    assert reply.status == 400
    assert name in reply.json["detail"]
    assert not accepted


@pytest.mark.parametrize(
    "body",
    [
        OPENED[:-20],
        b"",
        b"[]",
        b'"text"',
        b"null",
        b"{} {}",
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000,
        changed(installation={"id": "1"}),
        changed(installation={"id": 2**70}),
        changed(installation={"id": -1}),
        changed(installation=7),
        changed(action=["opened"]),
        changed(repository={"id": 186853002.5, "full_name": "a/b"}),
        changed(repository={"id": 1, "full_name": "a/b/../c"}),
        changed(pull_request={}),
        changed(pull_request={"number": True}),
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_what_is_no_payload_is_refused(port, accepted, body):
    """A payload nobody foresaw would end in a 500, or as a job that fails for ever."""
    reply = deliver(port, body)
    assert (reply.status, reply.json["status"]) == (400, "not json")
    assert not accepted


def test_a_form_encoded_delivery_says_what_to_change(port):
    """Whoever chose GitHub's other content type would not learn why nothing works."""
    reply = deliver(
        port, b"payload=%7B%7D", **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert reply.status == 400
    assert "application/json" in reply.json["detail"]


@pytest.mark.parametrize(
    ("event", "body", "status"),
    [
        ("star", b"{}", "ignored"),
        ("no_such_event", b"{}", "ignored"),
        (
            "issue_comment",
            changed(action="created", issue={"number": 7}, comment={"id": 1}),
            "ignored",
        ),
        ("ping", b'{"zen": "Design for failure."}', "pong"),
        ("pull_request", changed(installation=None), "ignored"),
        ("pull_request", changed(action="labeled"), "ignored"),
        ("pull_request", changed(action="edited"), "ignored"),
    ],
)
def test_what_needs_no_work_is_acknowledged_and_not_queued(port, accepted, event, body, status):
    """GitHub would show failed deliveries, or workers would be woken for nothing."""
    reply = deliver(port, body, event=event)
    assert (reply.status, reply.json["status"]) == (202, status)
    assert not accepted


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.json")), ids=lambda path: path.stem)
def test_the_receiver_survives_every_payload_of_github(port, path):
    """One event of GitHub's that we misread would fill its page with red deliveries."""
    reply = deliver(port, path.read_bytes(), event=path.parent.name)
    assert reply.status == 202, reply.body


def send_raw(port, parts):
    """Send parts of a request as they are; return the status of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        for part in parts:
            client.sendall(part)
        return int(client.makefile("rb").readline().split()[1])


def head(headers, **changes):
    """Return a request's head in bytes."""
    lines = [f"{name}: {value}" for name, value in (headers | changes).items()]
    return "\r\n".join(["POST /webhooks/github HTTP/1.1", "Host: x", *lines, "", ""]).encode()


CHUNKED = {"Transfer-Encoding": "chunked"}


def chunks(body, size):
    """Yield a body in the chunked transfer encoding."""
    for start in range(0, len(body), size):
        part = body[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def test_25_mib_are_taken_and_one_byte_more_is_not(port, accepted):
    """GitHub's largest payloads would be lost, or a stranger's could fill the memory."""
    body = OPENED.rstrip() + b" " * (MAX_BODY - len(OPENED.rstrip()))
    assert len(body) == MAX_BODY
    assert deliver(port, body, delivery="largest").status == 202
    assert list(accepted) == ["largest"]
    reply = deliver(port, body + b" ", delivery="too-large")
    assert (reply.status, reply.json["status"]) == (413, "too large")
    assert list(accepted) == ["largest"]


def test_the_limit_holds_for_chunked_bodies():
    """A body without a Content-Length would get round the limit."""
    acceptor = MemoryAcceptor()
    limits = ReceiverLimits(body=len(OPENED))
    with running(make_app(acceptor, limits=limits)) as port:
        headers = delivery_headers(OPENED) | CHUNKED
        assert send_raw(port, [head(headers), *chunks(OPENED, 4096)]) == 202
        larger = OPENED + b" "
        headers = delivery_headers(larger, delivery="d-2") | CHUNKED
        assert send_raw(port, [head(headers), *chunks(larger, 4096)]) == 413
    assert list(acceptor.accepted) == ["d-1"]


def test_an_endless_body_is_cut_off():
    """A stranger could keep the receiver reading for ever."""
    with running(make_app(MemoryAcceptor(), limits=ReceiverLimits(body=100_000))) as port:
        endless = [head(CHUNKED), *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 4]
        assert send_raw(port, endless) == 413
        assert send_raw(port, [head({"Content-Length": 10**9})]) == 413


def test_who_asks_first_need_not_send_what_is_too_large():
    """Curl would upload megabytes for nothing."""
    with running(make_app(MemoryAcceptor(), limits=ReceiverLimits(body=100))) as port:
        asking = head({"Content-Length": 150, "Expect": "100-continue"})
        assert send_raw(port, [asking]) == 413


def test_a_body_that_does_not_arrive_is_given_up():
    """A few thousand idle connections of a stranger would use up all there may be."""
    limits = ReceiverLimits(arrival=0.1)
    with running(make_app(MemoryAcceptor(), limits=limits)) as port:
        assert send_raw(port, [head({"Content-Length": 10}), b"{"]) == 408


def test_a_client_that_hangs_up_does_no_harm(port, accepted):
    """A broken connection would leave an error in the log, or half a delivery in the inbox."""
    headers = delivery_headers(OPENED) | {"Content-Length": len(OPENED)}
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(head(headers) + OPENED[:1000])
    assert deliver(port, delivery="after").status == 202
    assert list(accepted) == ["after"]


def test_an_inbox_that_is_down_keeps_the_delivery_with_github():
    """A 202 for what was not stored would lose the delivery for good."""
    acceptor = MemoryAcceptor(broken=InboxDownError("Redis does not answer"))
    with running(make_app(acceptor)) as port:
        reply = deliver(port)
        assert (reply.status, reply.json["status"]) == (503, "unavailable")
        assert int(reply.headers["retry-after"]) > 0
        acceptor.broken = None
        assert deliver(port).json["status"] == "queued"


def test_only_post_is_answered(port):
    """A browser or a crawler would look like a broken delivery."""
    reply = ask(port, "GET", "/webhooks/github")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
