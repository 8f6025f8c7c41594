"""What the analyses read of a repository: once, guarded, and never at a verdict's cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, lcov
from worker import cage
from worker.contracts import Subject
from worker.core.analysis import analyze
from worker.core.errors import PostponedError, RefusedError
from worker.core.packing import pack
from worker.core.refs import ChangedFile, Comparison
from worker.core.render import render_check, render_comment, render_json
from worker.core.replay import decode_replay
from worker.core.static import Language
from worker.flows import facts as reading
from worker.flows import kept as contents
from worker.flows import material as flow

if TYPE_CHECKING:
    from worker.core.material import Material

CART = b"def total(items):\n    return sum(items)\n" + b"# rest\n" * 20
TEST = b"from shop.cart import total\n\ndef test_total(db):\n    assert total([1]) == 1\n"
CONFTEST = b"""
import pytest
from unittest import mock
@pytest.fixture
def db():
    with mock.patch("shop.db.connect") as connect:
        yield connect
"""
FILES = {
    "shop/cart.py": CART,
    "tests/conftest.py": CONFTEST,
    "tests/test_cart.py": TEST,
    "tests/data/big.json": b"{}",
    "docs/rules.md": b"# SECURITY-002\n",
    "notes/other.md": b"# SECURITY-003\n",
    "pyproject.toml": b"[tool.coverage.report]\nfail_under = 80\n",
}


@pytest.fixture
def world() -> World:
    world = World()
    world.files = dict(FILES)
    world.base = world.github.put_commit(FILES, [world.root])
    world.github.branches["main"] = world.base
    world.push({"shop/cart.py": CART + b"def more():\n    raise ValueError\n"})
    return world


def record_base(world: World) -> None:
    """Let main's own CI leave a baseline."""
    report = {"lcov.info": lcov("shop/cart.py", {1: 1, 2: 1})}
    world.ci(1, report, head=world.base, event="push", head_branch="main")
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base))


def judge(world: World, run: int = 2) -> Material:
    """Let the head's CI end, and return the material of the verdict."""
    world.ci(run, {"lcov.info": lcov("shop/cart.py", {1: 1, 2: 1, 23: 1, 24: 0})})
    world.look()
    assert world.check.status == "completed"
    return kept(world)


def kept(world: World) -> Material:
    """Return the material that the latest verdict was made from."""
    found = world.store.inputs(REPOSITORY.full_name, NUMBER)
    assert found is not None
    return decode_replay(found[1])[0].material


def names(material: Material, path: str) -> list[str]:
    """Return the functions that a file is said to have."""
    return [function.name for function in material.facts[path].functions]


def said(world: World) -> str:
    """Return what the check says beside its table."""
    return world.check.output.summary


def fetched(world: World, since: int = 0) -> list[str]:
    """Return the paths that were read, and "archive" for each archive."""
    calls = world.github.calls[since:]
    paths = [str(one.arguments[0]) if one.method == "file" else one.method for one in calls
             if one.method in {"file", "archive"}]  # fmt: skip
    return [path for path in paths if path != ".github/covgate.yml"]


def test_a_pull_request_knows_tests_sources_documents_and_thresholds(world: World) -> None:
    """Every analysis of the tests would say nothing on GitHub."""
    material = judge(world)
    assert material.paths is not None
    assert material.paths == {*FILES}
    assert list(material.facts) == [
        "docs/rules.md", "shop/cart.py", "tests/conftest.py", "tests/test_cart.py"
    ]  # fmt: skip
    (test,) = material.facts["tests/test_cart.py"].tests
    assert [mock.path for mock in test.mocks] == ["tests/conftest.py"]  # joined
    assert material.facts["docs/rules.md"].identifiers == (("SECURITY-002", 1),)
    assert [function.name for function in material.facts["shop/cart.py"].functions] == [
        "total", "more"
    ]  # fmt: skip
    (before,) = material.base_facts.items()
    assert (before[0], [one.name for one in before[1].functions]) == ("shop/cart.py", ["total"])
    assert [(one.path, one.percent) for one in material.thresholds] == [("pyproject.toml", 80)]
    assert material.today == world.clock.now().date()


