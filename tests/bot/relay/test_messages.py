"""What a smee channel sends, and the bytes that GitHub's signature holds for."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.messages import MessageError, read_events, read_message, variants

SAMPLES = sorted((Path(__file__).parents[2] / "data" / "webhooks").rglob("*.json"))
HEADERS = {"X-GitHub-Event": "push", "x-github-delivery": "d-1", "host": "smee.io"}


def event(body: object, **more: object) -> bytes:
    """Return an event's data as smee writes it."""
    return json.dumps(
        HEADERS | {"body": body, "query": {}, "timestamp": 1} | more,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def test_ready_and_ping_say_nothing():
    """Every 30 seconds something would be forwarded that is no delivery."""
    stream = (
        b'id: 0\nevent: ready\ndata: {}\n\n: a comment\nevent: ping\ndata: {}\n\ndata: {"a":1}\n\n'
    )
    assert list(read_events([stream])) == [b'{"a":1}']


def test_an_event_that_is_cut_off_is_none():
    """Half of a delivery would be forwarded when the connection breaks."""
    assert list(read_events([b"data: 1\n\ndata: 2\n"])) == [b"1"]


@given(
    st.lists(st.text("abc é", min_size=1), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 5),
)
def test_events_are_the_same_however_they_are_cut(texts, end, size):
    """A delivery would be lost where the network cuts it at an odd place."""
    stream = "".join(f"event: message{end}data: {text}{end}{end}" for text in texts).encode()
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [data.decode() for data in read_events(chunks)] == texts


def test_an_event_without_an_end_is_refused(monkeypatch):
    """A channel that anybody may write to could fill the memory."""
    monkeypatch.setattr("bot.relay.messages.MOST_BYTES", 100)
    with pytest.raises(MessageError):
        list(read_events([b"data: " + b"x" * 60, b"y" * 60]))
    with pytest.raises(MessageError):
        list(read_events([b"data: " + b"x" * 60 + b"\n"] * 2))
    with pytest.raises(MessageError):
        list(read_events([b"data:\n"] * 200))


@pytest.mark.parametrize("path", SAMPLES[::7], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_bytes_of_a_compact_payload_come_through(path):
    """Signatures would fail for names that are not ASCII, or for numbers of an odd look."""
    body = json.dumps(
        json.loads(path.read_bytes()), separators=(",", ":"), ensure_ascii=False
    ).encode()
    data = json.dumps(HEADERS).encode().rstrip(b"}") + b',"body":' + body + b',"query":{}}'
    delivery = read_message(data)
    assert next(variants(delivery)) == body
    assert delivery.headers == {"x-github-event": "push", "x-github-delivery": "d-1"}


def test_numbers_keep_their_look():
    """1e21 and 1.10 would be written anew, and every signature over them fail."""
    body = b'{"a":1.10,"b":1e+21,"c":12345678901234567890,"\xc3\xa9":"\xf0\x9f\x91\x80"}'
    data = json.dumps(HEADERS).encode().rstrip(b"}") + b',"body":' + body + b"}"
    assert read_message(data).body == body


def test_other_ways_to_write_the_same_are_tried():
    """A payload that GitHub wrote with escapes would never get through smee."""
    delivery = read_message(event({"text": "<b>&é👀"}))
    assert list(variants(delivery)) == [
        '{"text":"<b>&é👀"}'.encode(),
        '{"text":"\\u003cb\\u003e\\u0026é👀"}'.encode(),
        b'{"text":"<b>&\\u00e9\\ud83d\\udc40"}',
        b'{"text":"\\u003cb\\u003e\\u0026\\u00e9\\ud83d\\udc40"}',
    ]
    assert {json.loads(one)["text"] for one in variants(delivery)} == {"<b>&é👀"}


@pytest.mark.parametrize(
    "more",
    [
        {"rawbody": '{ "a" : 1 }'},
        {"bodyB": base64.b64encode(b'{ "a" : 1 }').decode()},
    ],
    ids=["newer smee", "gosmee"],
)
def test_the_exact_bytes_are_preferred(more):
    """Channels that keep GitHub's own bytes would be used as if they did not."""
    delivery = read_message(event({"a": 1}, **more))
    assert list(variants(delivery)) == [b'{ "a" : 1 }']


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense",
        b"[]",
        b"\xff",
        b"{}",
        b'{"x-github-event":1,"body":{}}',
        b'{"x-github-event":"push"}',
        b'{"x-github-event":"push","bodyB":"*"}',
        b'{"x-github-event":"push","body":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_delivery_is_told(data):
    """Anybody who knows a channel may post to it, and end the tunnel."""
    with pytest.raises(MessageError):
        read_message(data)
