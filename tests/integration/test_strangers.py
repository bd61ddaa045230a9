"""What those whom nobody knows are told, and what they cannot bring in."""
import pytest
from harness import DOMAIN, wait_for
from test_delivery import ANN, MX_ONE, World, inbox

BOB, CAROL, LIST = f"bob@{DOMAIN}", f"carol@{DOMAIN}", f"list@{DOMAIN}"


def rcpt(client, sender, recipient, options=(), size=None):
    """MAIL and RCPT; the reply to RCPT."""
    client.ehlo("client.example")
    assert client.docmd(f"MAIL FROM:<{sender}>" + (f" SIZE={size}" if size else ""))[0] == 250
    return client.rcpt(recipient, list(options))


def list_world(make):
    world = World(make, MX_ONE, start=False)
    world.gateway.account("bob")
    world.gateway.account("carol")
    world.gateway.cli("alias", "add", LIST, BOB, CAROL)
    world.gateway.start()
    return world


def test_a_login_hears_that_a_list_took_his_mail_and_not_who_reads_it(make):
    world = list_world(make)
    with world.gateway.smtp(ANN) as client:
        assert rcpt(client, ANN, LIST, ["NOTIFY=SUCCESS,FAILURE"])[0] == 250
        assert client.data(f"From: <{ANN}>\r\nSubject: all\r\n\r\nx\r\n".encode())[0] == 250
    report = inbox(world)[0]
    assert b"Action: expanded" in report and f"Final-Recipient: rfc822;{LIST}".encode() in report
    assert BOB.encode() not in report and CAROL.encode() not in report
    wait_for(lambda: all(world.gateway.messages(one) for one in (BOB, CAROL)), "the members' copies")
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")
    assert len(world.gateway.messages(ANN)) == 1


def test_a_stranger_hears_of_no_success(make):
    world = list_world(make)
    with world.gateway.smtp(service="smtp") as client:
        for recipient in (LIST, BOB):
            assert rcpt(client, ANN, recipient, ["NOTIFY=SUCCESS,DELAY"])[0] == 250
            assert client.data(b"Subject: who reads this?\r\n\r\nx\r\n")[0] == 250
    wait_for(lambda: len(world.gateway.messages(BOB)) == 2, "both messages")
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")
    assert world.gateway.messages(ANN) == []


@pytest.mark.parametrize("service", ["smtp", "submissions"])
def test_a_full_mailbox_is_told_at_rcpt(make, service):
    world = World(make, MX_ONE, start=False)
    world.gateway.account("bob", "correct horse battery", "--quota", "30KB")
    world.gateway.start()
    sender, login = ("s@far.example", None) if service == "smtp" else (ANN, ANN)
    with world.gateway.smtp(login, service=service) as client:
        assert rcpt(client, sender, BOB, size=20_000)[0] == 250
        assert client.data(f"From: <{sender}>\r\n\r\n{'x' * 70}".encode() + b"\r\n" + (b"y" * 78 + b"\r\n") * 240)[0] == 250
        wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")

        def is_refused():  # what a mailbox holds is remembered for some seconds
            client.rset()
            return rcpt(client, sender, BOB, size=20_000) == (452, f"4.2.2 The mailbox of {BOB} is full".encode())
        wait_for(is_refused, "452 at RCPT")
        client.rset()
        assert rcpt(client, sender, BOB, size=2_000)[0] == 250, "there is room for a small one"


@pytest.mark.parametrize("service", ["smtp", "submissions"])
def test_a_nul_before_a_dot_is_not_passed_on(make, service):
    world = list_world(make)
    sender, login = ("s@far.example", None) if service == "smtp" else (ANN, ANN)
    with world.gateway.smtp(login, service=service) as client:
        assert rcpt(client, sender, BOB)[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.send(f"From: <{sender}>\r\n\r\nx\r\n\0.\r\nMAIL FROM:<evil@far.example>\r\n.\r\n".encode())
        code, words = client.getreply()
        assert code == 550 and b"NUL" in words
        assert client.noop()[0] == 250
    assert world.gateway.messages(BOB) == []


def test_a_login_cannot_say_another_name_by_a_route_or_a_bare_cr(make):
    world = list_world(make)
    with world.gateway.smtp(ANN) as client:
        assert rcpt(client, ANN, BOB)[0] == 250
        code, words = client.data(f"From: <@far.example:{ANN}>\r\n\r\nx\r\n".encode())
        assert code == 550 and b"route" in words
        assert rcpt(client, ANN, BOB)[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.send(f"From: <{ANN}>\r\nSubject: a\rX-Hidden: b\r\n\r\nx\r\n.\r\n".encode())
        assert client.getreply()[0] == 250
    message = wait_for(lambda: world.gateway.messages(BOB), "the message")[0]
    assert b"Subject: a X-Hidden: b\r\n" in message
