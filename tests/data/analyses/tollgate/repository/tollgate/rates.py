"""What a crossing costs, and how sound a driver's account is."""


class MockRateSource:
    def fetch(self, road):
        return 3


class RateSource:
    def __init__(self, client):
        self.client = client

    def fetch(self, road):
        answer = self.client.get(f"https://rates.example/{road}")
        answer.raise_for_status()
        return answer.json()["rate"]


def charge(source, road, axles):
    rate = source.fetch(road)
    if axles > 2:
        return rate * axles
    return rate * 2


def judge(amount, toll):
    if amount >= 10 * toll:
        return "healthy"
    if amount >= toll:
        return "warning"
    return "empty"