def test_a_repository_never_seen_takes_one_archive(world: World) -> None:
    """A first pull request would use up the hour's limit, a request for each file."""
    judge(world)
    assert fetched(world) == ["archive"]


def test_what_the_base_branch_has_is_not_read_again(world: World) -> None:
    """Each push to a pull request would fetch all tests of the repository."""
    record_base(world)
    assert fetched(world) == ["archive"]
    world.keep_sources = False  # nor what follows from it
    since = len(world.github.calls)
    material = judge(world)
    assert fetched(world, since) == ["shop/cart.py"]  # at the head; the base's was known
    assert set(material.base_facts) == {"shop/cart.py"}
    since = len(world.github.calls)
    judge(world, 3)
    assert fetched(world, since) == []


def test_a_changed_file_is_made_of_its_base_and_the_patch(world: World) -> None:
    """Every changed file would cost a request of the hour's limit, at every push."""
    record_base(world)
    since = len(world.github.calls)
    material = judge(world)
    assert fetched(world, since) == []
    assert names(material, "shop/cart.py") == ["total", "more"]
    assert set(material.base_facts) == {"shop/cart.py"}


def test_documents_and_settings_are_made_so_too(world: World) -> None:
    """A change of a README, or of a package's settings, would cost a request."""
    longer = {"docs/rules.md": b"# SECURITY-002\n", "pyproject.toml": FILES["pyproject.toml"]}
    world.files |= {path: data + b"# more\n" * 50 for path, data in longer.items()}
    world.base = world.github.put_commit(world.files, [world.root])
    world.github.branches["main"] = world.base
    record_base(world)
    world.push(
        {
            "shop/cart.py": CART + b"def more():\n    raise ValueError\n",
            "docs/rules.md": world.files["docs/rules.md"] + b"SECURITY-009\n",
            "pyproject.toml": world.files["pyproject.toml"].replace(b"80", b"81"),
        }
    )
    since = len(world.github.calls)
    material = judge(world)
    assert fetched(world, since) == []
    assert [one.percent for one in material.thresholds] == [81]
    named = [name for name, _ in material.facts["docs/rules.md"].identifiers]
    assert named == ["SECURITY-002", "SECURITY-009"]


def test_a_moved_file_is_made_of_what_it_was(world: World) -> None:
    """A change of a file's name would cost a request."""
    record_base(world)
    long = CART + b"def more():\n    raise ValueError\n"
    rest = {path: data for path, data in FILES.items() if path != "shop/cart.py"}
    world.head = world.github.put_commit({**rest, "shop/basket.py": long}, [world.base])
    world.github.put_pull(NUMBER, world.head, world.base)
    patch = "@@ -22,1 +22,3 @@\n # rest\n+def more():\n+    raise ValueError"
    moved = ChangedFile("shop/basket.py", "renamed", 2, 0, patch, previous_path="shop/cart.py")
    world.github.put_comparison("main", world.head, Comparison(world.base, (moved,)))
    world.ci(2, {"lcov.info": lcov("shop/basket.py", {1: 1, 2: 1, 23: 1, 24: 0})})
    since = len(world.github.calls)
    world.look()
    assert fetched(world, since) == []
    assert names(kept(world), "shop/basket.py") == ["total", "more"]


def test_the_base_of_a_changed_file_is_kept_for_a_newer_reader(world: World) -> None:
    """A new version, which reads files in another way, would fetch each base again."""
    record_base(world)
    world.store.facts_by_key.clear()
    since = len(world.github.calls)
    material = judge(world)
    assert fetched(world, since) == []
    assert names(material, "shop/cart.py") == ["total", "more"]
    assert len(material.facts["tests/test_cart.py"].tests) == 1
    assert [one.name for one in material.base_facts["shop/cart.py"].functions] == ["total"]


