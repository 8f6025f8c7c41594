"""The invariants, judged from outside: on GitHub, in Redis, in the logs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.chaos.recorder import read_record, unfollowed
from tests.chaos.weather import WAIT
from worker.contracts import CHECK_NAME
from worker.core.render import MARKER, messages
from worker.inbox.keys import AWAKE, DUE, INBOX, LEASE, SEEN, TRIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from redis import Redis

    from bot.sandbox.records import CheckRun, Delivery, RequestRecord
    from tests.chaos.site import Site
    from tests.chaos.story import Thread

__all__ = ["Findings", "busy", "forgotten_of", "is_at_rest", "judge", "remembered_by_rq"]

GIVEN_UP = messages.internal_error(1).page.title
_SWEEP = re.compile(rb"\d+:\d+:sweep:")


@dataclass(slots=True)
class Findings:
    """What is wrong, by invariant; empty where all is well."""

    broken: dict[str, list[str]] = field(default_factory=dict)

    def add(self, invariant: str, text: str) -> None:
        """Note that an invariant does not hold."""
        self.broken.setdefault(invariant, []).append(text)

    def count(self, *invariants: str) -> int:
        """Return how often these do not hold."""
        return sum(len(self.broken.get(name, ())) for name in invariants)

    def __str__(self) -> str:
        rows = sorted(self.broken.items())
        return "\n".join(f"{name}: {text}" for name, texts in rows for text in texts[:10])


def judge(
    site: Site,
    threads: Iterable[Thread],
    accepted: list[Delivery],
    kills: Iterable[datetime] = (),
) -> Findings:
    """Judge everything, once all is quiet. `kills` are the moments of deaths."""
    findings = Findings()
    for guid in forgotten_of(site.redis, accepted):
        findings.add("I1 forgotten", f"{guid} was answered 202 and is not known any more")
    for told in unfollowed(read_record(site.folder / "redis"), accepted):
        findings.add("I1 lost", told)
    with site.github.world.lock:
        for thread in threads:
            _judge_comments(findings, thread)
            _judge_checks(findings, thread)
        for text in site.github.world.complaints:
            if "before the wait was over" not in text:
                findings.add("I8 complaint", text)
        for text in _early(site.github.world.requests, list(kills)):
            findings.add("I9 inside Retry-After", text)
    for name in busy(site.redis):
        findings.add("I7 left over", name)
    for place, text in _secrets(site):
        findings.add("I10 secret told", f"{place}: {text}")
    return findings


def forgotten_of(redis: Redis, accepted: list[Delivery]) -> list[str]:
    """Return the accepted deliveries that the inbox has no memory of."""
    guids = sorted({one.guid for one in accepted})
    with redis.pipeline(transaction=False) as pipeline:
        for guid in guids:
            pipeline.exists(f"{SEEN}{guid}")
        known = pipeline.execute()
    return [guid for guid, there in zip(guids, known, strict=True) if not there]


def busy(redis: Redis) -> list[str]:
    """Return what is still to be done, or was left lying. A sweep stands for ever."""
    left = [key for key in redis.scan_iter(match=f"{INBOX}*", count=1000) if not _stands(key)]
    left += [key for key in redis.scan_iter(match=f"{LEASE}*", count=1000) if not _stands(key)]
    left += [key for key in redis.zrange(DUE, 0, -1) if not _stands(key)]
    left += [key for key in redis.smembers(AWAKE) if not _stands(key)]
    left += [key for key in redis.hkeys(TRIES) if not _stands(key)]
    left += [b"rq:queue " + entry for entry in redis.lrange("rq:queue:covgate", 0, -1)]
    return sorted(key.decode() for key in left)


def is_at_rest(redis: Redis) -> bool:
    """Return whether nobody works or is about to, sweeps included."""
    leases = any(True for _ in redis.scan_iter(match=f"{LEASE}*", count=1000))
    return not (leases or redis.scard(AWAKE) or redis.llen("rq:queue:covgate"))


def remembered_by_rq(redis: Redis) -> list[str]:
    """Return what RQ still takes for running: its own maintenance forgets it in some minutes.

    No work hangs on it: the inbox alone says what has to be done.
    """
    left = redis.lrange("rq:queue:covgate:intermediate", 0, -1)
    left += redis.zrange("rq:wip:covgate", 0, -1)
    return sorted(entry.decode() for entry in left)


def _stands(key: bytes) -> bool:
    return _SWEEP.search(key) is not None


def _judge_comments(findings: Findings, thread: Thread) -> None:
    name = f"{thread.repo.full_name}#{thread.pull.number}"
    comments = thread.repo.comments_on(thread.pull.number)
    bot = thread.repo.world.bot
    own = [one for one in comments if one.author.id == bot.id and one.body.startswith(MARKER)]
    if len(own) > 1:
        findings.add("I2 doubled comment", f"{name} has {len(own)} comments")
    head = thread.pull.head_sha
    if not thread.is_poison and (not own or head[:7] not in own[0].body):
        told = own[0].body[:200] if own else "nothing"
        findings.add("I2 wrong head", f"{name}'s comment is not about {head[:7]}: {told}")
    for comment, text in thread.strangers:
        if comment.body != text or comment.id not in thread.repo.comments:
            findings.add("I5 touched a stranger's comment", f"{name}: {comment.id}")


def _judge_checks(findings: Findings, thread: Thread) -> None:
    name = f"{thread.repo.full_name}#{thread.pull.number}"
    for head in thread.heads[:-1]:
        checks = thread.repo.checks_on(head, CHECK_NAME)
        if len(checks) > 1:
            findings.add("I3 doubled check", f"{name} at {head[:7]}")
        if any(check.status != "completed" for check in checks):
            findings.add("I4 superseded head left open", f"{name} at {head[:7]}")
    checks = thread.repo.checks_on(thread.pull.head_sha, CHECK_NAME)
    if len(checks) != 1:
        what = "I3 doubled check" if checks else "I3 no check"
        findings.add(what, f"{name} at {thread.pull.head_sha[:7]}: {len(checks)}")
        return
    _judge_remarks(findings, checks[0], name)
    _judge_verdict(findings, thread, checks[0], name)


def _judge_remarks(findings: Findings, check: CheckRun, name: str) -> None:
    """Find remarks that stand twice at the same lines: GitHub adds whatever it is sent."""
    places = [(one["path"], one["start_line"], one["end_line"]) for one in check.annotations]
    if len(places) != len(set(places)):
        findings.add("I3 doubled remark", f"{name}: {len(places)} at {len(set(places))} places")


def _judge_verdict(findings: Findings, thread: Thread, check: CheckRun, name: str) -> None:
    told = f"{name} at {check.head_sha[:7]}: {check.status} {check.conclusion} {check.title!r}"
    if check.status != "completed":
        findings.add("I3 pending", told)
    elif thread.is_poison:
        if check.title != GIVEN_UP:
            findings.add("I11 poison not told", told)
    elif check.title == GIVEN_UP:
        findings.add("I11 healthy given up", told)
    elif check.conclusion != thread.conclusion:
        findings.add("I3 wrong conclusion", f"{told}, not {thread.conclusion}")


def _early(requests: list[RequestRecord], kills: list[datetime]) -> Iterator[str]:
    """Yield each request that came inside the wait that a 429 had asked its installation for.

    Nobody can keep what nobody knows: what is on its way has a second, and where somebody was
    killed at about that time, the answer may have died with the one who got it.
    """
    second = timedelta(seconds=1)
    for refused in (one for one in requests if one.status == 429):
        moment = refused.time
        if any(moment - 4 * second < kill < moment + 2 * second for kill in kills):
            continue
        begin, end = moment + second, moment + timedelta(seconds=WAIT - 0.5)
        for one in requests:
            if one.installation_id == refused.installation_id and begin < one.time < end:
                yield f"{one.method} {one.path} after 429 at {moment:%H:%M:%S.%f}"


def _secrets(site: Site) -> Iterator[tuple[str, str]]:
    """Yield each secret that logs or Redis's own file tell, with where."""
    world = site.github.world
    canaries = [token.encode() for token in world.tokens]
    canaries += [world.webhook_secret.encode(), site.github.private_key_pem.encode()[40:90]]
    pattern = re.compile(b"|".join(re.escape(one) for one in canaries))
    recorded = sorted((site.folder / "redis").rglob("*.aof"))
    for path in (site.log, *recorded):
        for found in sorted(set(pattern.findall(path.read_bytes()))):
            yield path.name, found.decode()[:12]
