"""APScheduler, in memory, as Benchmarks/Sources/serving measures Millwright: second | together | idle."""

import logging
import math
import os
import resource
import sys
import time

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

logging.disable(logging.CRITICAL)
part = sys.argv[1]
seconds = int(os.environ.get("SECONDS_OF_PART", "60"))
period = {"second": 1, "together": 5}.get(part, 1)
late = []


def run():
    now = time.time()
    late.append((now % period) * 1000)


def say(name, value, digits=2):
    print(f"{name}\t{value:.{digits}f}")


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


# Nothing is dropped for being late, which it is by default after one second.
scheduler = BackgroundScheduler(
    timezone="America/New_York", job_defaults={"misfire_grace_time": 3600, "coalesce": False, "max_instances": 10}
)
if part == "idle":
    before = resident()
    begun = time.monotonic()
    scheduler.start(paused=True)
    for n in range(100_000):
        trigger = CronTrigger(
            minute=n % 60, hour=n // 60 % 24, day_of_week=n // 1440 % 7, timezone="America/New_York"
        )
        scheduler.add_job(run, trigger)
    scheduler.resume()
    say("plans to ready, ms", (time.monotonic() - begun) * 1000, 0)
    time.sleep(5)
    cpu, wall = time.process_time(), time.monotonic()
    time.sleep(seconds)
    say("processor while 10 a minute are due, % of a core", (time.process_time() - cpu) / (time.monotonic() - wall) * 100)
    say("memory of the process, plans included, MB", resident(), 0)
else:
    for n in range(1 if part == "second" else 1000):
        scheduler.add_job(run, CronTrigger(second="*" if part == "second" else "*/5", timezone="America/New_York"))
    scheduler.start()
    time.sleep(seconds)
    late.sort()
    say("begins", len(late), 0)
    say("p50, ms", late[math.ceil(len(late) * 0.5) - 1])
    say("p99, ms", late[math.ceil(len(late) * 0.99) - 1])
    say("max, ms", late[-1])
os._exit(0)
