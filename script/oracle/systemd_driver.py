"""Reads cases from standard input, writes what `systemd-analyze calendar` makes of each; see peer.py."""
import subprocess
from datetime import datetime, timezone

import peer


def instants(zone, start, expression):
    base = datetime.fromtimestamp(start, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    program = ["systemd-analyze", "calendar", "--iterations=25", f"--base-time={base}", f"{expression} {zone}"]
    said = subprocess.run(program, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    if said.returncode != 0:
        raise ValueError(said.stderr)
    for line in said.stdout.splitlines():
        name, _, text = line.strip().partition(": ")
        if (name == "Next elapse" and text.strip() != "never") or name.startswith("Iter"):
            # `Thu 2026-01-01 07:30:00 UTC`
            found = datetime.strptime(text.strip()[4:], "%Y-%m-%d %H:%M:%S UTC")
            yield int(found.replace(tzinfo=timezone.utc).timestamp())


peer.answer(instants)
