"""Which calls, decorators and fixtures of Python tests put a stand-in in a part's place."""

from __future__ import annotations

import pytest

from tests.core.static.sources import one_test, read_all, stand_ins
from worker.core.static import Kind, classify, resolve

HEAD = """
import sys, os, io, datetime
from unittest import mock
from unittest.mock import patch, Mock, MagicMock, AsyncMock, create_autospec
import responses, respx, moto, freezegun, time_machine, requests, httpx, vcr, fakeredis
"""


@pytest.mark.parametrize(
    ("body", "how", "target"),
    [
        ("patch('shop.send').start()", "patch", "shop.send"),
        ("mock.patch('shop.send')", "patch", "shop.send"),
        ("patch.object(shop, 'send')", "patch.object", "shop.send"),
        ("patch.object(shop, 'send', new=Thing())", "patch.object", "shop.send"),
        ("patch.multiple(shop, send=1)", "patch.multiple", "shop"),
        ("patch.dict('sys.modules', boto3=x)", "patch.dict", "sys.modules"),
        ("client = Mock()", "Mock", "client"),
        ("client = MagicMock(spec=Client)", "MagicMock", "Client"),
        ("run(client=AsyncMock())", "AsyncMock", "client"),
        ("create_autospec(Client)", "create_autospec", ""),
        ("mocker.patch('shop.send')", "patch", "shop.send"),
        ("mocker.patch.object(shop, 'send')", "patch.object", "shop.send"),
        ("mocker.stub('x')", "mocker.stub", "x"),
        ("monkeypatch.setattr(shop, 'send', lambda x: x)", "monkeypatch.setattr", "shop.send"),
        ("monkeypatch.setattr('shop.send', fake)", "monkeypatch.setattr", "shop.send"),
        ("monkeypatch.setitem(sys.modules, 'x', Thing())", "monkeypatch.setitem", "sys.modules[x]"),
        ("responses.add(1)", "responses", "1"),
        ("respx.get('http://x')", "respx", "http://x"),
        ("vcr.use_cassette('x')", "vcr", "x"),
        ("httpx.MockTransport(f)", "MockTransport", ""),
        ("fakeredis.FakeRedis()", "FakeRedis", ""),
        ("db = FakeDatabase()", "FakeDatabase", "db"),
    ],
)
def test_what_takes_the_place_of_code_is_told(body, how, target):
    """A test that proves a mock would count as one that proves the program."""
    test = one_test(f"{HEAD}\ndef test_it(mocker, monkeypatch):\n    {body}\n    assert 1")
    assert stand_ins(test) == [(how, target)]
    assert classify(test) is Kind.MOCKED


@pytest.mark.parametrize(
    "body",
    [
        "patch('shop.LIMIT', 5)",
        "patch.object(shop, 'NAMES', ['a', 'b'])",
        "patch.dict('os.environ', A='1')",
        "patch('os.environ', env)",
        "patch('sys.stdout', new_callable=io.StringIO)",
        "patch('shop.datetime')",
        "mocker.spy(shop, 'send')",
        "monkeypatch.setattr(shop, 'LIMIT', limit)",
        "monkeypatch.setattr(shop, 'path', tmp_path)",
        "value = 'x'; monkeypatch.setattr(shop, 'name', value)",
        "monkeypatch.setattr(target=shop, name='name', value='x')",
        "monkeypatch.setenv('A', '1')",
        "monkeypatch.delenv('A')",
        "monkeypatch.setitem(config, 'a', 1)",
        "monkeypatch.chdir(tmp_path)",
        "freezegun.freeze_time('2020-01-01')",
        "time_machine.travel(0)",
        "requests.patch('http://x')",
        "client.patch('/users/1')",
        "self.client.patch('/users/1')",
        "freezegun.api.FakeDatetime(2020, 1, 1)",
        "Faker()",
        "setattr(shop, 'a', 1)",
    ],
)
def test_what_sets_or_watches_is_no_stand_in(body):
    """A test that sets an environment variable would be called mocked."""
    test = one_test(f"{HEAD}\ndef test_it(tmp_path, monkeypatch):\n    {body}\n    assert 1")
    assert stand_ins(test) == []
    assert classify(test) is Kind.REAL


@pytest.mark.parametrize(
    ("decorator", "how"),
    [
        ("@patch('shop.send')", "patch"),
        ("@mock.patch.object(shop, 'send')", "patch.object"),
        ("@responses.activate", "responses"),
        ("@moto.mock_aws", "moto"),
        ("@pytest.mark.vcr", "vcr"),
    ],
)
def test_decorators_mock_the_test_or_the_class(decorator, how):
    """A mock above the function would be overlooked."""
    on_test = one_test(f"{HEAD}\n{decorator}\ndef test_it(x): assert 1")
    on_class = one_test(f"{HEAD}\n{decorator}\nclass TestIt:\n    def test_it(self): assert 1")
    assert [name for name, _ in stand_ins(on_test)] == [how]
    assert [name for name, _ in stand_ins(on_class)] == [how]


