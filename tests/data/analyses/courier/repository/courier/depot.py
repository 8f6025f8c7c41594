"""Sends a label to the printer of a depot, over a socket."""

from courier.routing import choose_van, label


def print_label(printer, shipment, weight, fragile=False):
    van = choose_van(weight, fragile)
    line = label(shipment, van)
    try:
        printer.sendall(line.encode() + b"\n")
    except OSError:
        return ""
    return line