def test_a_base_whose_facts_are_known_already_is_kept(world: World) -> None:
    """Where a pull request was judged first, each changed file would cost a request for ever."""
    judge(world)
    assert not world.store.sources_by_blob
    since = len(world.github.calls)
    record_base(world)
    assert fetched(world, since) == ["archive"]
    world.push({"shop/cart.py": CART + b"def less():\n    return 0\n"})
    since = len(world.github.calls)
    assert names(judge(world, 3), "shop/cart.py") == ["total", "less"]
    assert fetched(world, since) == []


def test_a_push_asks_for_nothing_that_was_seen(world: World, monkeypatch) -> None:
    """A repository with more than there is room for would be downloaded at every push."""
    monkeypatch.setattr(contents, "ROOM", 150)
    monkeypatch.setattr(contents, "MAX_KEPT", 100)
    record_base(world)
    kept = world.store.sources_by_blob
    assert 0 < sum(len(data) for data, _ in kept.values()) <= 150
    assert sum(not data for data, _ in kept.values()) >= 2
    pushed = {**FILES, "shop/cart.py": b"def total(items): ...\n"}
    world.base = world.github.put_commit(pushed, [world.base])
    world.github.branches["main"] = world.base
    since = len(world.github.calls)
    report = {"lcov.info": lcov("shop/cart.py", {1: 1})}
    world.ci(8, report, head=world.base, event="push", head_branch="main")
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base))
    assert fetched(world, since) == ["shop/cart.py"]


def test_no_content_is_kept_where_the_operator_wants_none(world: World) -> None:
    """Source code would lie in a database that must not have any."""
    world.keep_sources = False
    record_base(world)
    since = len(world.github.calls)
    material = judge(world)
    assert not world.store.sources_by_blob
    assert fetched(world, since) == ["shop/cart.py"]
    assert names(material, "shop/cart.py") == ["total", "more"]


def test_nothing_of_a_pull_request_is_kept(world: World) -> None:
    """Anybody could fill the database with files, by opening pull requests."""
    record_base(world)
    before = dict(world.store.sources_by_blob)
    world.push({"tests/test_new.py": TEST, "shop/cart.py": CART + b"def more(): ...\n"})
    judge(world)
    assert world.store.sources_by_blob == before


@pytest.mark.parametrize("damaged", [b"damaged", pack(CART + b"# other\n")])
def test_a_kept_content_is_believed_by_its_id_alone(world: World, damaged: bytes) -> None:
    """A damaged row would end in facts of a file that never was."""
    record_base(world)
    for key, (_, day) in world.store.sources_by_blob.items():
        world.store.sources_by_blob[key] = damaged, day
    since = len(world.github.calls)
    material = judge(world)
    assert fetched(world, since) == ["shop/cart.py"]
    assert names(material, "shop/cart.py") == ["total", "more"]


def test_what_a_diff_shows_is_not_fetched(world: World) -> None:
    """A pull request of new files would cost a request for each."""
    record_base(world)
    since = len(world.github.calls)
    renamed = TEST.replace(b"test_total", b"test_sum")
    world.push({"tests/test_new.py": TEST, "tests/test_cart.py": renamed})
    material = judge(world)
    assert fetched(world, since) == []
    tests = {path: [test.name for test in one.tests] for path, one in material.facts.items()}
    assert tests["tests/test_cart.py"] == ["test_sum"]
    assert tests["tests/test_new.py"] == ["test_total"]
    assert [test.name for test in material.base_facts["tests/test_cart.py"].tests] == ["test_total"]


def test_the_base_of_a_changed_file_is_made_of_its_head(world: World) -> None:
    """A changed file would be fetched twice where the base branch was never recorded."""
    since = len(world.github.calls)
    world.store.remember_repository(REPOSITORY)
    material = judge(world)
    assert fetched(world, since) == ["archive"]
    assert [one.name for one in material.base_facts["shop/cart.py"].functions] == ["total"]


