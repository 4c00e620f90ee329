"""Reads cases from standard input, writes what the rrule of python-dateutil makes of each; see peer.py.

The expression is the local time at which the rule begins, or `-`, and the rule.
"""
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import peer
from dateutil.rrule import rrulestr


def instants(zone, start, expression):
    begin, rule = expression.split(" ")
    zone = ZoneInfo(zone)
    if begin == "-":
        begin = datetime.fromtimestamp(start, zone).replace(fold=0)
    else:
        begin = datetime.strptime(begin, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    waiting = []
    for found in rrulestr(rule, dtstart=begin):
        instant = int(found.timestamp())
        if instant <= start:
            continue
        # A local time that does not exist lies behind some that do, as an instant.
        if datetime.fromtimestamp(instant, zone).replace(tzinfo=None) != found.replace(tzinfo=None):
            waiting.append(instant)
            continue
        yield from sorted(early for early in waiting if early < instant)
        waiting = [late for late in waiting if late >= instant]
        if instant not in waiting:
            yield instant
    yield from waiting


peer.answer(instants)
