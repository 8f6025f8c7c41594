"""What a verdict costs of GitHub's hourly limit: each request is counted, none is left out."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from bot.events import read_delivery
from tests.fakes.cache import MemoryCache
from tests.fakes.inbox import MemoryInbox
from tests.fakes.store import MemoryStore
from tests.support.adapter import Adapter, Ground
from worker.contracts import CHECK_NAME
from worker.flows.deps import Deps
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.pulls import Pull
    from worker.contracts import Subject
    from worker.ports import GitHub

OLD = b"one = 1\n"
NEW = b"one = 1\ntwo = 2\n"
REPORT = {"coverage": {"lcov.info": b"SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"}}

LINES = 200


def _source(number: int) -> bytes:
    body = "".join(f"    x{line} = {line}\n" for line in range(1, LINES))
    return f"def f{number}():\n{body}".encode()


def _tests(number: int) -> bytes:
    tests = "".join(
        f"def test_{case}():\n    assert m{number}.f{number}() is None\n\n\n"
        for case in range(LINES // 4)
    )
    return f"from shop import m{number}\n\n\n{tests}".encode()


SHOP = (
    {f"shop/m{number}.py": _source(number) for number in range(10)}
    | {f"tests/test_m{number}.py": _tests(number) for number in range(10)}
    | {"README.md": b"# Shop\n\n" + b"It sells.\n" * LINES}
)
"""A repository as they are: files are longer than what a patch shows of them."""
SHOP_REPORT = {
    "coverage": {
        "lcov.info": b"".join(
            b"SF:shop/m%d.py\n" % number
            + b"".join(b"DA:%d,1\n" % line for line in range(1, LINES + 1))
            + b"end_of_record\n"
            for number in range(10)
        )
    }
}


def shop_change(number: int) -> dict[str, bytes]:
    """Return a change of several files, in the middle, at the end, and under a new name."""
    source, tests = SHOP["shop/m1.py"], SHOP["tests/test_m1.py"]
    return {
        "shop/m1.py": source.replace(b"x100 = 100\n", b"x100 = %d\n" % number),
        "shop/m2.py": SHOP["shop/m2.py"].replace(b"x9 = 9\n", b"x9 = -9\n    y = %d\n" % number),
        "tests/test_m1.py": tests + b"def test_more():\n    assert %d\n" % number,
        "tests/test_m2.py": SHOP["tests/test_m2.py"].replace(b"f2() is", b"f2(  ) is", number),
        "README.md": SHOP["README.md"] + b"It sells %d.\n" % number,
    }


class Desk:
    """The flows and the real adapter on a stand-in, worked by hand: one look after the other."""

    def __init__(self, adapter: Adapter, stack: ExitStack) -> None:
        self.adapter = adapter
        self.world, self.repo, self.clock = adapter.world, adapter.repo, adapter.clock
        self.inbox, self.store = MemoryInbox(adapter.clock), MemoryStore()
        self._stack = stack
        self._cache = MemoryCache()
        self.world.take_outbox()
        self.world.requests.clear()
        self.repo.commit("main", {"a.py": OLD}, "Begin")

    def open(self, subject: Subject, name: str) -> GitHub:
        """Open a repository as the next job does, in a process of its own."""
        client = self.adapter.app.repository(subject.installation_id, subject.repository_id, name)
        return self._stack.enter_context(client)

    def work(self) -> None:
        """Deliver what was sent, and look at whatever that woke somebody for."""
        deps = Deps(
            self.inbox, self.store, self.clock, self.open, self.adapter.app, cache=self._cache
        )
        while True:
            for delivery in self.world.take_outbox():
                heard = read_delivery(delivery.event, delivery.body)
                self.inbox.accept(delivery.guid, heard.notices)
            if not self.inbox.wakes:
                return
            reconcile(self.inbox.wakes.pop(0), deps)

    def spent(self) -> list[str]:
        """Return the requests since this was asked last."""
        made = [f"{one.method} {one.route}" for one in self.world.requests if not one.storage]
        self.world.requests.clear()
        return made

    def push(self, branch: str, number: int) -> None:
        """Push a change to a branch, and let that settle: there is no pull request yet."""
        self.repo.commit(branch, {"a.py": NEW + b"# %d\n" % number}, "Change", author="mira")
        self.work()
        self.spent()

    def judged_pull(self) -> Pull:
        """Let CI record a baseline on main, and a first pull request be judged."""
        artifacts = {"coverage": {"lcov.info": b"SF:a.py\nDA:1,1\nend_of_record\n"}}
        self.repo.run_ci(self.repo.tip(), event="push", artifacts=artifacts)
        self.work()
        self.push("topic", 1)
        pull = self.repo.open_pull("topic")
        self.work()
        self.run_ci(pull)
        return pull

    def shop(self) -> None:
        """Let main hold many files, and its own CI record them."""
        self.repo.commit("main", SHOP, "Open the shop")
        self.repo.run_ci(self.repo.tip(), event="push", artifacts=SHOP_REPORT)
        self.work()
        self.repo.commit("topic", shop_change(1), "Change", author="mira")
        self.work()
        self.spent()

    def run_ci(self, pull: Pull, artifacts: dict[str, dict[str, bytes]] = REPORT) -> list[str]:
        """Run CI, one delivery after the other, to the verdict; return the requests."""
        run = self.repo.start_run(pull.head_sha)
        self.work()
        self.repo.finish_run(run, artifacts=artifacts)
        self.work()
        (check,) = self.repo.checks_on(pull.head_sha, CHECK_NAME)
        assert check.conclusion == "success", (check.title, check.summary)
        assert len(self.repo.comments_on(pull.number)) == 1
        return self.spent()


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground().running() as ground:
        yield ground


@pytest.fixture
def desk(ground: Ground) -> Iterator[Desk]:
    with ground.adapter() as adapter, ExitStack() as stack:
        yield Desk(adapter, stack)


def told(requests: list[str]) -> str:
    """Return the requests as a failing test shows them."""
    return f"{len(requests)} requests:\n" + "\n".join(requests)


def writes(requests: list[str]) -> int:
    """Return how many of them change something that people see."""
    return sum(one.split()[0] != "GET" and "access_tokens" not in one for one in requests)


def test_a_first_pull_request_takes_twelve_requests(desk: Desk) -> None:
    """A large organisation would run into the limit, and its pull requests wait for an hour."""
    desk.push("topic", 1)
    desk.adapter.app._tokens._tokens.clear()  # the first job of the hour
    pull = desk.repo.open_pull("topic")
    desk.work()
    requests = desk.spent() + desk.run_ci(pull)
    assert len(requests) <= 12, told(requests)
    assert writes(requests) == 3, told(requests)


def test_the_next_push_takes_seven_requests(desk: Desk) -> None:
    """Every push would cost as much as the first."""
    pull = desk.judged_pull()
    pull.push({"a.py": NEW + b"# more\n"})
    desk.work()
    requests = desk.spent() + desk.run_ci(pull)
    assert len(requests) <= 7, told(requests)
    assert writes(requests) <= 3, told(requests)


def test_files_of_some_length_take_no_requests(desk: Desk) -> None:
    """The limits would hold for toys alone: each changed file cost a request of its own."""
    desk.shop()
    desk.adapter.app._tokens._tokens.clear()  # the first job of the hour
    pull = desk.repo.open_pull("topic")
    desk.work()
    cold = desk.spent() + desk.run_ci(pull, SHOP_REPORT)
    assert len(cold) <= 12, told(cold)
    assert writes(cold) == 3, told(cold)
    pull.push(shop_change(2))
    desk.work()
    warm = desk.spent() + desk.run_ci(pull, SHOP_REPORT)
    assert len(warm) <= 7, told(warm)
    assert writes(warm) <= 3, told(warm)
    (check,) = desk.repo.checks_on(pull.head_sha, CHECK_NAME)
    desk.repo.rerequest(check)
    desk.work()
    again = desk.spent()
    assert len(again) <= 3, told(again)


def test_an_unchanged_re_run_takes_three_requests(desk: Desk) -> None:
    """Whoever presses the button again and again would use up everybody's limit."""
    pull = desk.judged_pull()
    (check,) = desk.repo.checks_on(pull.head_sha, CHECK_NAME)
    desk.repo.rerequest(check)
    desk.work()
    requests = desk.spent()
    assert len(requests) <= 3, told(requests)
    assert check.conclusion == "success"


