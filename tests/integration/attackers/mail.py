"""Over SMTP, and with wrong passwords everywhere."""
import base64
import socket

from harness import DOMAIN, PASSWORD, delivery_settings

from .base import EVE, Attack, Line, attack, join, side_by_side


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
class Guesses(Attack):
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
