"""What a call is, from the first ring to the last word."""

from dataclasses import dataclass


@dataclass
class Call:
    number: str
    owner: str
    state: str = "ringing"

    def answer(self):
        if self.state != "ringing":
            raise ValueError("only a ringing call is answered")
        self.state = "open"

    def end(self):
        self.state = "ended"

    def as_dict(self):
        return {"number": self.number, "owner": self.owner, "state": self.state}
