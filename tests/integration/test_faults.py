"""When something that postern depends on is down, clients get a 4xx and all recovers by itself."""
import os
import signal
import smtplib
import time

from harness import DOMAIN, Gateway, wait_for

ANN = f"ann@{DOMAIN}"


def test_a_stopped_redis_gives_451_and_comes_back(make):
    gateway = make(Gateway)
    gateway.account("ann")
    gateway.start()
    pid = gateway.redis_pid()
    client = gateway.smtp(ANN)
    os.kill(pid, signal.SIGSTOP)
    try:
        client.mail(ANN)
        client.rcpt(ANN)
        code, words = client.data(f"From: {ANN}\r\nSubject: doubt\r\n\r\nx\r\n".encode())
        assert code in (451, 452), words
    finally:
        os.kill(pid, signal.SIGCONT)

    def accepted():
        try:
            return gateway.send(ANN, ANN, "Subject: after\r\n\r\nx\r\n")
        except (AssertionError, OSError, smtplib.SMTPException):
            return None
    wait_for(accepted, "a 250 after redis came back", 60)
    wait_for(lambda: any(b"Subject: after" in m for m in gateway.messages(ANN)), "the message")
    assert not any(b"Subject: doubt" in m for m in gateway.messages(ANN)), "what was answered 451 must not arrive"


def test_a_killed_redis_is_started_again(make):
    gateway = make(Gateway)
    gateway.account("ann")
    gateway.start()
    first = gateway.redis_pid()
    gateway.kill_redis()
    wait_for(lambda: gateway.redis_pid() not in (None, first), "a new redis-server", 30)

    def accepted():
        try:
            return gateway.send(ANN, ANN)
        except (AssertionError, OSError, smtplib.SMTPException):
            return None
    wait_for(accepted, "a 250", 60)
    wait_for(lambda: gateway.messages(ANN), "the message")
