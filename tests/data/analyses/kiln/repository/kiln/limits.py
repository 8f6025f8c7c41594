"""How much a firing may take."""

MOST_SECONDS = 3600
MOST_MEMORY = 2048
MOST_CORES = 4
LEAST = 1


class Limits:
    def __init__(self, seconds, memory, cores):
        self.seconds = self.within(seconds, MOST_SECONDS)
        self.memory = self.within(memory, MOST_MEMORY)
        self.cores = self.within(cores, MOST_CORES)

    def within(self, value, most):
        if value < LEAST:
            raise ValueError(f"at least {LEAST}, not {value}")
        return min(value, most)

    def halve(self):
        self.seconds //= 2
        self.memory //= 2

    def double(self):
        self.seconds = self.within(self.seconds * 2, MOST_SECONDS)
        self.memory = self.within(self.memory * 2, MOST_MEMORY)

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return f"Limits({self.seconds}, {self.memory}, {self.cores})"
