"""Reads crossings from a gate, and hands them on."""

from tollgate.deposits import settle
from tollgate.rates import charge, judge


def relay(gate, session, source, alerts):
    for crossing in gate.read():
        toll = charge(source, crossing.road, crossing.axles)
        left = settle(session, crossing.deposit, toll)
        state = judge(left, toll)
        if state != "healthy":
            alerts.warn(crossing.deposit.driver, state)
        gate.keep(crossing.number)
