"""The names of what the inbox keeps in Redis.

| key | holds |
| --- | --- |
| `cb:in:SUBJECT` | hash: delivery id → notice. A subject with an inbox is one to be looked at |
| `cb:due` | sorted set: subject → when somebody must look at it (Unix time, seconds): debounce, retry, lost wake and dead worker in one |
| `cb:awake` | set: the subjects that a wake in RQ's queue was made for and that nobody has claimed since |
| `cb:lease:SUBJECT` | the token of the claim that holds it, until it expires |
| `cb:tries` | hash: subject → claims since the last orderly end |
| `cb:eff:SUBJECT` | hash: what is known of its effects on GitHub |
| `cb:seen:DELIVERY` | how often a delivery was accepted, for four days (GitHub redelivers for three) |
| `cb:hold:INSTALLATION` | there while an installation has to wait (rate limit) |
| `cb:pace:INSTALLATION` | when the next write of an installation may be sent (Unix time, milliseconds) |
| `cb:sums` | hash: figure, labels and bucket → what workers counted (`worker.meter`) |
| `cb:cache:KEY` | what GitHub said of a commit, for a day (`worker.ports.Cache`) |
| `cb:limits` | hash: installation → what is left of its hourly limit, and until when |
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

from typing import Final

__all__ = [
    "AWAKE",
    "CACHE",
    "DUE",
    "EFFECTS",
    "EFFECTS_SECONDS",
    "HOLD",
    "INBOX",
    "LEASE",
    "LIMITS",
    "PACE",
    "SEEN",
    "SEEN_SECONDS",
    "SUMS",
    "TRIES",
]

DUE: Final = "cb:due"
AWAKE: Final = "cb:awake"
TRIES: Final = "cb:tries"
INBOX: Final = "cb:in:"
LEASE: Final = "cb:lease:"
EFFECTS: Final = "cb:eff:"
SEEN: Final = "cb:seen:"
HOLD: Final = "cb:hold:"
PACE: Final = "cb:pace:"
SUMS: Final = "cb:sums"
LIMITS: Final = "cb:limits"
CACHE: Final = "cb:cache:"

SEEN_SECONDS: Final = 4 * 24 * 3600
"""GitHub redelivers what is at most three days old:
https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks"""

EFFECTS_SECONDS: Final = 180 * 24 * 3600
"""How long effects are kept after they were last written. The memory of a server that never
forgets would grow with every pull request for ever; who is back after half a year finds its
comment by marker and author."""
