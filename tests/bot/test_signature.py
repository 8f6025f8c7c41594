"""The signature: who may hand Covgate work."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import signature
from bot.signature import sign, verify

BODY = b"Hello, World!"


def test_github_s_own_example_holds():
    """Deliveries of the real GitHub would be refused if ours differed from its algorithm."""
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"It's a Secret to Everybody", BODY) == expected


def test_either_secret_holds_while_one_is_rotated():
    """Deliveries would be lost between changing the secret here and at GitHub."""
    old, new = b"old", b"new"
    for secret in (old, new):
        assert verify([new, old], BODY, sign(secret, BODY).encode())
    assert not verify([new], BODY, sign(old, BODY).encode())


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"sha256=",
        b"sha1=" + b"0" * 40,
        sign(b"secret", BODY).encode().upper(),
        sign(b"secret", BODY).encode()[:-1],
        sign(b"secret", BODY).encode() + b" ",
        "sha256=é".encode(),
        b"sha256=\xff\xfe",
    ],
)
def test_anything_else_is_refused_without_an_error(header):
    """A stranger could queue work, or fill the log with tracebacks."""
    assert not verify([b"secret"], BODY, header)


def test_an_empty_secret_signs_nothing():
    """A setting that lost its value would let everybody in."""
    assert not verify([b""], BODY, sign(b"", BODY).encode())
    assert not verify([], BODY, sign(b"", BODY).encode())


@given(st.binary(), st.binary(min_size=1), st.binary(max_size=80))
def test_only_the_signature_of_the_body_holds(body, secret, header):
    """A forged header could pass, or a true one fail, for some body nobody thought of."""
    true = sign(secret, body).encode()
    assert verify([secret], body, true)
    assert verify([secret], body, header) == (header == true)


def test_signatures_are_compared_in_constant_time():
    """The time an answer takes would tell a stranger how much of a guess was right."""
    tree = ast.parse(Path(signature.__file__).read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert "compare_digest" in ast.dump(tree)
