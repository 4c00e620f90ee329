"""Runs of three jobs that follow one another in procrastinate: URL RUNS-AT-ONCE.

It is a queue of jobs and knows no runs: each job puts the next one into the queue, and the third one that of the next run.
"""

import asyncio
import os
import sys
import time

import procrastinate

url, at_once = sys.argv[1], int(sys.argv[2])
seconds = int(os.environ.get("SECONDS_OF_PART", "10"))
connector = procrastinate.PsycopgConnector(conninfo=url, min_size=at_once + 2, max_size=2 * at_once + 2)
app = procrastinate.App(connector=connector)
ended = 0


@app.task(name="step")
async def step(number: int) -> None:
    global ended
    if number == 3:
        ended += 1
    await step.defer_async(number=number % 3 + 1)


async def measure() -> None:
    await asyncio.sleep(1)
    before, begun = ended, time.monotonic()
    await asyncio.sleep(seconds)
    print(f"runs a second\t{round((ended - before) / (time.monotonic() - begun), 1)}", flush=True)
    os._exit(0)


async def main() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for _ in range(at_once):
            await step.defer_async(number=1)
        await asyncio.gather(app.run_worker_async(concurrency=at_once), measure())


asyncio.run(main())