LIES = {
    "whole": "@@ -1 +1 @@\n-old\n+def evil(): ...",
    "fits": "@@ -2,1 +2,2 @@\n     return sum(items)\n+def evil(): ...",
    "fits nowhere": "@@ -900,1 +900,2 @@\n x\n+def evil(): ...",
}


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("patch", LIES.values(), ids=LIES)
def test_a_patch_that_lies_is_not_believed(world: World, patch: str, *, recorded: bool) -> None:
    """Facts of a file that never was would be kept under a real one's id, for ever."""
    if recorded:
        record_base(world)
    removed = patch.count("\n-")
    lie = ChangedFile("shop/cart.py", "modified", 1, removed, patch, blob_sha="f" * 40)
    world.github.put_comparison("main", world.head, Comparison(world.base, (lie,)))
    since = len(world.github.calls)
    material = judge(world)
    assert names(material, "shop/cart.py") == ["total", "more"]
    assert fetched(world, since) == [*([] if recorded else ["archive"]), "shop/cart.py"]


def test_tests_that_archives_leave_out_are_read_one_by_one(world: World) -> None:
    """`tests export-ignore` is common, and such a repository would have no tests."""
    world.github.left_out_of_archives |= {"tests/test_cart.py", "tests/conftest.py"}
    material = judge(world)
    assert sorted(fetched(world)) == ["archive", "tests/conftest.py", "tests/test_cart.py"]
    assert len(material.facts["tests/test_cart.py"].tests) == 1


def test_more_than_one_look_reads_what_is_too_much_for_one(world: World, monkeypatch) -> None:
    """A huge repository would delay its verdicts for minutes, or never be analysed."""
    few = replace(reading.OF_A_PULL, files=3)
    monkeypatch.setattr(flow.gather_material.__wrapped__, "__defaults__", (few,))
    first = judge(world)
    assert (len(first.facts), first.base_facts, first.thresholds) == (3, {}, ())
    assert "miss what is in 2 files" in said(world)
    second = judge(world, 3)
    assert (len(second.facts), len(second.base_facts), len(second.thresholds)) == (3, 1, 1)
    assert "miss what" not in said(world)


@pytest.mark.parametrize("method", ["archive", "tree"])
@pytest.mark.parametrize(
    "error",
    [RefusedError("Resource not accessible"), PostponedError("502 Bad Gateway", seconds=60)],
    ids=["refused", "outage"],
)
def test_a_verdict_does_not_wait_for_files(world: World, method: str, error: Exception) -> None:
    """Somebody would wait for a merge because a README can not be had."""
    world.github.arm(method, error, times=9)
    judge(world)
    assert world.check.conclusion in {"success", "failure"}
    if method == "tree":
        assert "The analyses of the tests miss what is in the files" in said(world)


def test_a_used_up_limit_puts_the_look_off(world: World) -> None:
    """Requests against a limit that is used up get an App suspended."""
    world.ci(2, {"lcov.info": lcov("shop/cart.py", {1: 1})})
    world.github.arm("archive", PostponedError("rate limit", seconds=900, gate=True))
    assert world.look() == "postponed"
    world.clock.advance(901)
    assert world.look() == "done"
    assert kept(world).facts


def test_the_facts_of_a_private_repository_go_with_it(world: World) -> None:
    """What a file tells would be kept though the App was removed."""
    judge(world)
    assert world.store.facts_by_key
    world.store.forget(REPOSITORY.installation_id)
    assert not world.store.facts_by_key


def test_facts_that_are_used_are_kept(world: World) -> None:
    """After three months, every file of a repository would be fetched again."""
    judge(world)
    for run in range(3, 7):
        world.clock.advance(40 * 86_400)
        since = len(world.github.calls)
        judge(world, run)
        assert fetched(world, since) == []


