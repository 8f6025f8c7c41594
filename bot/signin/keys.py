"""What sign-in's secrets are made of: the App's own, so that nothing more is to be set."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["derive"]


def derive(private_key: str, purpose: str) -> bytes:
    """Return 32 bytes, base64url, that only a holder of the App's private key can have.

    Each purpose has its own. Another private key ends what was made with them.
    """
    made = HKDF(SHA256(), 32, salt=None, info=f"covgate {purpose}".encode())
    return base64.urlsafe_b64encode(made.derive(private_key.encode()))
