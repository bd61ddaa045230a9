"""What aliases, routes, the catch-all and LMTP make of mail that strangers bring."""
import re
import smtplib

from harness import DOMAIN, Receiver, set_section, wait_for
from test_delivery import ANN, MX_ONE, World, inbox

BOB = f"bob@{DOMAIN}"
STRANGER = "s@far.example"
LETTER = f"From: <{STRANGER}>\r\nSubject: letter\r\n\r\n"


def bring(gateway, recipients, text):
    """A stranger's message; fails unless it is taken."""
    with gateway.smtp(service="smtp") as client:
        client.ehlo("client.example")
        client.mail(STRANGER)
        for recipient in recipients:
            code, words = client.docmd(f"RCPT TO:<{recipient}>")
            assert code == 250, (recipient, words)
        code, words = client.data(text.encode())
        assert code == 250, words


def with_settings(world, domain, extra=""):
    """Adds keys of the domain, and sections, to the configuration, and starts."""
    config = world.gateway.config
    config.write_text(set_section(config.read_text(), f'domain."{DOMAIN}"', domain) + extra)
    return world.gateway.start()


class Lmtp:
    """A conversation with an LMTP listener."""

    def __init__(self, gateway):
        self.client = smtplib.SMTP("localhost", gateway.base + 24, timeout=30)
        assert self.client.docmd("LHLO client.example")[0] == 250

    def bring(self, recipients, text=LETTER):
        """The codes after the dot."""
        assert self.client.docmd(f"MAIL FROM:<{STRANGER}>")[0] == 250
        for recipient in recipients:
            assert self.client.docmd(f"RCPT TO:<{recipient}>") == (250, b"2.1.5 Recipient OK"), recipient
        assert self.client.docmd("DATA")[0] == 354
        self.client.send(f"{text}hello\r\n.\r\n")
        return [self.client.getreply()[0] for _ in recipients]


def lmtp_world(make):
    """A gateway with an LMTP listener that has aliases to here and there, and a domain that is routed away."""
    world = World(make, MX_ONE, start=False)
    world.gateway.account("bob")
    for name, targets in {"mixed": [BOB, "x@far.example"], "out": ["y@far.example"], "here": [BOB]}.items():
        world.gateway.cli("alias", "add", f"{name}@{DOMAIN}", *targets)
    with_settings(world, {}, f'\n[[listener]]\nservice = "lmtp"\naddress = ["127.0.0.1:{world.gateway.base + 24}"]\n'
                  f'\n[domain."routed.example"]\n\n[[route]]\nto = "routed.example"\nvia = "smtp://127.0.0.2:{world.port}"\n')
    return world


def recipients_of(receiver):
    with receiver.lock:
        return sorted(one for _, recipients, _ in receiver.messages for one in recipients)


def test_a_stranger_who_writes_in_our_name_is_never_signed_when_his_mail_is_converted(make):
    world = World(make, MX_ONE, start=False)
    world.gateway.cli("alias", "add", f"fwd@{DOMAIN}", "victim@far.example")
    receiver = make(Receiver, "127.0.0.2", world.port)
    world.gateway.start()
    bring(world.gateway, [f"fwd@{DOMAIN}"], f"From: CEO <ceo@{DOMAIN}>\r\nSubject: pay\r\n\r\n{'x' * 1200}\r\n")
    message = wait_for(receiver.bodies, "the forwarded message")[0]
    assert b"quoted-printable" in message and b"DKIM-Signature" not in message
    world.gateway.send(ANN, "bob@far.example", f"Subject: ours\r\n\r\n{'x' * 1200}\r\n")
    assert b"DKIM-Signature" in wait_for(lambda: receiver.bodies()[1:], "our own message")[0]


def test_what_is_converted_is_signed_with_the_keys_of_after_a_reload(make):
    world = World(make, MX_ONE, start=False)
    receiver = make(Receiver, "127.0.0.2", world.port)
    gateway = world.gateway
    selectors = re.findall(r'selector = "(\w+)"', gateway.config.read_text())
    gateway.start()
    gateway.config.write_text(gateway.config.read_text().replace(f'selector = "{selectors[0]}"', 'selector = "fresh"'))
    gateway.cli("reload")
    gateway.send(ANN, "bob@far.example", f"Subject: long\r\n\r\n{'x' * 1200}\r\n")
    message = wait_for(receiver.bodies, "the message")[0]
    # One signature of before the conversion and one of after it, with each key.
    assert message.count(b"s=fresh;") == 2 and f"s={selectors[0]};".encode() not in message


