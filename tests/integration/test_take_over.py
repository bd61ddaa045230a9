"""Two gateways on one Redis: what one had leased when it died, the other delivers; local mail waits for its own."""
import contextlib
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import tempfile
import threading

from harness import DOMAIN, Dns, Gateway, Ports, Receiver, delivery_settings, run, wait_for

ANN = f"ann@{DOMAIN}"
BODY = ("z" * 70 + "\r\n") * 5000  # goes by the spool


class Redis:
    """An external redis-server with settings that lose nothing, unless `options` say otherwise."""

    def __init__(self, *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pt-redis-"))
        self.socket = self.folder / "redis.sock"
        self.process = subprocess.Popen(
            [str(word) for word in ("redis-server", "--dir", self.folder, "--port", "0", "--unixsocket", self.socket, "--save", "",
                                    "--appendonly", "yes", "--appendfsync", "always", *options)], stdout=subprocess.DEVNULL)
        wait_for(lambda: run("redis-cli", "-s", self.socket, "PING", check=False).stdout == "PONG\n", "redis-server")

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_a_dead_gateways_leases_are_taken_over_but_for_its_own_mailboxes(make):
    base, redis = Ports.take(), make(Redis)
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    stalls, closed = threading.Event(), threading.Event()

    def stall_at_the_first_dot(verb, argument, session):
        if verb == "." and not stalls.is_set():
            stalls.set()
            closed.wait(60)
            return "CLOSE"
        return None
    receiver = make(Receiver, "127.0.0.2", base + 2, stall_at_the_first_dot)

    def settings(text):
        return delivery_settings(text, base + 2, base + 53, redis=f"unix://{redis.socket}", spool=str(redis.folder / "spool"))
    first, second = make(Gateway, edit=settings), make(Gateway, edit=settings)
    for gateway in (first, second):
        gateway.account("ann")
        gateway.start()
    queue_id = first.send(ANN, "bob@far.example", f"Subject: large\r\n\r\n{BODY}")
    assert stalls.wait(20)
    first.kill()
    closed.set()
    assert wait_for(receiver.bodies, "the message by the other gateway", 90)[0].endswith(b"\r\n\r\n" + BODY.encode())
    wait_for(lambda: second.json("queue", "list") == [], "an empty queue")
    facts = [event["event"] for event in second.timeline(queue_id)["events"]]
    assert facts == ["accepted", "uncertain", "relayed"], facts
    assert len(receiver.bodies()) == 1
    first.start()
    first.send(ANN, ANN)
    wait_for(lambda: first.messages(ANN), "mail in the mailbox of the one that came back")
    assert second.messages(ANN) == []


def test_a_redis_that_would_lose_mail_is_refused_by_the_settings_name(make):
    for options, name in ((("--appendfsync", "everysec"), "appendfsync"), (("--appendonly", "no"), "appendonly"),
                          (("--maxmemory-policy", "allkeys-lru"), "maxmemory-policy"), (("--no-appendfsync-on-rewrite", "yes"), "no-appendfsync-on-rewrite")):
        redis = make(Redis, *options)
        gateway = make(Gateway, edit=lambda text, redis=redis: delivery_settings(text, 25, redis=f"unix://{redis.socket}"))
        with contextlib.suppress(AssertionError):
            gateway.start()
            raise RuntimeError("it started")
        assert gateway.process.returncode == 1
        assert any(event.get("event") == "start_failed" and name in event["error"] for event in gateway.events())


def test_with_a_replica_a_250_needs_its_word(make):
    base = Ports.take()
    redis = make(Redis, "--port", base + 1, "--min-replicas-to-write", "1", "--repl-diskless-sync-delay", "0")
    replica = make(Redis, "--replicaof", f"127.0.0.1 {base + 1}", "--appendfsync", "no")
    ask = ["redis-cli", "-s", redis.socket]
    wait_for(lambda: "connected_slaves:1" in run(*ask, "INFO", "replication").stdout and "state=online" in run(*ask, "INFO", "replication").stdout, "the replica", 30)
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, 25, redis=f"unix://{redis.socket}"))
    gateway.account("ann")
    gateway.start()
    gateway.send(ANN, ANN, "Subject: before\r\n\r\nx\r\n")
    replica.process.send_signal(signal.SIGSTOP)
    try:
        with gateway.smtp(ANN) as client:
            client.mail(ANN)
            client.rcpt(ANN)
            code, words = client.data(f"From: {ANN}\r\nSubject: doubt\r\n\r\nx\r\n".encode())
            assert code == 451, words
    finally:
        replica.process.send_signal(signal.SIGCONT)

    def accepted():
        try:
            return gateway.send(ANN, ANN, "Subject: after\r\n\r\nx\r\n")
        except (AssertionError, OSError, smtplib.SMTPException):
            return None
    wait_for(accepted, "a 250", 60)
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue", 60)
    assert sorted(re.search(rb"Subject: (\w+)", m).group(1) for m in gateway.messages(ANN)) == [b"after", b"before"]

    gateway.stop()
    run(*ask, "CONFIG", "SET", "min-replicas-to-write", "0")
    with contextlib.suppress(AssertionError):
        gateway.start()
        raise RuntimeError("it started")
    assert any(event.get("event") == "start_failed" and "min-replicas-to-write" in event["error"] for event in gateway.events())
