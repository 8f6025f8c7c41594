"""Says whether the exchange works."""


def health(exchange):
    try:
        count = len(exchange.store.all())
    except OSError:
        return {"state": "down"}
    if count > 100:
        return {"state": "busy"}
    return {"state": "up", "calls": count}