def test_a_route_takes_its_address_before_the_catch_all(make):
    world = World(make, MX_ONE, start=False)
    receiver = make(Receiver, "127.0.0.2", world.port)
    gateway = with_settings(world, {"catch_all": ANN}, f'\n[[route]]\nto = "legacy@{DOMAIN}"\nvia = "smtp://127.0.0.2:{world.port}"\n'
                            f'\n[[route]]\nto = "bad@{DOMAIN}"\nvia = "reject 5.7.1 go away"\n')
    bring(gateway, [f"legacy@{DOMAIN}"], LETTER)
    wait_for(receiver.bodies, "the message at the smarthost")
    with gateway.smtp(service="smtp") as client:
        client.ehlo("client.example")
        client.mail(STRANGER)
        assert client.rcpt(f"bad@{DOMAIN}") == (550, b"5.7.1 go away")
    bring(gateway, [f"postmaster@{DOMAIN}", "postmaster", f"nobody@{DOMAIN}"], LETTER)
    inbox(world)
    assert len(gateway.messages(ANN)) == 1 and len(receiver.bodies()) == 1


def test_a_target_of_an_alias_that_is_gone_comes_back_to_the_sender(make):
    world = World(make, MX_ONE, start=False)
    gateway = world.gateway
    for name in ("bob", "carl"):
        gateway.account(name)
    gateway.cli("alias", "add", f"team@{DOMAIN}", BOB, f"carl@{DOMAIN}")
    gateway.start()
    gateway.cli("account", "remove", f"carl@{DOMAIN}")
    gateway.send(ANN, f"team@{DOMAIN}")
    report = inbox(world)[0]
    assert b"Action: failed" in report and b"Status: 5.1.1" in report and f"carl@{DOMAIN}".encode() in report
    assert f"rfc822;team@{DOMAIN}".encode() in report.replace(b" ", b"")
    wait_for(lambda: gateway.messages(BOB), "the message at the other target")


def test_lmtp_takes_what_goes_on_from_here_and_what_stays_in_one_reply_each(make):
    world = lmtp_world(make)
    receiver = make(Receiver, "127.0.0.2", world.port)
    recipients = [f"{name}@{DOMAIN}" for name in ("mixed", "out", "here", "ann")] + ["u@routed.example"]
    assert Lmtp(world.gateway).bring(recipients) == [250] * 5
    # What stays is there when the reply comes, and once, though two recipients lead to bob.
    assert len(world.gateway.messages(BOB)) == 1 and len(world.gateway.messages(ANN)) == 1
    wait_for(lambda: recipients_of(receiver) == ["u@routed.example", "x@far.example", "y@far.example"], "what goes on")
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")


def test_what_a_full_mailbox_refuses_at_lmtp_does_not_go_on_either(make):
    world = lmtp_world(make)
    receiver = make(Receiver, "127.0.0.2", world.port)
    world.gateway.cli("account", "remove", BOB, "--purge")
    world.gateway.account("bob", "correct horse battery", "--quota", "10")
    assert Lmtp(world.gateway).bring([f"mixed@{DOMAIN}", f"out@{DOMAIN}"]) == [452, 250]
    wait_for(receiver.bodies, "what goes on")
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")
    assert recipients_of(receiver) == ["y@far.example"]


def test_addresses_in_utf8_go_only_where_they_are_understood(make):
    world = World(make, MX_ONE, start=False)
    gateway, said = world.gateway, []

    def listen(verb, argument, session):
        if verb in ("MAIL", "RCPT"):
            said.append(argument)
    receiver = make(Receiver, "127.0.0.2", world.port, listen, ("PIPELINING", "8BITMIME", "DSN"))
    gateway.cli("alias", "add", f"out@{DOMAIN}", "jösé@far.example")
    gateway.cli("alias", "add", f"jürgen@{DOMAIN}", "bob@far.example")
    gateway.start()
    gateway.send(ANN, f"out@{DOMAIN}")
    assert b"5.6.7" in inbox(world)[0]
    assert said == []
    with gateway.smtp(service="smtp") as client:
        client.ehlo("client.example")
        client.mail(STRANGER, ["SMTPUTF8"])
        assert client.docmd(f"RCPT TO:<jürgen@{DOMAIN}>")[0] == 250
        assert client.data(LETTER.encode())[0] == 250
    wait_for(receiver.bodies, "the message for a UTF-8 alias")
    assert said == [f"FROM:<{STRANGER}>", rf"TO:<bob@far.example> ORCPT=utf-8;j\x{{FC}}rgen@{DOMAIN}"]


def test_a_mailbox_has_one_return_path_and_it_is_ours(gateway):
    bring(gateway, [ANN], f"Return-Path: <forged@evil.example>\r\n{LETTER}")
    message = wait_for(lambda: gateway.messages(ANN), "the message")[0]
    assert message.startswith(f"Return-Path: <{STRANGER}>\r\n".encode()) and message.count(b"Return-Path") == 1
