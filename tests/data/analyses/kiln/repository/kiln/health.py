"""Says how the kilns are."""


def judge(heat, limit):
    if heat > limit:
        return "too hot"
    if heat < 0:
        return "frozen"
    return "well"


def count_well(kilns, limit):
    return sum(judge(heat, limit) == "well" for heat in kilns)
