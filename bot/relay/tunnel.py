"""`covgate tunnel`: deliveries from a smee channel to a receiver that GitHub can't reach."""

from __future__ import annotations

import random
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests

from bot.listener import follower
from bot.relay.messages import MessageError, read_events, read_message, variants
from bot.relay.sending import SendingError, deliver
from bot.setup.addresses import check_address
from worker.core.errors import CovgateError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TunnelError", "forwarding", "run_tunnel"]

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 90.0
"""smee sends something every 30 seconds; after this long the connection is taken for dead."""
_SHORTEST, _LONGEST = 0.5, 30.0
"""Seconds between two tries to connect: doubled each time, and never two clients in step."""
_GRACE = 5.0

_log = get_logger(__name__)


class TunnelError(CovgateError):
    """What answers at an address is no channel, and will be none a moment later."""


def run_tunnel(
    channel: str,
    target: str,
    *,
    wait: Callable[[float], None] = time.sleep,
    tries: int | None = None,
) -> None:
    """Forward what the channel sends to the receiver, until a signal ends the process.

    A connection that breaks, or can't be had, is made again, with growing pauses; `tries`
    limits the connections. Raises `AddressError` for what is no address and `TunnelError`
    for an address without a channel.
    """
    channel = check_address(channel, "The channel's address")
    target = check_address(target, "The receiver's address")
    pause = _SHORTEST
    made = 0
    with requests.Session() as session:
        while tries is None or made < tries:
            made += 1
            if _follow(session, channel, target):
                pause = _SHORTEST
            wait(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST)


def _follow(session: requests.Session, channel: str, target: str) -> bool:
    """Forward over one connection until it ends; return whether there was one."""
    connected = False
    try:
        with session.get(
            channel,
            # smee compares the whole header.
            headers={"Accept": "text/event-stream", "User-Agent": "covgate"},
            stream=True,
            # Who runs the channel could have this machine ask its own network.
            allow_redirects=False,
            timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
        ) as response:
            _check(response, channel)
            connected = True
            _log.info("tunnel is open", channel=channel, target=target)
            for data in read_events(response.iter_content(chunk_size=None)):
                _forward(session, data, target)
    except (requests.RequestException, MessageError) as error:
        _log.warning("tunnel broke, will try again", channel=channel, error=type(error).__name__)
    else:
        _log.info("tunnel was closed, will try again", channel=channel)
    return connected


def _check(response: requests.Response, channel: str) -> None:
    """Raise where an answer is no stream of events, and where waiting does not help."""
    kind = response.headers.get("content-type", "").partition(";")[0]
    status = response.status_code
    if status == 429 or status >= 500:
        raise requests.RequestException(f"{channel} answered {status}")
    if response.is_redirect:
        raise TunnelError(f"{channel} leads to another address: give that one, if you trust it")
    if status != 200:
        raise TunnelError(f"{channel} answered {status}: is it a channel's address?")
    if kind != "text/event-stream":
        raise TunnelError(f"{channel} sends {kind or 'nothing'}: it is no smee channel")


def _forward(session: requests.Session, data: bytes, target: str) -> None:
    """Hand one delivery on, in the bytes that its signature holds for."""
    try:
        delivery = read_message(data)
    except MessageError as error:
        _log.warning("not forwarded", error=str(error))
        return
    about = {
        "delivery": delivery.headers.get("x-github-delivery", ""),
        "github_event": delivery.headers["x-github-event"],
    }
    status = 0
    try:
        for body in variants(delivery):
            status = deliver(session, target, delivery.headers, body).status
            if status != 401:
                break
    except SendingError as error:
        _log.warning("not forwarded", error=str(error), **about)
        return
    if status == 401:
        _log.warning(
            "refused: its signature does not hold. Either the secret is another one, or the "
            "channel wrote the JSON otherwise than GitHub: it can't be had through this channel "
            "then, and the pull request is found by the hourly look at all of them, or by "
            "`/covgate recheck`",
            **about,
        )
    elif 200 <= status < 300:
        _log.info("forwarded", status=status, **about)
    else:
        _log.warning("forwarded, and not taken", status=status, **about)


@contextmanager
def forwarding(channel: str, target: str) -> Iterator[None]:
    """Run a tunnel as a child while the block runs; nothing where `channel` is empty.

    A process of its own, as the one thing that ends a read from a silent peer is a signal.
    """
    if not channel:
        yield
        return
    check_address(channel, "The channel's address")
    process = subprocess.Popen(  # noqa: S603 - our own module
        follower("tunnel", channel, "--to", target),
        stdin=subprocess.PIPE,
        # A terminal's Ctrl-C is for the parent, which ends this one after all else.
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
