"""Webhooks over real HTTP: signed, logged, lost and sent again."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.deliveries import headers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.repository import Repo
    from bot.sandbox.server import StandIn
    from tests.support.github import Client


class Receiver:
    """A receiver that notes what it gets and answers `status`."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 202
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/github"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def events(self) -> list[tuple[str, str | None]]:
        """Return event and action of each delivery, in the order of arrival."""
        return [(h["X-GitHub-Event"], json.loads(b).get("action")) for h, b in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def test_a_story_is_told_in_order(stand_in: StandIn, repo: Repo, receiver: Receiver):
    """Covgate would be tested with webhooks that GitHub does not send."""
    repo.commit("topic", {"calc.py": b"1\n"}, author="ann")
    pull = repo.open_pull("topic", author="ann")
    repo.run_ci(pull.head_sha)
    pull.comment("bob", "/covgate status")
    pull.merge()
    stand_in.deliver_to(receiver.url)
    assert stand_in.courier.idle()
    assert receiver.events() == [
        ("installation", "created"),
        ("push", None),
        ("check_suite", "requested"),
        ("pull_request", "opened"),
        ("workflow_run", "requested"),
        ("workflow_run", "in_progress"),
        ("workflow_run", "completed"),
        ("issue_comment", "created"),
        ("push", None),
        ("check_suite", "requested"),
        ("pull_request", "closed"),
    ]


def test_a_delivery_is_signed(stand_in: StandIn, repo: Repo, receiver: Receiver):
    """The receiver's check of signatures would be tested against our own mistake."""
    stand_in.deliver_to(receiver.url)
    assert stand_in.courier.idle()
    headers, body = receiver.got[0]
    secret = stand_in.webhook_secret.encode()
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["Content-Type"] == "application/json"


def test_what_failed_is_in_the_log_and_can_be_sent_again(
    stand_in: StandIn, repo: Repo, receiver: Receiver, app: Client
):
    """Missed webhooks could never come back."""
    receiver.status = 503
    stand_in.deliver_to(receiver.url)
    assert stand_in.courier.idle()
    [failed] = app.get("/app/hook/deliveries?status=failure").json()
    assert (failed["status_code"], failed["event"]) == (503, "installation")
    whole = app.get(f"/app/hook/deliveries/{failed['id']}").json()
    assert whole["request"]["payload"]["action"] == "created"
    assert "X-Hub-Signature-256" not in whole["request"]["headers"]
    receiver.status = 202
    assert app("POST", f"/app/hook/deliveries/{failed['id']}/attempts").status_code == 202
    assert stand_in.courier.idle()
    newest, oldest = app.get("/app/hook/deliveries").json()
    assert (newest["guid"], newest["redelivery"]) == (oldest["guid"], True)
    assert newest["status_code"] == 202
    assert len(receiver.got) == 2


def test_deliveries_have_a_cursor(stand_in: StandIn, repo: Repo, app: Client):
    """The sweep would look at the newest deliveries alone."""
    stand_in.courier.lose(10)
    stand_in.deliver_to("http://127.0.0.1:9/")
    for number in range(4):
        repo.commit("topic", {"n": b"%d" % number})
    assert stand_in.courier.idle()
    seen, url = [], "/app/hook/deliveries?per_page=4"
    while url:
        answer = app.get(url)
        seen += [item["id"] for item in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == sorted((d.id for d in stand_in.world.deliveries), reverse=True)
    assert len(seen) == 9


def test_an_outage_is_a_pause_or_a_loss(stand_in: StandIn, repo: Repo, receiver: Receiver):
    """An outage of ten minutes could not be tested."""
    stand_in.deliver_to(receiver.url)
    assert stand_in.courier.idle()
    stand_in.courier.pause()
    repo.rerequest_suite(repo.tip())
    assert len(receiver.got) == 1
    stand_in.courier.lose(1)
    stand_in.courier.resume()
    assert stand_in.courier.idle()
    codes = [delivery.status_code for delivery in stand_in.world.deliveries]
    assert codes == [202, 502]
    assert len(receiver.got) == 1


def test_a_receiver_that_is_not_there(stand_in: StandIn, repo: Repo, receiver: Receiver):
    """A delivery to a dead server would hang the stand-in."""
    receiver.server.server_close()
    stand_in.deliver_to(receiver.url)
    assert stand_in.courier.idle()
    [delivery] = stand_in.world.deliveries
    assert (delivery.status_code, delivery.status) == (502, "failed to connect to host")


def test_a_test_can_deliver_by_hand(stand_in: StandIn, repo: Repo):
    """Deliveries out of order, doubled or dropped could not be tested."""
    repo.branch("one")
    taken = stand_in.world.take_outbox()
    assert [delivery.event for delivery in taken] == ["installation", "push", "check_suite"]
    assert headers_of(stand_in.world, taken[0])["X-GitHub-Delivery"] == taken[0].guid
    assert stand_in.world.take_outbox() == []


def test_only_what_the_app_subscribed_to_is_sent(stand_in: StandIn, repo: Repo):
    """An event missing from the manifest would arrive all the same."""
    other = stand_in.world.add_repository("alone/calc", files={"a": b"1"}, installed=False)
    stand_in.world.take_outbox()
    other.branch("one")
    assert stand_in.world.take_outbox() == []
    app = stand_in.world.app
    object.__setattr__(app, "events", ("workflow_run",))
    repo.branch("one")
    assert stand_in.world.take_outbox() == []
