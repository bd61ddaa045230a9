"""Runs bench_load, the generator and sink, and reads what it measured."""
import json
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("BENCH_LOAD", str(TOP / "build/release/tests/bench/bench_load"))


def options(**words):
    """size=4096 → --size 4096; tls=True → --tls."""
    arguments = []
    for word, value in words.items():
        arguments.append("--" + word.replace("_", "-"))
        if value is not True:
            arguments.append(str(value))
    return arguments


def start(**words):
    return subprocess.Popen([PROGRAM, *options(**words)], stdout=subprocess.PIPE, text=True)


def finish(process):
    """What bench_load printed; every message must have been taken, and have arrived."""
    text, _ = process.communicate()
    result = json.loads(text)
    if process.returncode != 0 or result["refused"] or not result["complete"]:
        raise RuntimeError(f"not every message came through: {text}")
    return result


def run(**words):
    return finish(start(**words))
