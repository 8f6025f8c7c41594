"""Whether a vehicle may cross at all."""


def check(register, plate):
    found = register.find(plate)
    if found is None:
        return "unknown"
    if found.stolen:
        register.report(plate)
        return "stolen"
    return "known"


def history(register, plate):
    return [one.day for one in register.crossings(plate)]