@pytest.mark.parametrize("setup", ["setUp", "setup_method", "asyncSetUp", "setUpClass"])
def test_the_set_up_of_a_class_mocks_its_tests(setup):
    """Mocks that setUp makes would be overlooked, in classes that inherit it as well."""
    source = f"""
{HEAD}
class Base(TestCase):
    def {setup}(self): self.db = Mock()
    def test_base(self): assert self.db
class ShopTest(Base):
    def test_it(self): assert self.db
class OtherTest(TestCase):
    def test_other(self): assert 1
"""
    assert stand_ins(one_test(source, "test_it")) == [("Mock", "self.db")]
    assert stand_ins(one_test(source, "test_base")) == [("Mock", "self.db")]
    assert stand_ins(one_test(source, "test_other")) == []


def test_helpers_mock_for_those_that_call_them_and_checks_only_watch():
    """A factory of mocks would hide them; an assert helper's own patch would count as one."""
    source = f"""
{HEAD}
def make_client(): return Mock(spec=Client)
def assert_warns():
    with patch('warnings.warn') as warn: warn.assert_called_once()
def test_it(): assert make_client()
def test_warned(): assert_warns()
"""
    assert stand_ins(one_test(source, "test_it")) == [("Mock", "Client")]
    assert stand_ins(one_test(source, "test_warned")) == []


def test_fixtures_bring_their_mocks_from_conftest_up_the_tree():
    """A mock two files away would be overlooked: the most common way to hide one."""
    facts = read_all(
        conftest="""
            from unittest.mock import Mock
            @pytest.fixture
            def database(): return Mock()
            @pytest.fixture(autouse=True)
            def no_network(monkeypatch): monkeypatch.setattr("socket.socket", refuse)
        """,
        tests__conftest="""
            @pytest.fixture(name='repo')
            def make_repo(database): return Repo(database)
        """,
        tests__test_shop="""
            def test_repo(repo): assert repo
            def test_alone(): assert 1
            def test_fake(fake_queue): assert fake_queue
        """,
        other__test_other="def test_repo(repo): assert repo",
    )
    repo, alone, fake = facts["tests/test_shop.py"].tests
    mock = next(one for one in repo.mocks if one.replaces)
    assert (mock.path, mock.line, mock.how) == ("conftest.py", 4, "Mock")
    assert classify(alone) is Kind.REAL, "what is done to all tests says nothing of one"
    assert [one.replaces for one in alone.mocks] == [False]
    assert stand_ins(fake) == [("fixture", "")], "its own name says so"
    assert stand_ins(facts["other/test_other.py"].tests[0]) == []


def test_a_nearer_fixture_hides_a_farther_one():
    """A file's own real database would be taken for the mock of the same name."""
    facts = read_all(
        conftest="from unittest.mock import Mock\n@pytest.fixture\ndef db(): return Mock()",
        tests__test_shop="@pytest.fixture\ndef db(): return Real()\ndef test_it(db): assert db",
    )
    assert stand_ins(facts["tests/test_shop.py"].tests[0]) == []


def test_autouse_fixtures_of_a_class_and_a_file_count_for_their_tests():
    """An automatic mock would be overlooked, or blamed on the neighbour class."""
    source = """
        from unittest.mock import patch
        class TestA:
            @pytest.fixture(autouse=True)
            def send(self):
                with patch("shop.send"): yield
            def test_it(self): assert 1
        class TestB:
            def test_other(self): assert 1
    """
    assert stand_ins(one_test(source)) == [("patch", "shop.send")]
    assert stand_ins(one_test(source, "test_other")) == []


def test_real_components_come_through_fixtures_and_outweigh_mocks():
    """A test on a real database that mocks the mailer would be called hollow."""
    facts = read_all(
        tests__conftest="""
            from testcontainers.postgres import PostgresContainer
            @pytest.fixture(scope="session")
            def postgres():
                with PostgresContainer("postgres:16") as server: yield server
            @pytest.fixture
            def database(postgres): return connect(postgres)
        """,
        tests__test_shop="""
            from unittest.mock import patch
            @patch("shop.mail")
            def test_order(mail, database): assert database
        """,
    )
    test = facts["tests/test_shop.py"].tests[0]
    assert test.real == ("database",)
    assert classify(test) is Kind.REAL


def test_joining_twice_changes_nothing():
    """Facts from the store would gain a mock each time that they are read."""
    facts = read_all(
        tests__conftest="from unittest.mock import Mock\n@pytest.fixture\ndef db(): return Mock()",
        tests__test_shop="from .util import same\ndef test_it(db): same(db)",
        tests__util="def same(x): assert x",
    )
    assert resolve(facts) == facts


def test_fixtures_that_use_each_other_in_a_circle_end():
    """A hostile repository could keep a worker busy for ever."""
    test = one_test("""
        @pytest.fixture
        def a(b): return b
        @pytest.fixture
        def b(a): return a
        def f(): g()
        def g(): f()
        def test_it(a): f()
    """)
    assert classify(test) is Kind.SILENT
