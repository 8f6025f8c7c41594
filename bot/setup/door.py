"""Who may set this Covgate up: whoever read the token that was printed at its start."""

from __future__ import annotations

import hmac
import secrets

__all__ = ["Door"]


class Door:
    """A one-time token, the session that it is changed for, and the proof in that one's forms.

    The first who brings the token gets the session: a link that was read over a shoulder, or
    that a browser keeps in its history, opens nothing any more. A door without a token is
    shut for good.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token
        self._session = secrets.token_urlsafe(32)
        self._used = False

    @classmethod
    def new(cls) -> Door:
        """Return a door with a fresh token."""
        return cls(secrets.token_urlsafe(32))

    @property
    def token(self) -> str:
        """The token, for the one who may read this process's output."""
        return self._token

    @property
    def used(self) -> bool:
        """Whether the token was changed for the session."""
        return self._used

    def open(self, token: str) -> str | None:
        """Return the session for the token, once; None for any other text, and later."""
        if not self._token or self._used:
            return None
        # In bytes: of texts, `compare_digest` refuses those that are not ASCII.
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return None
        self._used = True
        return self._session

    def admits(self, session: str) -> bool:
        """Return whether a request comes with the session."""
        return self._used and secrets.compare_digest(session.encode(), self._session.encode())

    @property
    def proof(self) -> str:
        """What the session's forms hold: other sites can't know it."""
        return hmac.digest(self._session.encode(), b"form", "sha256").hex()

    def proves(self, proof: str) -> bool:
        """Return whether a form is of the session."""
        return secrets.compare_digest(proof.encode(), self.proof.encode())
