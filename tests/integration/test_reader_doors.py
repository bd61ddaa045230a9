"""The doors of readers, spoken to by hand: STARTTLS of IMAP, STLS of POP3, and what comes before and after them."""
import socket

import pytest
from harness import DOMAIN, PASSWORD

ANN = f"ann@{DOMAIN}"
QUOTED = f'"{PASSWORD}"'


class Talk:
    """A raw conversation in lines."""

    def __init__(self, gateway, service):
        self.tls = gateway._tls
        self.socket = socket.create_connection(("localhost", gateway.port(service)), timeout=20)
        if service in ("imaps", "pop3s"):
            self.secure()
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def send(self, text):
        self.socket.sendall(text.encode())

    def say(self, text):
        self.send(text + "\r\n")
        return self.line()

    def until(self, start):
        """All lines up to the one that starts so."""
        lines = [self.line()]
        while lines[-1] and not lines[-1].startswith(start):
            lines.append(self.line())
        return lines

    def secure(self):
        self.socket = self.tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")


def test_imap_knows_no_credentials_before_tls(gateway):
    talk = Talk(gateway, "imap")
    assert "STARTTLS" in talk.greeting and "LOGINDISABLED" in talk.greeting and "AUTH=" not in talk.greeting
    assert talk.say(f"a LOGIN {ANN} {QUOTED}").startswith("a NO [PRIVACYREQUIRED] ")
    assert talk.say("b AUTHENTICATE PLAIN").startswith("b NO [PRIVACYREQUIRED] ")
    assert talk.say("c STARTTLS").startswith("c OK ")
    talk.secure()
    assert talk.say("d STARTTLS").startswith("d BAD ")
    talk.send("e CAPABILITY\r\n")
    words = talk.until("e ")[0]
    assert "AUTH=PLAIN" in words and "STARTTLS" not in words and "LOGINDISABLED" not in words
    assert talk.say(f"f LOGIN {ANN} {QUOTED}").startswith("f OK ")


def test_imap_drops_what_was_sent_in_the_clear_behind_starttls(gateway):
    talk = Talk(gateway, "imap")
    talk.send(f"a STARTTLS\r\nb LOGIN {ANN} {QUOTED}\r\nc CREATE injected\r\n")
    assert talk.line().startswith("a OK ")
    talk.secure()
    # Neither was answered, nor did the login happen.
    assert talk.say("d SELECT INBOX").startswith("d BAD ")
    assert talk.say(f"e LOGIN {ANN} {QUOTED}").startswith("e OK ")
    talk.send('f LIST "" *\r\n')
    assert not any("injected" in line for line in talk.until("f "))


def test_imap_begins_anew_after_starttls(gateway):
    talk = Talk(gateway, "imap")
    for _ in range(9):  # one mistake short of being sent away
        assert talk.say("a NONSENSE").startswith("a BAD ")
    assert talk.say("b STARTTLS").startswith("b OK ")
    talk.secure()
    for _ in range(9):
        assert talk.say("c NONSENSE").startswith("c BAD ")
    assert talk.say(f"d LOGIN {ANN} {QUOTED}").startswith("d OK ")


def test_pop3_knows_no_credentials_before_tls(gateway):
    talk = Talk(gateway, "pop3")
    talk.send("CAPA\r\n")
    words = talk.until(".")
    assert "STLS" in words and not any(word.startswith(("USER", "SASL")) for word in words)
    assert talk.say(f"USER {ANN}").startswith("-ERR ")
    assert talk.say("AUTH PLAIN").startswith("-ERR ")
    assert talk.say("STLS").startswith("+OK ")
    talk.secure()
    assert talk.say("STLS").startswith("-ERR ")
    assert talk.say(f"PASS {PASSWORD}").startswith("-ERR ")
    assert talk.say(f"USER {ANN}").startswith("+OK ")
    assert talk.say(f"PASS {PASSWORD}").startswith("+OK ")


def test_pop3_drops_what_was_sent_in_the_clear_behind_stls(gateway):
    talk = Talk(gateway, "pop3")
    talk.send(f"STLS\r\nUSER {ANN}\r\nPASS {PASSWORD}\r\n")
    assert talk.line().startswith("+OK ")
    talk.secure()
    assert talk.say("STAT").startswith("-ERR ")  # not logged in
    assert talk.say(f"PASS {PASSWORD}").startswith("-ERR ")  # and no name is known


@pytest.mark.parametrize("service,login,again", [
    ("imaps", [f"a LOGIN {ANN} {QUOTED}"], "b STARTTLS"),
    ("pop3s", [f"USER {ANN}", f"PASS {PASSWORD}"], "STLS"),
])
def test_the_tls_doors_take_a_login_and_no_second_handshake(gateway, service, login, again):
    talk = Talk(gateway, service)
    assert "STARTTLS" not in talk.greeting
    assert all("OK" in talk.say(line).split()[0 if service == "pop3s" else 1] for line in login)
    assert "OK" not in talk.say(again)


def test_readers_are_told_when_the_gateway_stops(gateway):
    imap, pop3, stranger = Talk(gateway, "imaps"), Talk(gateway, "pop3s"), Talk(gateway, "imap")
    assert imap.say(f"a LOGIN {ANN} {QUOTED}").startswith("a OK ")
    pop3.say(f"USER {ANN}")
    assert pop3.say(f"PASS {PASSWORD}").startswith("+OK ")
    gateway.process.terminate()
    assert imap.line().startswith("* BYE ")
    assert stranger.line().startswith("* BYE ")
    assert pop3.line().startswith("-ERR [SYS/TEMP] ")
    gateway.stop()
