"""Reads a program for a kiln."""


def parse(text):
    steps = []
    heat = None
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.partition(" ")
        if word == "heat":
            heat = int(rest)
        elif word == "for":
            if heat is None:
                raise SyntaxError(f"line {number}")
            steps.append((heat, int(rest)))
        else:
            continue
    return steps