def test_repeated_ci_with_the_same_report_takes_four_requests_and_writes_nothing(
    desk: Desk,
) -> None:
    """Whoever repeats a flaky job would mail everybody."""
    pull = desk.judged_pull()
    (run,) = [run for run in desk.repo.runs.values() if run.head_sha == pull.head_sha]
    desk.repo.rerun(run)
    desk.work()
    desk.repo.finish_run(run, artifacts=REPORT)
    desk.work()
    requests = desk.spent()
    assert len(requests) <= 4, told(requests)
    assert writes(requests) == 0, told(requests)


def test_a_push_to_the_default_branch_asks_once_for_what_it_changed(desk: Desk) -> None:
    """Trends and churn would be paid for by every pull request, or with every delivery."""
    artifacts = {"coverage": {"lcov.info": b"SF:a.py\nDA:1,1\nend_of_record\n"}}
    for number in range(2):
        desk.spent()
        desk.repo.commit("main", {"a.py": OLD + b"# %d\n" % number}, "fix: it", author="mira")
        run = desk.repo.run_ci(desk.repo.tip(), event="push", artifacts=artifacts)
        desk.work()
    requests = desk.spent()
    assert sum("compare" in one for one in requests) == 1, told(requests)
    desk.repo.rerun(run)
    desk.work()
    desk.repo.finish_run(run, artifacts=artifacts)
    desk.work()
    assert not any("compare" in one for one in desk.spent())
    (repository,) = desk.store.repositories
    (_, point) = desk.store.points(repository, "main", most=9)
    assert '"fixed":[0,0]' in point.data
