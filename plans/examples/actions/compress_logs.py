#!/usr/bin/env python3
"""logfiles.compress: packs log files that nobody writes any more. A change with a unit a file; see docs/external-actions.md.

One request comes on standard input as a line of JSON; the answer goes to standard output.
"""
import gzip
import hashlib
import json
import os
import sys
import time

DESCRIPTION = {
    "name": "logfiles.compress",
    "kind": "change",
    "summary": "Packs the log files of a folder that were last written some time ago.",
    "parameters": [
        {"name": "folder", "type": "text", "summary": "The folder with the files."},
        {"name": "older-than", "type": "duration", "default": "7 days", "summary": "How long ago they were last written."},
        {"name": "suffix", "type": "text", "default": ".log", "summary": "How their names end."},
    ],
    "measurements": [
        {"name": "files", "summary": "Files that were packed."},
        {"name": "saved", "unit": "B", "summary": "The room that was gained."},
    ],
    "impact": "online",
    "undo": True,
    "repair": True,
    "limits": ["bytes"],
    "timeout": "10m",
    "rights": [{"kind": "host", "purpose": "change", "grant": "to write the folder", "reason": "to put the packed file beside"}],
    "example": {"folder": "/var/log/app", "older-than": "14 days"},
}


class Refusal(Exception):
    def __init__(self, kind, code, sentence):
        self.error = {"type": "error", "kind": kind, "code": code, "sentence": sentence}


def say(message, request):
    print(json.dumps({**message, "id": request.get("id")}), flush=True)


def digest(stream):
    total = hashlib.sha256()
    for chunk in iter(lambda: stream.read(1 << 20), b""):
        total.update(chunk)
    return total.hexdigest()


def digest_of(path, opener=open):
    with opener(path, "rb") as stream:
        return digest(stream)


def packed(path):
    return path + ".gz"


def unit_path(request):
    path = request.get("unit", {}).get("id")
    if not isinstance(path, str) or not os.path.isabs(path):
        raise Refusal("could-not-look", "malformed", "The unit is no absolute path.")
    return path


def preview(request):
    given = request["parameters"]
    folder, suffix = given["folder"], given["suffix"]
    if not os.path.isabs(folder):
        raise Refusal("could-not-look", "malformed", "The folder is no absolute path.")
    units = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            facts = entry.stat(follow_symlinks=False)
            old = time.time() - facts.st_mtime >= given["older-than"]
            if entry.is_file(follow_symlinks=False) and entry.name.endswith(suffix) and old:
                units.append({"id": entry.path, "title": entry.name, "size": facts.st_size, "expected-seconds": 1 + facts.st_size / 2e7})
    return {"summary": f"packs {len(units)} files", "units": units, "statements": [f"gzip {unit['title']}" for unit in units][:1000]}


def prepare(request):
    path = unit_path(request)
    return {"baseline": {"sha256": digest_of(path), "size": os.path.getsize(path)}}


def probe(request):
    path, before = unit_path(request), request["baseline"]
    there, done = os.path.exists(path), os.path.exists(packed(path))
    if there and not done:
        return {"state": "pending"}
    if not there and not done:
        return {"state": "unknown", "code": "not-found", "sentence": "Neither the file nor the packed one is there."}
    try:
        whole = digest_of(packed(path), gzip.open) == before["sha256"]
    except (EOFError, gzip.BadGzipFile):
        whole = False
    if there:
        return {"state": "partial", "summary": "both the file and the packed one are there"}
    if not whole:
        return {"state": "unknown", "code": "malformed", "sentence": "The packed file holds something else than the file did."}
    saved = before["size"] - os.path.getsize(packed(path))
    return {"state": "applied", "summary": f"packed, {saved} bytes less", "measurements": {"files": 1, "saved": saved}}


def copy(source, target, opener, writer, request):
    """Copies through a file beside the target, so that the target is whole or not there."""
    draft, done, total = target + ".part", 0, os.path.getsize(source)
    with opener(source, "rb") as read, writer(draft, "wb") as write:
        for chunk in iter(lambda: read.read(1 << 20), b""):
            write.write(chunk)
            done += len(chunk)
            say({"type": "progress", "done": done, "total": total, "text": os.path.basename(source)}, request)
    with open(draft, "rb") as written:
        os.fsync(written.fileno())
    os.rename(draft, target)


def apply(request):
    path = unit_path(request)
    if os.path.exists(path):
        facts = os.stat(path)
        copy(path, packed(path), open, gzip.open, request)
        os.utime(packed(path), ns=(facts.st_atime_ns, facts.st_mtime_ns))
        if digest_of(packed(path), gzip.open) != request["baseline"]["sha256"]:
            os.unlink(packed(path))
            raise Refusal("failed", "conflict", "The file was written while it was packed; it stays as it is.")
        os.unlink(path)
    return {}


def undo(request):
    path = unit_path(request)
    if os.path.exists(packed(path)):
        facts = os.stat(packed(path))
        if not os.path.exists(path):
            copy(packed(path), path, gzip.open, open, request)
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        os.unlink(packed(path))
    return {}


# What is half there is made anew: the file itself goes last.
CALLS = {"describe": lambda request: DESCRIPTION, "preview": preview, "prepare": prepare, "probe": probe,
         "apply": apply, "undo": undo, "repair": apply}


def answer(line):
    request = json.loads(line)
    if not isinstance(request, dict):
        raise ValueError("no object")
    try:
        if request.get("protocol") != 1:
            raise Refusal("could-not-look", "not-supported", "This program speaks version 1 of the protocol.")
        if request.get("call") not in CALLS:
            raise Refusal("could-not-look", "not-supported", "This program has no such call.")
        say({**CALLS[request["call"]](request), "type": "reply", "protocol": 1}, request)
    except Refusal as refusal:
        say(refusal.error, request)
    except KeyError as missing:
        say(Refusal("could-not-look", "malformed", f"The request has no {missing}.").error, request)
    except (OSError, ValueError) as error:
        kind = "failed" if request.get("call") in ("apply", "undo", "repair") else "could-not-look"
        say(Refusal(kind, "unexpected", f"{type(error).__name__}: {getattr(error, 'strerror', None) or 'a wrong value'}").error, request)


answer(sys.stdin.readline())
