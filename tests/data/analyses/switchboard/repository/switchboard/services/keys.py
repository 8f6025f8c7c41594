"""Who calls: keys, and how often somebody may guess one."""

import hmac


class Keys:
    def __init__(self, known, most=3):
        self.known = known
        self.most = most
        self.guesses = {}

    def check(self, caller, key):
        # SECURITY-004: three wrong guesses, and the line is dead
        if self.guesses.get(caller, 0) >= self.most:
            raise PermissionError("too many guesses")
        if hmac.compare_digest(self.known.get(caller, ""), key):
            return True
        self.guesses[caller] = self.guesses.get(caller, 0) + 1
        return False
