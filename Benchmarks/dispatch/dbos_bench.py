"""DBOS on SQLite, as Benchmarks/Sources/serving measures Millwright: second | together, in a folder."""

import datetime
import logging
import math
import os
import sys
import time

from dbos import DBOS, DBOSConfig

part, folder = sys.argv[1], sys.argv[2]
seconds = int(os.environ.get("SECONDS_OF_PART", "60"))
late = []
config: DBOSConfig = {
    "name": "bench",
    "system_database_url": f"sqlite:///{folder}/dbos.sqlite",
    "run_admin_server": False,
    "log_level": "CRITICAL",
}
DBOS(config=config)


@DBOS.workflow()
def run(scheduled: datetime.datetime, context: object):
    late.append((time.time() - scheduled.timestamp()) * 1000)


logging.disable(logging.CRITICAL)
DBOS.launch()
pattern = "* * * * * *" if part == "second" else "*/5 * * * * *"
DBOS.apply_schedules(
    [
        {"schedule_name": f"run-{n}", "workflow_fn": run, "schedule": pattern, "context": None}
        for n in range(1 if part == "second" else 1000)
    ]
)
time.sleep(seconds)
late.sort()
print(f"begins\t{len(late)}")
for name, share in [("p50", 0.5), ("p99", 0.99), ("max", 1)]:
    print(f"{name}, ms\t{round(late[math.ceil(len(late) * share) - 1], 2) if late else 'none'}")
os._exit(0)
