"""Reads cases from standard input, writes what croniter makes of each; see peer.py."""
from datetime import datetime
from zoneinfo import ZoneInfo

import peer
from croniter import CroniterBadDateError, croniter


def instants(zone, start, expression):
    found = croniter(expression, datetime.fromtimestamp(start, ZoneInfo(zone)), second_at_beginning=True)
    while True:
        try:
            yield int(found.get_next(float))
        except CroniterBadDateError:
            return


peer.answer(instants)
