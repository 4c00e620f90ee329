"""The flows in Airflow with its own processes, LocalExecutor and the server that URL names: URL FOLDER.

From the moment the run is queued to its end, as Airflow writes them into its own table.
"""

import os
import shutil
import socket
import subprocess
import sys
import time

import psycopg2

url, folder = sys.argv[1], sys.argv[2]
program = os.path.join(os.path.dirname(sys.executable), "airflow")
os.makedirs(f"{folder}/dags")
shutil.copy(os.path.join(os.path.dirname(__file__), "airflow_dags.py"), f"{folder}/dags")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
environment = os.environ | {
    "AIRFLOW_HOME": folder,
    "AIRFLOW__CORE__DAGS_FOLDER": f"{folder}/dags",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("postgresql://", "postgresql+psycopg2://"),
    "AIRFLOW__API__PORT": str(port),
    "AIRFLOW__API__HOST": "127.0.0.1",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    # What its page on tuning the scheduler names against latency.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
}


def airflow(*words: str) -> None:
    subprocess.run([program, *words], env=environment, check=True, stdout=sys.stderr)


def wait(connection, sql: str, seconds: int) -> float:
    for _ in range(seconds * 10):
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
        if row and row[0] is not None:
            return float(row[0])
        time.sleep(0.1)
    raise TimeoutError(sql)


airflow("db", "migrate")
parts = ["api-server", "scheduler", "dag-processor"]
with open(f"{folder}/log", "w") as log:
    children = [subprocess.Popen([program, part], env=environment, stdout=log, stderr=log) for part in parts]
try:
    connection = psycopg2.connect(url)
    wait(connection, "SELECT count(*) FROM dag WHERE NOT is_stale HAVING count(*) = 2", 90)
    while True:
        with socket.socket() as there:
            if there.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    for name in ["bench_40", "bench_10"]:
        airflow("dags", "trigger", name)
        took = wait(
            connection,
            "SELECT extract(epoch FROM end_date - queued_at) FROM dag_run "
            f"WHERE dag_id = '{name}' AND state = 'success' AND end_date IS NOT NULL",
            240,
        )
        print(f"{name}, ms\t{round(took * 1000)}", flush=True)
finally:
    for child in children:
        child.terminate()
    for child in children:
        child.wait()
