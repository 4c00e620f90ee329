#!/usr/bin/env python3
"""Makes the fixtures of this folder from the system's time zone database with Python's zoneinfo:
copies of some zones' files, offsets.txt (what clocks show at random instants) and locals.txt (the instants at which
clocks show random times: none, one or two). Run by hand; the tests read the files."""
import datetime as dt
import pathlib
import random
import shutil
import zoneinfo

ZONES = ["America/New_York", "Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
         "America/Sao_Paulo", "Africa/Casablanca", "America/Nuuk", "Asia/Tehran", "Antarctica/Troll", "Etc/GMT+3"]
HERE = pathlib.Path(__file__).parent
UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
random.seed(20261122)


def seconds(moment):
    return int((moment - EPOCH).total_seconds())


def offset(zone, at):
    return int((EPOCH + dt.timedelta(seconds=at)).astimezone(zone).utcoffset().total_seconds())


def change(zone, low, high):
    """An instant at which the offset changes between two instants that differ in it."""
    before = offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
    return high


def changes(zone):
    day = 86400 * 7
    start, end = seconds(dt.datetime(1900, 1, 2, tzinfo=UTC)), seconds(dt.datetime(2100, 1, 1, tzinfo=UTC))
    return [change(zone, at, at + day) for at in range(start, end, day) if offset(zone, at) != offset(zone, at + day)]


def instants(zone, local):
    found = set()
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == local:
            found.add(seconds(moment))
    return sorted(found)


with open(HERE / "offsets.txt", "w") as offsets, open(HERE / "locals.txt", "w") as locals_:
    for name in ZONES:
        file_name = name.replace("/", "_")
        shutil.copyfile("/usr/share/zoneinfo/" + name, HERE / (file_name + ".tzif"))
        with open(HERE / (file_name + ".tzif"), "rb") as file:
            zone = zoneinfo.ZoneInfo.from_file(file, name)
        edges = changes(zone)
        some = random.sample(edges, min(len(edges), 60))
        moments = [random.randrange(seconds(dt.datetime(1900, 1, 1, tzinfo=UTC)),
                                    seconds(dt.datetime(2100, 1, 1, tzinfo=UTC))) for _ in range(200)]
        moments += [edge + shift for edge in some[:40] for shift in (-1, 0)]
        offsets.write(f"{name}\n" + "".join(f"{at} {offset(zone, at)}\n" for at in sorted(moments)))
        locals_.write(f"{name}\n")
        shown = [EPOCH.replace(tzinfo=None) + dt.timedelta(seconds=at) for at in moments[:60]]
        for edge in some:
            for side in (-1, 0):
                wall = EPOCH.replace(tzinfo=None) + dt.timedelta(seconds=edge + offset(zone, edge + side))
                shown += [wall + dt.timedelta(seconds=shift) for shift in (-1, 0, random.randrange(-5400, 5400))]
        for local in sorted(set(shown)):
            wall = seconds(local.replace(tzinfo=UTC))
            locals_.write(" ".join(str(value) for value in [wall, *instants(zone, local)]) + "\n")
