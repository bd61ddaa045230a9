"""What aliases, routes, the catch-all and LMTP make of mail that strangers bring."""
import re

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
