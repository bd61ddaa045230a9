"""kill -9 of the gateway, of redis-server, and of both, at random moments under load: what got its 250 arrives."""
import collections
import os
import random
import re
import smtplib
import threading
import time

from harness import DOMAIN, Dns, Gateway, Ports, Raw, Receiver, delivery_settings, wait_for

ROUNDS = int(os.environ.get("POSTERN_CRASH_ROUNDS", "20"))
CLIENTS = 6


class Load(threading.Thread):
    """One client that submits without pause and notes the subjects of what got its 250."""

    def __init__(self, gateway, number):
        super().__init__(daemon=True)
        self.gateway, self.number, self.acknowledged, self.over = gateway, number, [], threading.Event()

    def run(self):
        sent = 0
        while not self.over.is_set():
            try:
                with self.gateway.smtp(f"ann@{DOMAIN}") as client:
                    while not self.over.is_set():
                        sent += 1
                        key = f"{self.number}-{sent}"
                        recipients = ["far@far.example", f"bob@{DOMAIN}"]
                        client.sendmail(f"ann@{DOMAIN}", recipients, f"From: ann@{DOMAIN}\r\nSubject: {key}\r\n\r\n{'x' * random.choice([10, 5000])}\r\n")
                        self.acknowledged.append(key)
            except (OSError, smtplib.SMTPException):
                self.over.wait(0.05)


def subjects(messages):
    return collections.Counter(m.group(1).decode() for text in messages if (m := re.search(rb"(?m)^Subject: (\d+-\d+)", text)))


def test_nothing_acknowledged_is_lost_and_only_what_was_in_flight_comes_twice(make):
    base = Ports.take()
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    receiver = make(Receiver, "127.0.0.2", base + 2)
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 53))
    for name in ("ann", "bob"):
        gateway.account(name)
    gateway.start()
    loads = [Load(gateway, n) for n in range(CLIENTS)]
    for load in loads:
        load.start()
    for round_number in range(ROUNDS):
        reached = sum(len(load.acknowledged) for load in loads) + random.randrange(5, 25)
        wait_for(lambda: sum(len(load.acknowledged) for load in loads) >= reached, f"load in round {round_number}", 60)
        time.sleep(random.random() * 0.2)  # a random moment, not a wait for anything
        victims = random.choice(["gateway", "redis", "both"])
        if victims in ("redis", "both"):
            gateway.kill_redis()
        if victims in ("gateway", "both"):
            gateway.kill()
            gateway.start()
    for load in loads:
        load.over.set()
    for load in loads:
        load.join(60)
    acknowledged = {key for load in loads for key in load.acknowledged}
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue", 120)
    far, near = subjects(receiver.bodies()), subjects(gateway.messages(f"bob@{DOMAIN}"))
    assert acknowledged - far.keys() == set(), "lost on the way out"
    assert acknowledged - near.keys() == set(), "lost on the way to the mailbox"
    # A message whose 250 was lost was sent again under the same login, but with a key of its own: a local copy is exact.
    assert [key for key, count in near.items() if count > 1] == []
    duplicates = sum(count - 1 for count in far.values())
    print(f"{len(acknowledged)} acknowledged, {duplicates} duplicates in {ROUNDS} rounds")
    assert duplicates <= ROUNDS * CLIENTS * 10
