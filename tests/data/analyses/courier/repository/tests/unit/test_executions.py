from unittest.mock import MagicMock, patch

from courier import database
from courier.executions import fail


def test_a_failure_is_kept():
    store = MagicMock()
    fail(store, "north", "flat tyre")
    store.insert.assert_called_once()


@patch.object(database, "find_round")
def test_a_round_is_looked_up(find_round):
    database.find_round(None, "north")
    find_round.assert_called_once_with(None, "north")
