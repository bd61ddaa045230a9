"""Thousands of messages for a host that takes none: memory stays bounded, other mail flows, and the queue commands work."""
import os
import re
import socket
import threading

import pytest
from harness import DOMAIN, Dns, Gateway, Ports, Receiver, delivery_settings, run, wait_for

ANN = f"ann@{DOMAIN}"
MESSAGES = int(os.environ.get("POSTERN_DEAD_HOST_MESSAGES", "10000"))
THREADS = 8
BODY = ("w" * 78 + "\r\n") * 50  # 4 KB
RECORDS = ["dead.example. 60 IN MX 10 mx.dead.example.", "mx.dead.example. 60 IN A 127.0.0.9",
           "alive.example. 60 IN MX 10 mx.alive.example.", "mx.alive.example. 60 IN A 127.0.0.2"]


class Silent:
    """A host that accepts connections and says nothing."""

    def __init__(self, host, port):
        self.socket = socket.create_server((host, port), backlog=4096)
        self.close = self.socket.close


def submit(gateway, recipient, count):
    with gateway.smtp(service="smtp") as client:
        for _ in range(count):
            client.sendmail(ANN, [recipient], f"From: {ANN}\r\nSubject: x\r\n\r\n{BODY}")


def submit_all(gateway, count):
    assert count % THREADS == 0
    threads = [threading.Thread(target=submit, args=(gateway, "x@dead.example", count // THREADS)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def resident(gateway):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{gateway.process.pid}/status").read()).group(1)) * 1024


def redis(gateway, *words):
    return run("redis-cli", "-s", gateway.directory / "data/redis/redis.sock", *words).stdout.strip()


@pytest.mark.parametrize("kind", ["silent", "refusing"])
def test_a_dead_host_fills_only_its_own(make, kind):
    base = Ports.take()
    make(Dns, base + 53, RECORDS)
    if kind == "silent":
        make(Silent, "127.0.0.9", base + 2)
    receiver = make(Receiver, "127.0.0.2", base + 2)
    gateway = make(Gateway, edit=lambda text: 'trusted_networks = ["127.0.0.0/8", "::1/128"]\nshutdown_grace = "1s"\n' + re.sub(
        r"(?m)^(trusted_networks|shutdown_grace).*\n", "", delivery_settings(text, base + 2, base + 53, retry='{ first = "1h", factor = 2, max = "4h", jitter = 0.1 }')))
    gateway.account("ann")
    gateway.start()
    messages = MESSAGES if kind == "refusing" else MESSAGES // 5
    submit_all(gateway, messages // 5)
    before = resident(gateway)
    submit_all(gateway, messages - messages // 5)
    if "POSTERN_SANITIZED" not in os.environ:  # they keep what was freed
        assert resident(gateway) - before < 64 << 20, "the gateway's memory grows with the backlog"

    submit(gateway, "y@alive.example", 20)
    wait_for(lambda: len(receiver.bodies()) == 20, "the mail for another host")

    counted = gateway.json("queue", "list", "--domain", "dead.example")
    assert len(counted) == messages
    assert len(gateway.json("queue", "list", "--limit", "7")) == 7
    one = counted[-1]["id"]
    assert "dead.example" in gateway.cli("queue", "show", one).stdout
    gateway.cli("queue", "hold", one)
    if kind == "refusing":
        wait_for(lambda: redis(gateway, "ZCARD", "q:due") == str(len(counted) - 1), "all deferred but the one that is held", 60)
        wait_for(lambda: redis(gateway, "SCARD", "q:bulky") == "0", "the bodies to leave Redis", 60)
        assert redis(gateway, "--scan", "--pattern", "q:b:*") == ""
        assert int(re.search(r"used_memory:(\d+)", redis(gateway, "INFO", "memory")).group(1)) < 10_000_000 + 2500 * messages
    gateway.cli("queue", "remove", "--domain", "dead.example", timeout=120)
    wait_for(lambda: all(row["state"] == "active" for row in gateway.json("queue", "list")), "only what is being tried to be left", 60)


def test_two_dozen_silent_hosts_do_not_stop_the_mail_for_others(make):
    base = Ports.take()
    silent = range(30, 55)
    make(Dns, base + 53, RECORDS + [record for n in silent for record in (
        f"dead{n}.example. 60 IN MX 10 mx.dead{n}.example.", f"mx.dead{n}.example. 60 IN A 127.0.0.{n}")])
    for n in silent:
        make(Silent, f"127.0.0.{n}", base + 2)
    receiver = make(Receiver, "127.0.0.2", base + 2)
    gateway = make(Gateway, edit=lambda text: 'trusted_networks = ["127.0.0.0/8", "::1/128"]\nshutdown_grace = "1s"\n' + re.sub(
        r"(?m)^(trusted_networks|shutdown_grace).*\n", "", delivery_settings(text, base + 2, base + 53)))
    gateway.account("ann")
    gateway.start()
    for n in silent:  # more of each than its hop may have in flight
        submit(gateway, f"x@dead{n}.example", 110)
    submit(gateway, "y@alive.example", 20)
    wait_for(lambda: len(receiver.bodies()) == 20, "the mail for another host")
