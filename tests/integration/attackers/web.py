"""Over HTTP and the socket of this host's programs: bodies that are dear to read, and look-ups that are dear to answer."""
import base64
import contextlib
import os
import socket

from harness import PASSWORD

from .base import EVE, Attack, Line, attack, join, side_by_side


class Json(Attack):
    """POST /v1/messages with bodies that are dear to read."""

    def post(self, gateway, body, length=None):
        credentials = base64.b64encode(f"{EVE}:{PASSWORD}".encode()).decode()
        line = Line(gateway, "http", timeout=60)
        line.send(f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\nContent-Type: application/json\r\n"
                  f"Content-Length: {length or len(body)}\r\n\r\n")
        with contextlib.suppress(OSError):  # refused before its end
            line.send(body)
        return line


@attack
class JsonOfObjects(Json):
    SMALL, LARGE = 1, 4

    def run(self, gateway, stop):
        body = b"[" + b"{}," * (49_000_000 // 3) + b"{}]"

        def post(_):
            with self.post(gateway, body) as line:
                line.line()
        join(side_by_side(self.amount, post), stop)


@attack
class JsonOfOneString(Json):
    SMALL, LARGE = 2, 8

    def run(self, gateway, stop):
        body = b'{"from":"' + b"\\u0041" * (49_000_000 // 6) + b'"}'

        def post(_):
            with self.post(gateway, body) as line:
                line.line()
        join(side_by_side(self.amount, post), stop)


@attack
class UnfinishedBodies(Json):
    SMALL, LARGE = 20, 60

    def run(self, gateway, stop):
        body = b'{"from":"' + b"a" * 45_000_000
        lines = []

        def post(_):
            lines.append(self.post(gateway, body, 49_000_000))
        join(side_by_side(self.amount, post), stop)
        stop.wait(5)
        for line in lines:
            line.close()


@attack
class WrongHttpLogins(Attack):
    """Wrong passwords over HTTP from the address that everybody behind a proxy has."""
    SMALL, LARGE = 40, 400

    def run(self, gateway, stop):
        wrong = base64.b64encode(f"{EVE}:wrong".encode()).decode()
        for _ in range(self.amount):
            if stop.is_set():
                return
            with Line(gateway, "http") as line:
                line.send(f"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {wrong}\r\n\r\n")
                while line.line():
                    pass


@attack
class LocalSubmitters(Attack):
    """Connections to the socket that is open to all programs of this host, and bodies that never end."""
    SMALL, LARGE = 100, 500
    SOCKET = "/run/postern/submit.sock"

    def run(self, gateway, stop):
        if not os.path.exists(self.SOCKET):
            return
        lines = []
        for i in range(self.amount):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(30)
            lines.append(line)
            with contextlib.suppress(OSError):
                line.connect(self.SOCKET)
                line.sendall(b"POST /v1/messages?to=x@y.example HTTP/1.1\r\nHost: x\r\nContent-Type: message/rfc822\r\nContent-Length: 49000000\r\n\r\n")
                if i < 25:
                    line.sendall(b"a" * 45_000_000)
            if stop.is_set():
                break
        stop.wait(3)
        for line in lines:
            line.close()


@attack
class TimelinesByAddress(Json):
    """GET /v1/messages?address= again and again over a long history."""
    SMALL, LARGE = 200, 6_000

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        with gateway.smtp(EVE) as client:
            for _ in range(self.amount):
                client.sendmail(EVE, [EVE], f"From: {EVE}\r\n\r\nx\r\n")

    def run(self, gateway, stop):
        credentials = base64.b64encode(f"{EVE}:{PASSWORD}".encode()).decode()

        def ask(_):
            with Line(gateway, "http", timeout=60) as line:
                for _ in range(20):
                    line.send(f"GET /v1/messages?address=nobody@nowhere.example HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n\r\n")
                while not stop.is_set() and line.line():
                    pass
        join(side_by_side(8, ask), stop)
