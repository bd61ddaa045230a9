"""Receivers that stall and resolvers that do not answer: the mail waits, other mail flows, and all recovers by itself."""
import contextlib
import socket
import threading

from harness import Dns, Gateway, Ports, Receiver, delivery_settings, set_section, wait_for
from receivers import serve_each
from test_delivery import ANN, MX_ONE

SMTP_STEPS = ["banner", "EHLO", "drip", "STARTTLS", "MAIL", "RCPT", "DATA", "dot", "QUIT"]


class Staller:
    """A receiver that says nothing more from one step on, until it is released."""

    def __init__(self, address, port, step):
        self.step, self.released, self.ended, self.messages = step, threading.Event(), threading.Event(), 0
        self._listener = serve_each(address, port, self._guard)

    def _guard(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
            self._converse(stream)

    def _stalls_at(self, step):
        return step == self.step and not self.released.is_set()

    def _converse(self, stream):
        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        def reply(step, text):
            if self._stalls_at(step):
                while stream.read1(4096):  # until the other side gives up
                    pass
                raise OSError
            say(text)
        reply("banner", "220 slow.example ESMTP")
        is_data = False
        while line := stream.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            if is_data:
                if line == b".\r\n":
                    is_data = False
                    reply("dot", "250 2.0.0 Taken")
                    self.messages += 1
            elif verb == "EHLO":
                while self._stalls_at("drip") and not self.ended.wait(0.2):
                    say("250-slow.example")
                reply("EHLO", "250-slow.example\r\n" + ("250-STARTTLS\r\n" if self.step == "STARTTLS" else "") + "250 PIPELINING")
            elif verb == "STARTTLS":
                say("220 Go ahead")
                while stream.read1(4096):
                    pass
            elif verb == "DATA":
                reply("DATA", "354 Go ahead")
                is_data = True
            elif verb == "QUIT":
                return reply("QUIT", "221 Bye")
            else:
                reply(verb, "250 2.0.0 OK")

    def close(self):
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Unreachable:
    """A port whose SYN packets the kernel drops: its queue of connections is full."""

    def __init__(self, address, port):
        self._listener = socket.create_server((address, port), backlog=0)
        self._fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((address, port))
            self._fillers.append(filler)

    def close(self):
        for filler in [*self._fillers, self._listener]:
            filler.close()


def test_receivers_that_stall_at_every_step_hold_up_nobody_else(make):
    base = Ports.take()
    port = base + 2
    records = ["good.example. 60 IN A 127.0.0.2", "connect.example. 60 IN A 127.0.0.3"]
    records += [f"{step}.example. 60 IN A 127.0.1.{number}" for number, step in enumerate(SMTP_STEPS, 1)]
    make(Dns, base + 53, records)
    times = {"command_timeout": "1s", "connect_timeout": "1s"}
    gateway = make(Gateway, edit=lambda text: set_section(delivery_settings(text, port, base + 53), "delivery", times))
    gateway.account("ann")
    gateway.start()
    unreachable = make(Unreachable, "127.0.0.3", port)
    stallers = {step: make(Staller, f"127.0.1.{number}", port, step) for number, step in enumerate(SMTP_STEPS, 1)}
    good = make(Receiver, "127.0.0.2", port)

    waiting = {gateway.send(ANN, f"bob@{step}.example"): step for step in ["connect", *SMTP_STEPS]}
    gateway.send(ANN, "bob@good.example")
    wait_for(good.bodies, "the message to the good receiver")
    # A handshake that hangs is one that fails: in the clear it goes at once. A QUIT that hangs comes after the 250.
    for step in ("STARTTLS", "QUIT"):
        wait_for(lambda: stallers[step].messages == 1, f"the message at the receiver that stalls at {step}")
    deferred = {"connect", *SMTP_STEPS} - {"STARTTLS", "QUIT"}
    seen = set()

    def all_deferred():
        for row in gateway.json("queue", "list"):
            if row["last_error"]:
                seen.add(waiting[row["id"]])
        return seen >= deferred
    wait_for(all_deferred, "all others deferred", 15)
    assert seen == deferred and gateway.messages(ANN) == []

    unreachable.close()
    make(Staller, "127.0.0.3", port, "nowhere")
    for staller in stallers.values():
        staller.released.set()
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue", 40)
    assert all(staller.messages == 1 for step, staller in stallers.items()), {s: x.messages for s, x in stallers.items()}
    assert gateway.messages(ANN) == []


class SickDns:
    """Passes questions on to a resolver that is well, or answers SERVFAIL, or nothing."""

    def __init__(self, port, healthy_port, mode):
        self.mode, self.asked, self._healthy = mode, 0, ("127.0.0.1", healthy_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                query, client = self._socket.recvfrom(2048)
                self.asked += 1
                if self.mode == "servfail":  # the question with QR, RA and RCODE 2; no EDNS record
                    self._socket.sendto(query[:2] + b"\x81\x82" + query[4:6] + b"\0\0\0\0" + query[10:], client)
                elif self.mode == "well":
                    self._socket.sendto(self._ask(query), client)

    def _ask(self, query):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
            upstream.settimeout(5)
            upstream.sendto(query, self._healthy)
            return upstream.recv(4096)

    def close(self):
        self.mode = "closed"
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def mail_waits_for(mode, make):
    """A message whose MX cannot be asked for is deferred; local mail flows; once the resolver is well, all goes."""
    base = Ports.take()
    make(Dns, base + 53, MX_ONE)
    dns = make(SickDns, base + 1, base + 53, mode)
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 1))
    gateway.account("ann")
    gateway.start()
    receiver = make(Receiver, "127.0.0.2", base + 2)
    gateway.send(ANN, "bob@far.example")
    gateway.send(ANN, ANN, "Subject: local\r\n\r\nx\r\n")
    wait_for(lambda: gateway.messages(ANN), "the local message")
    row = wait_for(lambda: [r for r in gateway.json("queue", "list") if r["last_error"]], "a deferred message", 60)[0]
    assert "DNS" in row["last_error"] and dns.asked > 0
    dns.mode = "well"
    wait_for(receiver.bodies, "the message once the resolver is well", 60)
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue")
    assert [b"Subject: local" in m for m in gateway.messages(ANN)] == [True], "no bounce"


def test_servfail_makes_mail_wait(make):
    mail_waits_for("servfail", make)


def test_a_silent_resolver_makes_mail_wait(make):
    mail_waits_for("silent", make)
