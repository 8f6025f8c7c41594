from tollgate.alerts import Alerts


class Box:
    def __init__(self):
        self.letters = []

    def send(self, *letter):
        self.letters.append(letter)

    def publish(self, *letter):
        self.letters.append(letter)


def test_a_driver_is_warned():
    alerts = Alerts(Box(), Box(), Box())
    sent = alerts.warn("ada", "warning")
    assert sent == 1
