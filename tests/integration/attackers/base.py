"""What all attackers share: a list of them, raw connections, and working side by side."""
import contextlib
import socket
import ssl
import threading

from harness import DOMAIN

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
