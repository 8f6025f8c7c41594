"""Chooses the van for a parcel: the rules, and nothing that leads outside."""


def choose_van(weight, fragile):
    if weight <= 0:
        raise ValueError("a parcel weighs something")
    if fragile:
        return "soft"
    if weight > 30:
        return "truck"
    return "van"


def price(weight, distance):
    fee = 2 if weight > 30 else 1
    return fee + distance * weight // 10


def label(shipment, van):
    return f"{shipment}/{van}"
