"""DBOS as Benchmarks/Sources/durable measures Millwright.

runs STORE RUNS-AT-ONCE PROCESSES FOLDER | flow STORE STEPS NUMBER FOLDER

STORE is the URL of a server, `sqlite` as DBOS has it, or `sqlite-wal`: the same file with a write-ahead log.
"""

import logging
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

from dbos import DBOS, DBOSConfig

part, store, first, second, folder = sys.argv[1:]
seconds = int(os.environ.get("SECONDS_OF_PART", "10"))
path = f"{folder}/dbos.sqlite"
if store == "sqlite-wal":
    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL")
config: DBOSConfig = {
    "name": "bench",
    "system_database_url": f"sqlite:///{path}" if store.startswith("sqlite") else store,
    "run_admin_server": False,
    "log_level": "CRITICAL",
    "executor_id": str(os.getpid()),
    "sys_db_pool_size": max(20, 2 * int(first)) if part == "runs" else 20,
}
logging.disable(logging.CRITICAL)
DBOS(config=config)


@DBOS.step()
def step(number: int) -> int:
    return fibonacci(number)


@DBOS.workflow()
def run(steps: int, number: int) -> None:
    for _ in range(steps):
        step(number)


def fibonacci(number: int) -> int:
    return number if number <= 1 else fibonacci(number - 1) + fibonacci(number - 2)


def work(end: float, ended: list[int]) -> None:
    while time.monotonic() < end:
        run(3, 1)
        ended.append(1)


def runs(at_once: int, processes: int) -> None:
    """Also as a child, which says how many runs ended."""
    if processes > 1:
        command = [sys.executable, "-B", __file__, part, store, str(at_once // processes), "1", folder]
        children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
        lines = [child.communicate()[0].split("\t") for child in children]
        print(f"runs a second\t{round(sum(float(line[1]) for line in lines), 1)}")
        return
    for _ in range(5):
        run(3, 1)
    ended: list[int] = []
    begun = time.monotonic()
    threads = [threading.Thread(target=work, args=(begun + seconds, ended)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"runs a second\t{round(len(ended) / (time.monotonic() - begun), 1)}")


def flow(steps: int, number: int) -> None:
    times = []
    for _ in range(4):
        begun = time.monotonic()
        run(steps, number)
        times.append(time.monotonic() - begun)
    print(f"flow, ms\t{round(statistics.median(times[1:]) * 1000, 1)}")


DBOS.launch()
(runs if part == "runs" else flow)(int(first), int(second))
sys.stdout.flush()
os._exit(0)
