"""What aliases, routes, the catch-all and LMTP make of mail that strangers bring."""
import re

from harness import DOMAIN, Receiver, wait_for
from test_delivery import ANN, MX_ONE, World

STRANGER = "s@far.example"


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
