"""The flow in Prefect, whose server PREFECT_API_URL names: STEPS NUMBER."""

import statistics
import sys
import time

from prefect import flow, task

steps, number = int(sys.argv[1]), int(sys.argv[2])


def fibonacci(number: int) -> int:
    return number if number <= 1 else fibonacci(number - 1) + fibonacci(number - 2)


@task
def step(number: int) -> int:
    return fibonacci(number)


@flow
def bench() -> None:
    for _ in range(steps):
        step(number)


times = []
for _ in range(3):
    begun = time.monotonic()
    bench()
    times.append(time.monotonic() - begun)
print(f"flow, ms\t{round(statistics.median(times[1:]) * 1000, 1)}")
