"""A job that has to end now: what it had in work goes to the next worker, whole."""

from __future__ import annotations

import os
import signal

import pytest

from tests.worker.flows.world import World
from worker.core.errors import StoppedError
from worker.flows.reconcile import reconcile
from worker.stopping import handing_back


def test_a_stopped_look_is_taken_up_again_at_once(monkeypatch: pytest.MonkeyPatch):
    """A deployment would delay a verdict by a minute, and the third one end it as a defect."""
    world = World()
    world.base_report()
    world.ci(2, world.report(15))
    subject = world.notify()

    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(world.github, "artifacts", stop)
        with handing_back():
            assert reconcile(subject, world.deps) == "handed back"
    claim = world.inbox.claim(subject)
    assert claim is not None
    assert claim.tries == 1
    world.inbox.put_off(claim, 0)
    assert reconcile(subject, world.deps) == "done"
    assert world.check.conclusion == "success"


def test_the_signal_stops_once_and_means_nothing_special_afterwards():
    """A worker could not be ended any more, or a job break off while it hands back."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StoppedError), handing_back():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
