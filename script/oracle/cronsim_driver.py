"""Reads cases from standard input, writes what cronsim makes of each; see peer.py."""
from datetime import datetime
from zoneinfo import ZoneInfo

import peer
from cronsim import CronSim


def instants(zone, start, expression):
    for found in CronSim(expression, datetime.fromtimestamp(start, ZoneInfo(zone))):
        yield int(found.timestamp())


peer.answer(instants)
