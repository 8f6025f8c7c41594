"""Keeps how far a delivery round is: its start, its stops and its end."""


def fail(store, name, reason):
    store.insert("failures", name, str(reason))
    store.commit()


def start(store, name, vans, clock):
    if name in store:
        raise ValueError("a round starts once")
    began = clock()
    van = vans.find(name)
    if van is None:
        raise LookupError(name)
    store.insert("rounds", name, began)
    store.insert("vans", name, van)
    store.commit()
    return began


def progress(store, name, place, clock):
    state = store.state(name)
    if state != "running":
        raise ValueError("no round is running")
    number = store.count("stops", name) + 1
    store.insert("stops", name, number, place)
    late = clock() - store.due(name, number)
    if late > 0:
        store.insert("delays", name, number, late)
    store.commit()
    return number


def finish(store, name, clock, quality=None):
    state = store.state(name)
    if state != "running":
        raise ValueError("no round is running")
    took = clock() - store.began(name)
    stops = store.count("stops", name)
    if quality is not None:
        store.insert("qualities", name, quality)
    store.insert("results", name, took)
    store.set_state(name, "finished")
    if stops:
        store.insert("averages", name, took / stops)
    store.commit()
    return took
