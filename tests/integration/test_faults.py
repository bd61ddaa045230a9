"""When something that postern depends on is down, clients get a 4xx and all recovers by itself."""
import os
import re
import signal
import smtplib
import threading
import time

from harness import DOMAIN, Dns, Gateway, Ports, Receiver, delivery_settings, wait_for

ANN = f"ann@{DOMAIN}"


def accepted(gateway, text="Subject: hello\r\n\r\nHello.\r\n"):
    """The id in the 250, or None."""
    try:
        return gateway.send(ANN, ANN, text)
    except (AssertionError, OSError, smtplib.SMTPException):
        return None


def waits_at_the_dot(reached, go_on):
    """For a Receiver: it has the message, and says so only when it may."""
    def answer(verb, argument, session):
        if verb == ".":
            reached.set()
            go_on.wait(60)
    return answer


def test_a_stopped_redis_gives_451_and_comes_back(make):
    gateway = make(Gateway)
    gateway.account("ann")
    gateway.start()
    pid = gateway.redis_pid()
    client = gateway.smtp(ANN)
    client.sock.settimeout(15)  # the bound of RULES.md: a client must not wait longer for its 451
    os.kill(pid, signal.SIGSTOP)
    try:
        client.mail(ANN)
        client.rcpt(ANN)
        code, words = client.data(f"From: {ANN}\r\nSubject: doubt\r\n\r\nx\r\n".encode())
        assert code in (451, 452), words
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: accepted(gateway, "Subject: after\r\n\r\nx\r\n"), "a 250 after redis came back", 60)
    wait_for(lambda: any(b"Subject: after" in m for m in gateway.messages(ANN)), "the message")
    assert not any(b"Subject: doubt" in m for m in gateway.messages(ANN)), "what was answered 451 must not arrive"


def test_a_killed_redis_is_started_again(make):
    gateway = make(Gateway)
    gateway.account("ann")
    gateway.start()
    first = gateway.redis_pid()
    gateway.kill_redis()
    wait_for(lambda: gateway.redis_pid() not in (None, first), "a new redis-server", 30)
    wait_for(lambda: accepted(gateway), "a 250", 60)
    wait_for(lambda: gateway.messages(ANN), "the message")


def test_half_a_minute_without_redis_loses_nothing_and_takes_nothing(make):
    base = Ports.take()
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    at_the_dot, go_on = threading.Event(), threading.Event()
    receiver = make(Receiver, "127.0.0.2", base + 2, waits_at_the_dot(at_the_dot, go_on))
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 53))
    gateway.account("ann")
    gateway.start()
    gateway.send(ANN, "bob@far.example", "Subject: under way\r\n\r\nx\r\n")
    assert at_the_dot.wait(20)
    pid = gateway.redis_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        go_on.set()  # taken by the receiver while nobody can store that it was
        until, tries = time.monotonic() + 30, 0
        while time.monotonic() < until:
            tries += 1
            with gateway.smtp(ANN) as client:
                client.sock.settimeout(15)
                client.mail(ANN)
                client.rcpt(ANN)
                code, words = client.data(f"From: {ANN}\r\nSubject: refused {tries}\r\n\r\nx\r\n".encode())
                assert code in (451, 452), (code, words)
        assert gateway.messages(ANN) == [], "mailboxes are read without redis"
    finally:
        os.kill(pid, signal.SIGCONT)
    assert gateway.redis_pid() == pid
    wait_for(lambda: accepted(gateway, "Subject: after\r\n\r\nx\r\n"), "a 250 after redis came back", 60)
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue")
    assert [b"Subject: after" in m for m in gateway.messages(ANN)] == [True], "what was answered 4xx must not arrive"
    assert len(receiver.bodies()) == 1, "what was taken must not go out again"


def test_sigterm_without_redis_ends_in_time_and_loses_nothing(make):
    base = Ports.take()
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    at_the_dot, go_on = threading.Event(), threading.Event()
    receiver = make(Receiver, "127.0.0.2", base + 2, waits_at_the_dot(at_the_dot, go_on))
    gateway = make(Gateway, edit=lambda text: 'shutdown_grace = "2s"\n' + re.sub(
        r"(?m)^shutdown_grace.*\n", "", delivery_settings(text, base + 2, base + 53)))
    gateway.account("ann")
    gateway.start()
    queue_id = gateway.send(ANN, "bob@far.example")
    assert at_the_dot.wait(20)
    os.kill(gateway.redis_pid(), signal.SIGSTOP)
    go_on.set()
    wait_for(receiver.bodies, "the message at the receiver")
    gateway.stop()  # which insists on exit 0
    gateway.start()
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue")
    assert "uncertain" in [event["event"] for event in gateway.timeline(queue_id)["events"]]
    assert len(receiver.bodies()) == 2, "nobody could know that it was taken"
