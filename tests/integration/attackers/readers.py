"""Over IMAP: commands that are dear to obey, and answers that nobody reads."""
from harness import PASSWORD

from .base import EVE, Attack, Line, attack, join, side_by_side


def imap(gateway, **options):
    line = Line(gateway, "imaps", **options)
    line.line()
    line.send(f'L LOGIN {EVE} "{PASSWORD}"\r\n')
    assert b"OK" in line.until("L")
    return line


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
