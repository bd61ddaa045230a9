"""What one client did to others once, as programs: each plays its attack for as long as it is let, and says how much it managed.

An attack is a class: `configure(text)` gives the instance its configuration, `prepare(gateway, make, base)` what must be there, `run(stop)` attacks
until `stop` is set or it has done all that it can. `LARGE` is the amount of a measurement, `SMALL` of a test."""
import base64
import contextlib
import os
import socket
import ssl
import threading

from harness import DOMAIN, PASSWORD, Dns, delivery_settings, set_section
from neighbours import Neighbours

EVE = f"eve@{DOMAIN}"
ATTACKS = {}


def attack(kind):
    ATTACKS[kind.__name__] = kind
    return kind


class Attack:
    SMALL, LARGE = 1, 1

    def __init__(self, amount):
        self.amount = amount

    def configure(self, text):
        return text

    def prepare(self, gateway, make, base):
        gateway.account(EVE)

    def run(self, gateway, stop):
        raise NotImplementedError


class Guesser(Attack):
    """Those beside it have logged in before, as people have."""

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        for address in (Neighbours.GOOD, Neighbours.READER):
            gateway.imap(address).logout()


class Line:
    """A raw connection that sends what it is told and reads as little as it is told."""

    def __init__(self, gateway, service, source=None, timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", gateway.port(service)), timeout, source_address=source)
        if service in ("imaps", "submissions", "pop3s"):
            context = ssl.create_default_context(cafile=str(gateway.certificate))
            context.check_hostname = False
            self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        return self.file.readline(1 << 20)

    def until(self, tag):
        """Reads up to the tagged answer."""
        while line := self.line():
            if line.startswith(tag.encode()):
                return line
        return b""

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def imap(gateway, **options):
    line = Line(gateway, "imaps", **options)
    line.line()
    line.send(f'L LOGIN {EVE} "{PASSWORD}"\r\n')
    assert b"OK" in line.until("L")
    return line


def side_by_side(count, work):
    """`work(i)` in threads; what breaks one off ends only that one."""
    def quietly(i):
        with contextlib.suppress(OSError, AssertionError, ValueError):
            work(i)
    threads = [threading.Thread(target=quietly, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads, stop):
    for thread in threads:
        while thread.is_alive() and not stop.is_set():
            thread.join(0.2)


class SilentHost:
    """Accepts connections and says nothing."""

    def __init__(self, host, port):
        self.socket = socket.create_server((host, port), backlog=8192)
        self.close = self.socket.close


@attack
class SilentHosts(Attack):
    """Mail for a local user with NOTIFY=SUCCESS, and mail of a login, from and to domains whose hosts accept and stay silent."""
    SMALL, LARGE = 300, 5200

    def configure(self, text):
        return delivery_settings(text, self.base + 2, self.base + 53)

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        make(SilentHost, "127.0.0.9", base + 2)

    @staticmethod
    def records(amount):
        return [record for i in range(amount) for record in (f"d{i}.example. 60 IN MX 10 mx{i}.example.", f"mx{i}.example. 60 IN A 127.0.0.9")]

    def run(self, gateway, stop):
        with gateway.smtp(service="smtp") as client:
            for i in range(self.amount):
                if stop.is_set():
                    return
                client.mail(f"x@d{i}.example")
                client.rcpt(EVE, ["NOTIFY=SUCCESS"])
                client.data(b"Subject: x\r\n\r\nx\r\n")
        with gateway.smtp(EVE) as client:
            for i in range(self.amount):
                if stop.is_set():
                    return
                client.sendmail(EVE, [f"x@d{i}.example"], f"From: {EVE}\r\n\r\nx\r\n")


@attack
class WildPatterns(Attack):
    """LSUB with patterns of tens of kilobytes over deep names, and nobody waits for the answers."""
    SMALL, LARGE = 4, 16

    def run(self, gateway, stop):
        with imap(gateway) as line:
            for i in range(40):
                name = "/".join(["a"] * 98 + [str(i)])
                line.send(f"a CREATE {name}\r\na SUBSCRIBE {name}\r\n")
                line.until("a")
                line.until("a")

        def ask(_):
            with imap(gateway) as line:
                pattern = "%*" * 30_000
                line.send(f'b LSUB "" "{pattern}"\r\n')
        join(side_by_side(self.amount, ask), stop)


@attack
class ManyKeys(Attack):
    """SEARCH of thousands of keys over a large folder, and thousands of FETCH items of a large message."""
    SMALL, LARGE = 1, 4

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        with imap(gateway, timeout=120) as line:
            count = 2_000 if self.amount == self.SMALL else 20_000
            for _ in range(count // 500):
                one = "{3+}\r\n\r\nx"
                line.send("a APPEND INBOX " + " ".join([one] * 500) + "\r\n")
                line.until("a")
            size = 4_000_000 if self.amount == self.SMALL else 46_000_000
            part = "--b\r\nContent-Type: text/plain\r\n\r\n" + ("x" * 76 + "\r\n") * 100
            body = ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + part * (size // len(part)) + "--b--\r\n").encode()
            line.send(f"a APPEND INBOX {{{len(body)}+}}\r\n".encode() + body + b"\r\n")
            line.until("a")

    def run(self, gateway, stop):
        def ask(_):
            with imap(gateway, timeout=120) as line:
                line.send("a SELECT INBOX\r\n")
                line.until("a")
                keys = " ".join(["OR NOT SEEN SUBJECT x"] * 1_600)
                line.send(f"b SEARCH {keys}\r\n")
                items = " ".join(["BODY.PEEK[1.MIME]"] * 2_600)
                line.send(f"c FETCH * ({items})\r\n")
        join(side_by_side(4 * self.amount, ask), stop)


@attack
class WideFetch(Attack):
    """HEADER.FIELDS with thousands of names, of messages with thousands of fields."""
    SMALL, LARGE = 4, 24

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        header = "".join(f"X{i}: y\r\n" for i in range(9_000)).encode() + b"\r\nx\r\n"
        with imap(gateway, timeout=120) as line:
            for _ in range(self.amount):
                line.send(f"a APPEND INBOX {{{len(header)}+}}\r\n".encode() + header + b"\r\n")
                line.until("a")

    def run(self, gateway, stop):
        with imap(gateway, timeout=120) as line:
            line.send("a SELECT INBOX\r\n")
            line.until("a")
            names = " ".join(f"Z{i}" for i in range(7_200))
            line.send(f"b FETCH 1:* (BODY.PEEK[HEADER.FIELDS ({names})])\r\n")
            while not stop.is_set() and line.line():
                pass


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
class ManyFormsOfAnAlias(Attack):
    """RCPT of many forms of an address that stands for hundreds, from many connections that go no further."""
    SMALL, LARGE = 4, 10

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        targets = [f"{'t' * 50}{i}@{'elsewhere' * 5}.example" for i in range(300)]
        gateway.cli("alias", "add", f"everybody@{DOMAIN}", *targets)

    def run(self, gateway, stop):
        lines = []

        def ask(k):
            line = Line(gateway, "smtp")
            lines.append(line)
            line.line()
            line.send("EHLO x\r\nMAIL FROM:<x@elsewhere.example>\r\n")
            for i in range(1_000):
                line.send(f"RCPT TO:<everybody+{k}-{i % 50}-{i}@{DOMAIN}>\r\n")
                if stop.is_set():
                    return
            while line.line():
                pass
        join(side_by_side(self.amount, ask), stop)
        for line in lines:
            line.close()


@attack
class EmptyLines(Attack):
    """Messages of nothing but line ends, which are signed, and never finished."""
    SMALL, LARGE = 4, 20

    def run(self, gateway, stop):
        lines = []

        def send(_):
            line = Line(gateway, "submissions")
            lines.append(line)
            plain = base64.b64encode(f"\0{EVE}\0{PASSWORD}".encode()).decode()
            line.send(f"EHLO x\r\nAUTH PLAIN {plain}\r\n")
            while not line.line().startswith(b"235"):
                pass
            line.send(f"MAIL FROM:<{EVE}>\r\nRCPT TO:<{EVE}>\r\nDATA\r\n")
            while not line.line().startswith(b"354"):
                pass
            line.send(f"From: {EVE}\r\nSubject: x\r\n\r\n")
            for _ in range(45):
                if stop.is_set():
                    return
                line.send(b"\r\n" * 500_000)
        join(side_by_side(self.amount, send), stop)
        stop.wait(3)
        for line in lines:
            line.close()


@attack
class Guesses(Guesser):
    """Wrong passwords from hundreds of addresses at once, of accounts that exist and of some that don't."""
    SMALL, LARGE = 60, 300

    def run(self, gateway, stop):
        def guess(i):
            source = (f"127.1.{i // 200}.{i % 200 + 1}", 0)
            while not stop.is_set():
                with Line(gateway, "imaps", source=source) as line:
                    line.line()
                    name = EVE if i % 2 else f"nobody{i}@{DOMAIN}"
                    for k in range(3):
                        line.send(f'a LOGIN {name} "wrong{k}"\r\n')
                        if not line.until("a"):
                            return
        join(side_by_side(self.amount, guess), stop)


@attack
class WrongHttpLogins(Guesser):
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
class Parameters(Attack):
    """Messages that are nothing but MIME parameters, or parts."""
    SMALL, LARGE = 1, 4

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        size = 8_000_000 if self.amount == self.SMALL else 48_000_000
        one = "; a{}=b\r\n "
        parameters = "".join(one.format(i) for i in range(size // 14))
        parts = "--b\r\n\r\n" * (size // 7)
        bodies = [f"Content-Type: text/plain{parameters}\r\n\r\nx\r\n", f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"]
        with imap(gateway, timeout=120) as line:
            for body in bodies:
                line.send(f"a APPEND INBOX {{{len(body)}+}}\r\n{body}\r\n")
                line.until("a")

    def run(self, gateway, stop):
        def ask(_):
            with imap(gateway, timeout=120) as line:
                line.send("a SELECT INBOX\r\n")
                line.until("a")
                line.send("b FETCH 1:* (BODYSTRUCTURE ENVELOPE)\r\n" * 4)
                for _ in range(4):
                    line.until("b")
        join(side_by_side(4 * self.amount, ask), stop)


@attack
class NeverRead(Attack):
    """STORE and FETCH over a large folder, whose answers nobody reads."""
    SMALL, LARGE = 4, 24

    def prepare(self, gateway, make, base):
        super().prepare(gateway, make, base)
        with imap(gateway, timeout=120) as line:
            for _ in range(8 if self.amount == self.SMALL else 80):
                line.send("a APPEND INBOX " + " ".join(["{3+}\r\n\r\nx"] * 500) + "\r\n")
                line.until("a")

    def run(self, gateway, stop):
        lines = []

        def ask(_):
            line = imap(gateway)
            lines.append(line)
            line.send("a SELECT INBOX\r\n")
            line.until("a")
            line.send("b STORE 1:* +FLAGS (\\Deleted)\r\nc FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n" * 3)
        join(side_by_side(self.amount, ask), stop)
        stop.wait(5)
        for line in lines:
            line.close()


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


def instance(kind, amount, make, gateway_type, ports):
    """A gateway made for an attack, with what it needs beside it, not yet started: (attack, gateway)."""
    base = ports.take()
    played = kind(amount)
    played.base = base
    if hasattr(kind, "records"):
        make(Dns, base + 53, kind.records(amount))
    gateway = make(gateway_type, edit=lambda text: set_section(played.configure(text), "limits", {"connections_per_ip": 1000}))
    return played, gateway
