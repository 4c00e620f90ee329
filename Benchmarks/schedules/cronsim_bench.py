"""What Benchmarks/Sources/schedules measures, by cronsim."""
from datetime import datetime
from time import perf_counter
from zoneinfo import ZoneInfo

from cronsim import CronSim

ZONE = ZoneInfo("America/New_York")
START = datetime.fromtimestamp(1_700_000_000, ZONE)
SCHEDULES = {
    "every 5 minutes": "*/5 * * * *",
    "a time of the day": "30 2 * * *",
    "first Sunday": "0 2 * * SUN#1",
    "29 February or Sundays": "0 0 29 2 SUN",
}


def rate(work):
    begun, count = perf_counter(), 0
    while True:
        for _ in range(100):
            work()
        count += 100
        took = perf_counter() - begun
        if took > 0.5:
            return round(count / took)


for name, text in SCHEDULES.items():
    search = CronSim(text, START)

    def step():
        global search
        if next(search).year > 2199:
            search = CronSim(text, START)

    print(name, rate(step), sep="\t")

texts = [f"{i % 60} {i // 60} * * 1-5" for i in range(1440)]
place = 0


def read():
    global place
    place = (place + 1) % len(texts)
    next(CronSim(texts[place], START))


print("read and first", rate(read), sep="\t")
