"""The webhook's signature: HMAC-SHA256 over the raw bytes of the body.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["sign", "verify"]

_PREFIX = b"sha256="


def sign(secret: bytes, body: bytes) -> str:
    """Return the `X-Hub-Signature-256` of a body: "sha256=" and 64 hexadecimal digits."""
    return "sha256=" + hmac.digest(secret, body, "sha256").hex()


def verify(secrets: Sequence[bytes], body: bytes, signature: bytes) -> bool:
    """Return whether one of the secrets made this signature of the body.

    `signature` is the header's value as it came, in bytes: `compare_digest` refuses texts
    that are not ASCII, and a stranger's header must end in a 401, not in an error.
    Several secrets are in use while one is rotated.
    """
    if not signature.startswith(_PREFIX):
        return False
    claimed = signature[len(_PREFIX) :]
    return any(
        hmac.compare_digest(hmac.digest(secret, body, "sha256").hex().encode(), claimed)
        for secret in secrets
        if secret  # anybody can sign with an empty secret
    )
