"""The flows in Airflow: tasks one after the other."""

from datetime import datetime

from airflow.sdk import DAG, task


def fibonacci(number: int) -> int:
    return number if number <= 1 else fibonacci(number - 1) + fibonacci(number - 2)


for steps, number in [(40, 10), (10, 33)]:
    with DAG(dag_id=f"bench_{steps}", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):
        previous = None
        for index in range(steps):

            @task(task_id=f"task_{index}")
            def step(number: int) -> int:
                return fibonacci(number)

            current = step(number)
            if previous is not None:
                previous >> current
            previous = current
