"""Warns drivers by mail, by text and by a call of their own address."""


class Alerts:
    def __init__(self, mail, text, bus):
        self.mail = mail
        self.text = text
        self.bus = bus

    def warn(self, driver, state):
        sent = 0
        try:
            self.mail.send(driver, state)
            sent += 1
        except OSError:
            sent += self.again(driver, state)
        if state == "empty":
            self.text.send(driver, state)
            sent += 1
        self.bus.publish("tolls.alerts.v1", driver)
        return sent

    def again(self, driver, state):
        self.mail.send(driver, state)
        return 1
