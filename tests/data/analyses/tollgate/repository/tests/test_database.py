from types import SimpleNamespace

from tollgate.database import connect, load, save


def test_a_deposit_is_saved():
    session = connect("sqlite:///:memory:")
    session.execute("CREATE TABLE deposits (driver, amount)")
    save(session, SimpleNamespace(driver="ada", amount=5))
    session.close()


def test_deposits_are_loaded(monkeypatch):
    class FakeSession:
        def execute(self, statement, values):
            return [(5,), (7,)]

    assert load(FakeSession(), "ada") == [5, 7]
