"""The SMTP doors, spoken to by hand: relaying, line ends, STARTTLS, authentication, bounds."""
import base64
import re
import socket
import ssl

import pytest
from harness import DOMAIN, PASSWORD, Gateway, set_section, wait_for

ANN = f"ann@{DOMAIN}"


class Talk:
    """A raw conversation."""

    def __init__(self, port, tls=None):
        self.socket = socket.create_connection(("localhost", port), timeout=20)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode()
            lines.append(line)
            if len(line) < 4 or line[3] != "-":
                return "".join(lines)

    def say(self, text):
        self.send(text + "\r\n")
        return self.reply()

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)


def greeted(gateway, service="smtp"):
    talk = Talk(gateway.port(service), gateway._tls if service == "submissions" else None)
    assert talk.reply().startswith("220 ")
    talk.ehlo = talk.say("EHLO client.example")
    return talk


def logged_in(gateway):
    talk = greeted(gateway, "submissions")
    assert talk.say("AUTH PLAIN " + base64.b64encode(f"\0{ANN}\0{PASSWORD}".encode()).decode()).startswith("235")
    return talk


def test_ehlo_names_what_is_offered(gateway):
    words = greeted(gateway).ehlo
    for keyword in ("PIPELINING", "SIZE ", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN", "STARTTLS"):
        assert keyword in words
    assert "AUTH" not in words
    words = greeted(gateway, "submission").ehlo
    assert "STARTTLS" in words and "AUTH" not in words
    assert re.search(r"AUTH .*PLAIN", greeted(gateway, "submissions").ehlo)


@pytest.mark.parametrize("recipient", ["x@elsewhere.example", f"x%elsewhere.example@{DOMAIN}", f'"x@elsewhere.example"@{DOMAIN}',
                                       f"@{DOMAIN}:x@elsewhere.example", f"elsewhere.example!x@{DOMAIN}"])
def test_strangers_cannot_relay(gateway, recipient):
    talk = greeted(gateway)
    assert talk.say("MAIL FROM:<s@far.example>").startswith("250")
    assert talk.say(f"RCPT TO:<{recipient}>").startswith("550")


def test_strangers_may_mail_a_local_account_only(gateway):
    talk = greeted(gateway)
    talk.say("MAIL FROM:<s@far.example>")
    assert talk.say(f"RCPT TO:<nobody@{DOMAIN}>").startswith("550 5.1.1")
    assert talk.say(f"RCPT TO:<{ANN}>").startswith("250")
    assert talk.say("DATA").startswith("354")
    assert talk.say("Subject: in\r\n\r\nx\r\n.").startswith("250")
    wait_for(lambda: gateway.messages(ANN), "the message")


@pytest.mark.parametrize("smuggled", ["\n.\r\n", "\n.\n", "\r.\r", "\r\n.\n", "\r.\r\n", "\n.\r"])
def test_only_crlf_dot_crlf_ends_a_message_and_bare_line_ends_are_refused(gateway, smuggled):
    talk = greeted(gateway)
    talk.say("MAIL FROM:<s@far.example>")
    talk.say(f"RCPT TO:<{ANN}>")
    talk.say("DATA")
    talk.send(f"Subject: a\r\n\r\nfirst{smuggled}MAIL FROM:<evil@far.example>\r\nRCPT TO:<{ANN}>\r\nDATA\r\nSubject: b\r\n\r\nsecond\r\n.\r\n")
    assert talk.reply().startswith("550")
    assert talk.say("NOOP").startswith("250")
    assert gateway.messages(ANN) == []


def test_commands_pipelined_behind_starttls_are_never_executed(gateway):
    talk = greeted(gateway)
    talk.send("STARTTLS\r\nMAIL FROM:<injected@far.example>\r\n")
    first = talk.file.readline()
    if first.startswith(b"220"):
        try:
            secure = gateway._tls.wrap_socket(talk.socket, server_hostname="localhost")
            secure.sendall(b"EHLO again\r\n")
            assert b"250" in secure.recv(4096)
            secure.sendall(f"RCPT TO:<{ANN}>\r\n".encode())
            assert secure.recv(4096).startswith(b"503")
        except (ssl.SSLError, OSError):
            pass  # closed: allowed too


def test_starttls_forgets_what_was_said_before(gateway):
    talk = greeted(gateway)
    talk.say("MAIL FROM:<s@far.example>")
    assert talk.say("STARTTLS").startswith("220")
    talk.socket = gateway._tls.wrap_socket(talk.socket, server_hostname="localhost")
    talk.file = talk.socket.makefile("rb")
    assert talk.say(f"RCPT TO:<{ANN}>").startswith("503")
    assert "STARTTLS" not in talk.say("EHLO again")


def test_no_credentials_pass_in_the_clear(gateway):
    talk = greeted(gateway, "submission")
    reply = talk.say("AUTH PLAIN " + base64.b64encode(f"\0{ANN}\0{PASSWORD}".encode()).decode())
    assert reply[:3] in ("530", "538", "502", "503", "504"), reply


@pytest.mark.parametrize("response", [f"bob\0{ANN}\0{PASSWORD}", f"\0{ANN}\0wrong", f"\0{ANN}\0{PASSWORD}\0", f"\0nobody@{DOMAIN}\0{PASSWORD}"])
def test_a_wrong_sasl_answer_is_refused(gateway, response):
    talk = greeted(gateway, "submissions")
    assert talk.say("AUTH PLAIN " + base64.b64encode(response.encode()).decode())[:3] in ("535", "501")
    assert talk.say("MAIL FROM:<ann@office.example>").startswith("530")


def test_auth_login_works(gateway):
    talk = greeted(gateway, "submissions")
    assert talk.say("AUTH LOGIN").startswith("334")
    assert talk.say(base64.b64encode(ANN.encode()).decode()).startswith("334")
    assert talk.say(base64.b64encode(PASSWORD.encode()).decode()).startswith("235")


def test_too_many_wrong_passwords_close_the_door_for_that_address(gateway):
    replies = []
    for _ in range(12):
        talk = greeted(gateway, "submissions")
        replies.append(talk.say("AUTH PLAIN " + base64.b64encode(f"\0{ANN}\0guess".encode()).decode())[:3])
    assert replies[0] == "535" and replies[-1] in ("421", "454", "451")


def test_bdat_carries_a_message_in_pieces(gateway):
    talk = logged_in(gateway)
    talk.say(f"MAIL FROM:<{ANN}>")
    talk.say(f"RCPT TO:<{ANN}>")
    head, body = f"From: {ANN}\r\nSubject: bdat\r\n\r\n", ".\r\n..x\r\n"
    talk.send(f"BDAT {len(head)}\r\n{head}")
    assert talk.reply().startswith("250")
    talk.send(f"BDAT {len(body)} LAST\r\n{body}")
    assert "Queued as" in talk.reply()
    assert wait_for(lambda: gateway.messages(ANN), "the message")[0].endswith(b"\r\n\r\n.\r\n..x\r\n")


def test_octets_of_a_refused_bdat_are_not_commands(gateway):
    talk = greeted(gateway)
    evil = "MAIL FROM:<evil@far.example>\r\n"
    talk.send(f"BDAT {len(evil)} LAST\r\n{evil}")
    assert talk.reply()[:3] in ("503", "554")
    assert talk.say("NOOP").startswith("250")


def test_a_message_over_the_limit_is_refused_early_and_late(make):
    gateway = make(Gateway, edit=lambda text: set_section(text, "limits", {"message_size": "100KB"}))
    gateway.account("ann")
    gateway.start()
    talk = logged_in(gateway)
    assert talk.say(f"MAIL FROM:<{ANN}> SIZE=200000").startswith("552")
    talk.say(f"MAIL FROM:<{ANN}>")
    talk.say(f"RCPT TO:<{ANN}>")
    talk.say("DATA")
    talk.send(f"From: {ANN}\r\n\r\n" + ("x" * 78 + "\r\n") * 2000 + ".\r\n")
    assert talk.reply().startswith("552")
    assert talk.say("NOOP").startswith("250")


def test_an_endless_line_costs_one_reply_and_no_memory(gateway):
    talk = greeted(gateway)
    talk.send("X" * 1_000_000 + "\r\n")
    assert talk.reply().startswith("500")
    assert talk.say("NOOP").startswith("250")


def test_pipelined_commands_are_answered_in_order(gateway):
    talk = logged_in(gateway)
    talk.send(f"MAIL FROM:<{ANN}>\r\nRCPT TO:<{ANN}>\r\nRCPT TO:<nobody@{DOMAIN}>\r\nDATA\r\n")
    assert [talk.reply()[:3] for _ in range(4)] == ["250", "250", "550", "354"]
    assert talk.say(f"From: {ANN}\r\n\r\nx\r\n.").startswith("250")


def test_vrfy_help_noop_rset_and_unknown_words(gateway):
    talk = greeted(gateway)
    for said, code in (("VRFY ann", "252"), ("HELP", "214"), ("NOOP x", "250"), ("RSET", "250"), ("FROB", "500"), ("MAIL TO:<x>", "501"),
                       ("RCPT TO:<a@b.example>", "503"), ("DATA", "503"), ("QUIT", "221")):
        assert talk.say(said).startswith(code), said
