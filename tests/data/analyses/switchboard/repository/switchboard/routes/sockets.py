"""Calls over a socket, for as long as they last."""


class Line:
    def __init__(self, exchange, socket):
        self.exchange = exchange
        self.socket = socket
        self.call = None

    def take(self, message):
        # SECURITY-002 is not looked at here yet
        word, _, rest = message.partition(" ")
        if word == "resume":
            self.call = self.exchange.store.find(rest)
            self.socket.sendall(b"resumed\n")
        elif word == "say":
            if self.call is None:
                self.socket.sendall(b"nobody listens\n")
                return False
            self.socket.sendall(rest.encode() + b"\n")
        elif word == "end":
            self.call.end()
            self.socket.close()
        else:
            raise ValueError(word)
        return True
