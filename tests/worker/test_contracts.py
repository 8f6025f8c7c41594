"""Receivers and workers of two neighbouring versions, on one queue."""

from __future__ import annotations

import json

import pytest

from worker.contracts import Notice, Subject, SubjectKind, Sweep, decode_notice, encode_notice
from worker.tasks import reconcile

PULL = Subject.pull(12, 345, 7)


def test_what_a_newer_receiver_adds_is_passed_over():
    """Older workers would drop every delivery during a deployment."""
    sent = json.loads(encode_notice(Notice(PULL, "octo/hello", "pull_request.opened")))
    sent |= {"priority": "high", "facts": {"comment": "1", "colour": "red"}}
    sent["subject"]["shard"] = 3
    read = decode_notice(json.dumps(sent))
    assert read.subject == PULL
    assert read.facts["comment"] == "1"


def test_what_an_older_receiver_leaves_out_has_its_default():
    """Newer workers would drop what waited when they were installed."""
    sent = json.loads(encode_notice(Notice(PULL, "octo/hello", "pull_request.opened")))
    for name in ("once", "facts"):
        del sent[name]
    assert decode_notice(json.dumps(sent)) == Notice(PULL, "octo/hello", "pull_request.opened")


@pytest.mark.parametrize(
    "subject",
    [
        PULL,
        Subject.commit(12, 345, "a" * 40),
        Subject.group(12, 345, "a" * 40),
        Subject(12, 0, SubjectKind.INSTALLATION, "deleted"),
        Subject.sweep(Sweep.PULLS, 12, 345),
    ],
    ids=lambda subject: subject.kind,
)
def test_a_subject_is_what_its_key_says(subject: Subject):
    """A worker would look at another pull request than the one that it was woken for."""
    assert Subject.parse(subject.key) == subject


@pytest.mark.parametrize(
    "key",
    ["12:345:planet:9", "12:0:installation:renamed", "0:0:sweep:stars", "12:345", "x:1:pull:1"],
)
def test_what_only_a_newer_version_knows_is_left_alone(key: str):
    """An old worker would take "renamed" for "deleted" and throw a history away."""
    with pytest.raises(ValueError, match=r"."):
        Subject.parse(key)
    assert reconcile(key) == "unknown"