def test_a_verdict_with_material_can_be_replayed(world: World) -> None:
    """`covgate check --replay` would say something else than the check did."""
    judge(world)
    found = world.store.inputs(REPOSITORY.full_name, NUMBER)
    assert found is not None
    inputs, context = decode_replay(found[1])
    assert inputs.material.facts
    verdict = analyze(inputs)
    record = world.store.verdict(REPOSITORY.id, NUMBER, world.head)
    assert record is not None
    assert render_json(verdict, context) == record.details
    assert render_check(verdict, context).text == world.check.output.text
    assert world.comments == [render_comment(verdict, context)]


SLOW = b'x = f"' + b"{a}" * 330_000 + b'"\n'
HOSTILE = {
    "parentheses": b"x = " + b"(" * 900_000,
    "minus": b"x = " + b"-" * 900_000 + b"1",
    "number": b"x = " + b"9" * 900_000,
    "zeros": b"x = 1\n" * 2_000 + b"\0" * 900_000,
    "half a character": b'import pytest\n@pytest.mark.skip(reason="\\ud800")\ndef test_a(): ...\n',
    "names": b"x = [" + b"a," * 450_000 + b"]",
    "statements": b"a;" * 450_000,
    "indents": b"".join(b" " * i + b"if a:\n" for i in range(1_300)),
    "long": TEST + b"# more\n" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_cost_themselves_alone(world: World, name: str) -> None:
    """One file of a pull request could kill the worker, or keep it busy, for everybody."""
    world.push({"tests/test_hostile.py": HOSTILE[name]})
    material = judge(world)
    assert len(material.facts["tests/test_cart.py"].tests) == 1
    assert "tests/test_hostile.py" in material.facts
    assert world.check.conclusion is not None


@pytest.mark.skipif(not cage.CAGED, reason="only Linux keeps the limits")
def test_a_source_that_takes_too_long_is_given_up(world: World, monkeypatch) -> None:
    """A text of a megabyte would be read for minutes, at every push."""
    monkeypatch.setattr(cage, "PIECE_SECONDS", 0.08)
    world.push({"tests/test_hostile.py": SLOW, "tests/test_last.py": TEST})
    material = judge(world)
    assert len(material.facts["tests/test_last.py"].tests) == 1
    given_up = material.facts["tests/test_hostile.py"]
    assert (given_up.language, given_up.partial, given_up.tests) == (Language.OTHER, True, ())


@pytest.mark.skipif(not cage.CAGED, reason="only Linux keeps the limits")
def test_patience_with_hostile_sources_ends(world: World, monkeypatch) -> None:
    """A thousand such files would take hours."""
    monkeypatch.setattr(cage, "PIECE_SECONDS", 0.08)
    many = {f"tests/test_{n}.py": SLOW + b"# %d" % n for n in range(6)}
    world.push(many)
    material = judge(world)
    assert sum(path in many for path in material.facts) == reading.OF_A_PULL.bad
    assert "miss what is in" in said(world)


def test_a_disk_is_not_filled_with_sources(world: World, monkeypatch) -> None:
    """A repository of gigabytes below `tests/` would fill the worker's disk."""
    monkeypatch.setattr(reading, "_ROOM", 10)
    material = judge(world)
    assert fetched(world)[0] == "archive"
    assert len(fetched(world)) > 3  # as many as may be read one by one
    assert len(material.facts["tests/test_cart.py"].tests) == 1


def test_damaged_facts_are_read_anew(world: World) -> None:
    """A file would be left out of all analyses, for as long as it does not change."""
    judge(world)
    for key, (_, day) in world.store.facts_by_key.items():
        world.store.facts_by_key[key] = b"damaged", day
    material = judge(world, 3)
    assert len(material.facts["tests/test_cart.py"].tests) == 1
    assert len(material.thresholds) == 1
