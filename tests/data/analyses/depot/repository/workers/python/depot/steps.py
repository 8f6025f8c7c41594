"""What a step does."""


def pack(items):
    return sorted(items)


def ship(box, van):
    van.load(box)
    return van.leave()
