"""What is measured: runs of load through a peer, and the figures that the table takes from them."""
import contextlib
import subprocess
import time
from dataclasses import dataclass, field

import load
import processes
from harness import wait_for
from peers import PASSWORD, SINK, USER

LOGIN = {"tls": True, "user": USER, "password": PASSWORD}


@dataclass
class Run:
    """One measurement of one peer, a dictionary of numbers."""
    name: str
    messages: int
    words: dict = field(default_factory=dict)  # for bench_load
    setup: str = "smarthost"  # how the peers are set up: peers.SETUPS

    def measure(self, peer, share):
        count = max(20, int(self.messages * share))
        port = peer.submissions if "tls" in self.words else peer.plain
        before = sum(map(processes.cpu_seconds, peer.pids))
        result = load.run(to=port, sink=SINK, messages=count, **self.words)
        cpu = sum(map(processes.cpu_seconds, peer.pids)) - before
        return {"rate": result["arrived"] / result["arrived_seconds"], "cpu": 1000 * cpu / count,
                "latency": result["latency_ms"]["median"]}


class Memory(Run):
    """Peak PSS of all processes under load: apart from the others, for looking costs time."""

    def measure(self, peer, share):
        with processes.Peak(lambda: processes.pss(peer.pid)) as peak:
            super().measure(peer, share)
        return {"pss": peak.value / 2**20}


class Drain(Run):
    """The queue fills while the sink is down; then the time from the operator's retry until it is empty.

    Postfix may put a few messages back that it tried while it still took the destination for dead: whom it leaves
    waiting is told again, as an operator would."""

    PATIENCE = 10  # seconds

    def measure(self, peer, share):
        count = max(20, int(self.messages * share))
        load.run(to=peer.plain, messages=count, **self.words)
        wait_for(lambda: peer.waiting() == count, "all to be deferred", 120)
        sink = load.start(sink=SINK, expect=count)
        begin = time.monotonic()
        while sink.poll() is None:
            peer.retry()
            with contextlib.suppress(subprocess.TimeoutExpired):
                sink.wait(self.PATIENCE)
        load.finish(sink)
        return {"rate": count / (time.monotonic() - begin)}


RUNS = [
    Run("4k-1", 1000, {"connections": 1}),
    Run("4k-20", 6000, {"connections": 20}),
    Run("4k-100", 6000, {"connections": 100}),
    Run("64k-1", 500, {"connections": 1, "size": 65536}),
    Run("64k-20", 2000, {"connections": 20, "size": 65536}),
    Run("64k-100", 2000, {"connections": 100, "size": 65536}),
    Run("tls-20", 5000, {"connections": 20, **LOGIN}),
    Run("tls-20-each", 1500, {"connections": 20, "per_connection": 1, **LOGIN}),
    Run("4k-20-each", 3000, {"connections": 20, "per_connection": 1}),
    Memory("memory", 3000, {"connections": 20}),
    Drain("drain", 2000, {"connections": 20}),
    Run("domains", 60, {"connections": 20, "recipients": 50}, setup="mx"),
    Run("signed-20", 4000, {"connections": 20, **LOGIN}, setup="signed"),
    Run("signed-100", 4000, {"connections": 100, **LOGIN}, setup="signed"),
]


@dataclass
class Figure:
    """A line of the table. `target`: of the ratio that `higher` makes better when it grows."""
    text: str
    run: str
    key: str
    unit: str
    target: float | None = None
    higher: bool = True

    def ratio(self, ours, theirs):
        """Above 1: ours is better by so much."""
        return ours / theirs if self.higher else theirs / max(ours, 1e-9)


FIGURES = [
    Figure("4 KiB, 1 connection", "4k-1", "rate", "messages/s", 2),
    Figure("4 KiB, 20 connections", "4k-20", "rate", "messages/s", 4),
    Figure("4 KiB, 100 connections", "4k-100", "rate", "messages/s", 6),
    Figure("CPU for 1,000 messages, 4 KiB, 20 connections", "4k-20", "cpu", "s", 6, False),
    Figure("64 KiB, 1 connection", "64k-1", "rate", "messages/s"),
    Figure("64 KiB, 20 connections", "64k-20", "rate", "messages/s", 3),
    Figure("64 KiB, 100 connections", "64k-100", "rate", "messages/s"),
    Figure("TLS and AUTH, 4 KiB, 20 connections", "tls-20", "rate", "messages/s", 4),
    Figure("TLS and AUTH, 4 KiB, 20, a connection each", "tls-20-each", "rate", "messages/s"),
    Figure("4 KiB, 20, a connection each", "4k-20-each", "rate", "messages/s"),
    Figure("MAIL to the sink's dot, median, 1 connection", "4k-1", "latency", "ms", 2, False),
    Figure("MAIL to the sink's dot, median, 20 connections", "4k-20", "latency", "ms", 100, False),
    Figure("peak PSS, 4 KiB, 20 connections", "memory", "pss", "MiB", 1, False),
    Figure("backlog drain", "drain", "rate", "messages/s"),
    Figure("50 recipients in 50 domains", "domains", "rate", "deliveries/s"),
    Figure("signed as `init` sets it up, TLS and AUTH, 4 KiB, 20 connections", "signed-20", "rate", "messages/s", 3),
    Figure("signed, TLS and AUTH, 4 KiB, 100 connections", "signed-100", "rate", "messages/s", 3),
    Figure("CPU for 1,000 signed messages, 20 connections", "signed-20", "cpu", "s", 1, False),
]
