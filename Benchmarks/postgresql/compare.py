"""compare.py FOLDER: rows of a table in Markdown, what each estimator says of bloat beside what rewriting came to.

The folder holds `truth` (kind, name, bytes before, bytes after), `estimates/NAME.json` of `millwright check`,
`check_pgactivity.tables` and `.btrees`, `check_postgres` and `pgstattuple` as they were printed, `times` (name, seconds).
"""
import csv
import json
import os
import re
import sys

folder = sys.argv[1]
path = lambda name: os.path.join(folder, name)
text = lambda name: open(path(name)).read() if os.path.exists(path(name)) else ""
truth = {row[1]: (row[0], int(row[2]), int(row[3])) for row in csv.reader(open(path("truth")), delimiter="|")}
share = {name: 100 * max(0, before - after) / before if before else 0 for name, (_, before, after) in truth.items()}
total = sum(before for _, before, _ in truth.values())
times = dict(line.split("\t") for line in text("times").splitlines())


def line(name, estimates, time):
    """`estimates`: percent by relation; what it says nothing of is left out."""
    known = {relation: value for relation, value in estimates.items() if relation in truth}
    if not known:
        return f"| {name} | none | | | | | | {time} |"
    errors = {relation: abs(max(0, value) - share[relation]) for relation, value in known.items()}
    worst = max(errors, key=errors.get)
    covered = sum(truth[relation][1] for relation in known)
    weighted = sum(error * truth[relation][1] for relation, error in errors.items()) / max(1, covered)
    return (
        f"| {name} | {len(known)} of {len(truth)} ({100 * len(known) / len(truth):.1f} %) | {100 * covered / total:.1f} %"
        f" | {sum(errors.values()) / len(errors):.2f} | {weighted:.2f} | {errors[worst]:.1f} ({worst.removeprefix('fx.')})"
        f" | {sum(error > 10 for error in errors.values())} | {time} |"
    )


def details(name):
    steps = json.load(open(path(f"estimates/{name}.json")))["steps"]
    return next(step["details"] for step in steps if step["action"] == "postgresql.bloat")


def ours(name, words):
    rows = details(name)
    differing = [r["relation"] for r in rows if r["relation"] in truth and truth[r["relation"]][1] != r["bytes"]]
    if differing or {r["relation"] for r in rows} != set(truth):
        sys.exit(f"{name}: not the relations of the truth: {differing[:5]}")
    percent = lambda wanted: {r["relation"]: r["bloat_percent"] for r in rows if wanted(r)}
    time = times.get(name, "")
    yield line(f"**Millwright, trusted** ({words})", percent(lambda r: r["trust"] == "trusted"), time)
    yield line("of these without a sample of blocks", percent(
        lambda r: r["trust"] == "trusted" and r["basis"] != "sample"), "")
    yield line("trusted and sampled", percent(lambda r: r["trust"] != "unknown"), "")


# ioguix' queries as check_pgactivity has them: tables, and b-trees under their table's schema. It lists those above zero.
listed = {
    relation: float(percent)
    for relation, percent in re.findall(r"(\S+) \S+/\S+ \(([-\d.]+)%\)", text("check_pgactivity.tables") + text("check_pgactivity.btrees"))
}
listed = {".".join(name.split(".")[1:3]): value for name, value in listed.items()}
trees = set(text("trees").split())
ioguix = {name: listed.get(name, 0) for name in truth if truth[name][0] == "table" or name in trees}

postgres = dict.fromkeys(truth, 0)
for part in text("check_postgres").split(" * "):
    found = re.search(r"(table|index) (\S+) rows:\S+ pages:(\d+) shouldbe:\S+ \(\S+\) wasted (?:size|bytes):(\d+)", part)
    if found and int(found[3]):
        name = found[2] if found[1] == "table" else "fx." + found[2]
        postgres[name] = 100 * int(found[4]) / 8192 / int(found[3])

exact = {}
for relation, percent in (row.split("|") for row in text("pgstattuple").splitlines()):
    exact[relation] = float(percent)

rows = list(ours("superuser", "superuser"))
if os.path.exists(path("estimates/reader.json")):
    rows += list(ours("reader", "pg_monitor and SELECT"))
    rows += list(ours("monitor", "pg_monitor alone"))
rows += [
    line("ioguix (check_pgactivity)", ioguix, times.get("check_pgactivity", "")),
    line("check_postgres", postgres, times.get("check_postgres", "")),
    line("pgstattuple, pgstatindex", exact, times.get("pgstattuple", "")),
]
print("\n".join(rows))
