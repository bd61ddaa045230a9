"""Devices of one account on a gateway with two workers: each sees at once what the others do, whichever worker took its connection."""
import re

import pytest
from harness import DOMAIN, Gateway

ANN = f"ann@{DOMAIN}"
DEVICES = 12  # the kernel spreads connections over the workers: all on one is a chance of 1 in 2048
TEXT = b"From: bob@office.example\r\nSubject: hello\r\n\r\nHello\r\n"


@pytest.fixture
def gateway(make):
    def two_workers(text):
        return "workers = 2\n" + re.sub(r"(?m)^\s*workers\s*=.*$\n?", "", text)
    gateway = make(Gateway, edit=two_workers)
    gateway.account("ann")
    return gateway.start()


class Watcher:
    """A device that has INBOX selected and waits in IDLE."""

    def __init__(self, gateway):
        self.client = gateway.imap(ANN)
        self.client.socket().settimeout(20)
        assert self.client.select("INBOX")[0] == "OK"

    def idle(self):
        self.client.send(b"i IDLE\r\n")
        assert self.line().startswith(b"+ ")

    def line(self):
        return self.client.readline().rstrip(b"\r\n")

    def until(self, pattern):
        """The first line that matches."""
        while True:
            line = self.line()
            assert line, "the gateway closed the connection"
            if re.match(pattern, line):
                return line

    def done(self):
        self.client.send(b"DONE\r\n")
        self.until(rb"i OK ")


def test_each_device_in_idle_is_told_what_another_does(gateway):
    watchers = [Watcher(gateway) for _ in range(DEVICES)]
    for watcher in watchers:
        watcher.idle()
    actor = gateway.imap(ANN)
    actor.select("INBOX")
    assert actor.append("INBOX", None, None, TEXT)[0] == "OK"
    for watcher in watchers:
        watcher.until(rb"\* 1 EXISTS$")
    assert actor.store("1", "+FLAGS", r"(\Flagged $Work)")[0] == "OK"
    for watcher in watchers:
        assert b"$Work" in watcher.until(rb"\* 1 FETCH \(UID 1 FLAGS \(.*\\Flagged")
    actor.store("1", "+FLAGS", r"(\Deleted)")
    assert actor.expunge()[0] == "OK"
    for watcher in watchers:
        watcher.until(rb"\* 1 EXPUNGE$")
        watcher.done()


def test_a_delivery_reaches_each_device_in_idle(gateway):
    gateway.account("bob")
    watchers = [Watcher(gateway) for _ in range(DEVICES)]
    for watcher in watchers:
        watcher.idle()
    gateway.send(f"bob@{DOMAIN}", ANN)
    for watcher in watchers:
        watcher.until(rb"\* 1 EXISTS$")


def test_two_devices_change_one_mailbox_in_turns_and_agree(gateway):
    """NOOP alone, no IDLE: what one did is told by the other's next command."""
    devices = [gateway.imap(ANN) for _ in range(DEVICES)]
    for device in devices:
        device.select("INBOX")
    for turn, device in enumerate(devices, 1):
        assert device.append("INBOX", None, None, TEXT)[0] == "OK"
        other = devices[turn % DEVICES]
        assert other.noop()[0] == "OK"
        assert other.response("EXISTS")[1][-1] == str(turn).encode()
        assert device.uid("STORE", str(turn), "+FLAGS", r"(\Seen)")[0] == "OK"
        status, found = other.uid("SEARCH", "SEEN")
        assert status == "OK" and found[0].split()[-1] == str(turn).encode()
    devices[0].uid("STORE", "1:3", "+FLAGS", r"(\Deleted)")
    devices[1].expunge()
    for device in devices:
        device.noop()
        assert device.search(None, "ALL")[1][0].split() == [str(n).encode() for n in range(1, DEVICES - 2)]
        assert device.uid("SEARCH", "ALL")[1][0].split()[0] == b"4"
