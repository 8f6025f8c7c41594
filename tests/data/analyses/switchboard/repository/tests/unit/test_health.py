from switchboard.models.messages import parse
from switchboard.routes.health import health
from switchboard.services.webhook import Webhook


def test_an_exchange_is_up(exchange):
    assert health(exchange)["state"] == "up"


def test_others_are_told(busy):
    sent = []

    def post(address, body):
        sent.append(body)
        return 204

    assert Webhook(post).tell(busy[0])
    assert len(sent) == 1


def test_a_line_is_resumed_by_its_number():
    assert parse("resume 100") == ("resume", "100")
