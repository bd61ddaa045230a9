"""Out to receivers of many kinds: smtp-sink, LMTP, smarthosts with a login, IPv6, and ourselves."""
import base64
import json
import shutil

import pytest
from harness import PASSWORD, Gateway, Receiver, delivery_settings, wait_for
from receivers import Authority, Sink, TlsListener
from test_delivery import ANN, MX_ONE, World, inbox

SMART = ["smart.example. 60 IN A 127.0.0.1", *MX_ONE]
LOGIN = base64.b64encode(f"\0{ANN}\0{PASSWORD}".encode())


@pytest.mark.parametrize("options", [(), ("-p",), ("-8",), ("-e",)], ids=["all", "no pipelining", "no 8BITMIME", "no ESMTP"])
def test_smtp_sink_takes_mail(make, options):
    world = World(make, MX_ONE)
    sink = make(Sink, "127.0.0.2", world.port, *options)
    for number in range(10):
        world.gateway.send(ANN, [f"r{number}@far.example", "all@far.example"], f"Subject: {number}\r\n\r\n.Grüße\r\n")
    found = wait_for(lambda: len(m := sink.messages()) == 10 and m, "ten messages at the sink")
    for number in range(10):
        message = next(m for m in found if f"\nSubject: {number}\n".encode() in m)
        assert f"X-Rcpt-Args: <r{number}@far.example>".encode() in message and b"X-Rcpt-Args: <all@far.example>" in message
        takes_eight_bit = "-8" not in options and "-e" not in options
        assert (".Grüße\n".encode() in message) == takes_eight_bit and message.isascii() != takes_eight_bit


def test_lmtp_takes_mail(make):
    world = World(make, MX_ONE, start=False)
    sink = make(Sink, "127.0.0.2", world.port, "-L")
    world.gateway.config.write_text(f'{world.gateway.config.read_text()}\n[[route]]\nto = "*"\nvia = "lmtp://127.0.0.2:{world.port}"\n')
    world.gateway.start().send(ANN, ["x@far.example", "y@near.example"])
    found = wait_for(sink.messages, "the message")
    assert b"X-Rcpt-Args: <x@far.example>" in found[0] and b"X-Rcpt-Args: <y@near.example>" in found[0]


def test_an_ipv6_receiver_takes_mail(make):
    world = World(make, ["six.example. 60 IN MX 10 mx.six.example.", "mx.six.example. 60 IN AAAA ::1"])
    sink = make(Sink, "[::1]", world.port)
    world.gateway.send(ANN, "bob@six.example")
    assert b"Hello." in wait_for(sink.messages, "the message over IPv6")[0]


def test_mail_leaves_from_the_source_address(make):
    world = World(make, MX_ONE, delivery={"source": ["127.0.0.7"]})
    seen = []
    receiver = make(Receiver, "127.0.0.2", world.port, lambda verb, argument, session: seen.append(session.client_address[0]))
    world.gateway.send(ANN, "bob@far.example")
    wait_for(receiver.bodies, "the message")
    assert set(seen) == {"127.0.0.7"}


# Loops


def test_our_own_name_as_mx_is_a_loop(make):
    world = World(make, ["far.example. 60 IN MX 10 mail.office.example.", "mail.office.example. 60 IN A 127.0.0.2"])
    receiver = make(Receiver, "127.0.0.2", world.port)
    world.gateway.send(ANN, "bob@far.example")
    assert b"5.4.6" in inbox(world)[0] and receiver.connections == 0


def test_our_own_address_and_port_as_mx_is_a_loop(make):
    world = World(make, ["far.example. 60 IN MX 10 other.example.", "other.example. 60 IN A 127.0.0.1"], start=False)
    world.gateway.config.write_text(delivery_settings(world.gateway.config.read_text(), world.gateway.port("smtp"), world.base + 53))
    world.gateway.start().send(ANN, "bob@far.example")
    assert b"5.4.6" in inbox(world)[0]


def test_our_address_with_another_port_is_not_us(make):
    world = World(make, ["far.example. 60 IN MX 10 other.example.", "other.example. 60 IN A 127.0.0.1"])
    receiver = make(Receiver, "127.0.0.1", world.port)
    world.gateway.send(ANN, "bob@far.example")
    wait_for(receiver.bodies, "the message")


def test_as_a_backup_we_wait_for_the_better_host_and_never_go_to_worse_ones(make):
    world = World(make, ["far.example. 60 IN MX 10 best.example.", "far.example. 60 IN MX 20 mail.office.example.",
                         "far.example. 60 IN MX 30 worse.example.", "best.example. 60 IN A 127.0.0.2", "worse.example. 60 IN A 127.0.0.3"])
    worse = make(Receiver, "127.0.0.3", world.port)
    world.gateway.send(ANN, "bob@far.example")
    wait_for(lambda: deferred(world), "a deferred message")
    best = make(Receiver, "127.0.0.2", world.port)
    wait_for(best.bodies, "the message at the better host")
    assert worse.connections == 0


# Smarthosts with a login


class Smarthost:
    """A second postern that takes mail for everybody from ann, and passes it on by MX."""

    def __init__(self, make, world, authority):
        self.gateway = make(Gateway, edit=lambda text: delivery_settings(text, world.port, world.base + 53))
        certificate, key = authority.issue("smart.example")
        shutil.copy(certificate, self.gateway.directory / "tls/cert.pem")
        shutil.copy(key, self.gateway.directory / "tls/key.pem")
        self.gateway.account("ann")
        self.gateway.start()


def route_to(world, scheme, port, password=PASSWORD):
    """Everything goes by a smarthost on smart.example, as ann."""
    gateway = world.gateway
    (gateway.directory / "password").write_text(password + "\n")
    gateway.config.write_text(f"""{gateway.config.read_text()}
[[route]]
to = "*.example"
via = "{scheme}://{ANN}@smart.example:{port}"
password_file = "password"
""")


def deferred(world):
    """The rows of deferred messages whose trouble is known."""
    return [row for row in world.gateway.json("queue", "list") if row["state"] == "deferred" and row["last_error"]]


@pytest.mark.parametrize("scheme", ["submission", "smtps"])
def test_a_smarthost_takes_mail_over_verified_tls_with_a_login(make, monkeypatch, scheme):
    world = World(make, SMART, start=False)
    authority = make(Authority)
    smarthost = Smarthost(make, world, authority).gateway
    receiver = make(Receiver, "127.0.0.2", world.port)
    route_to(world, scheme, smarthost.port("submission" if scheme == "submission" else "submissions"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    identifier = world.gateway.start().send(ANN, "bob@far.example")
    body = wait_for(receiver.bodies, "the message behind the smarthost")[0]
    assert identifier.encode() in body and b"with ESMTPSA" in body
    assert "verified" in json.dumps(world.gateway.json("trace", identifier))


def test_a_wrong_password_waits_and_goes_once_it_is_right(make, monkeypatch):
    world = World(make, SMART, start=False)
    authority = make(Authority)
    smarthost = Smarthost(make, world, authority).gateway
    receiver = make(Receiver, "127.0.0.2", world.port)
    route_to(world, "submission", smarthost.port("submission"), "not the password")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    world.gateway.start().send(ANN, "bob@far.example")
    assert "535" in wait_for(lambda: deferred(world), "a deferred message")[0]["last_error"]
    (world.gateway.directory / "password").write_text(PASSWORD + "\n")
    wait_for(receiver.bodies, "the message with the right password")
    assert world.gateway.messages(ANN) == []


@pytest.mark.parametrize("scheme", ["submission", "smtps"])
@pytest.mark.parametrize("name, trusted", [("other.example", True), ("smart.example", False)], ids=["wrong name", "unknown authority"])
def test_a_password_is_not_sent_behind_a_wrong_certificate(make, monkeypatch, scheme, name, trusted):
    world = World(make, SMART, start=False)
    authority = make(Authority)
    smarthost = make(TlsListener, "127.0.0.1", world.base + 1, *authority.issue(name), implicit=scheme == "smtps")
    route_to(world, scheme, world.base + 1)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    world.gateway.start().send(ANN, "bob@far.example")
    assert "TLS" in wait_for(lambda: deferred(world), "a deferred message")[0]["last_error"]
    assert smarthost.greeted >= 1 and smarthost.logins() == []
    assert world.gateway.messages(ANN) == []


def test_a_refused_login_is_never_a_bounce(make, monkeypatch):
    world = World(make, SMART, start=False)
    authority = make(Authority)
    smarthost = make(TlsListener, "127.0.0.1", world.base + 1, *authority.issue("smart.example"), implicit=False,
                     answer_to_auth="535 5.7.8 Go away")
    route_to(world, "submission", world.base + 1)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    world.gateway.start().send(ANN, "bob@far.example")
    assert "535 5.7.8 Go away" in wait_for(lambda: deferred(world), "a deferred message")[0]["last_error"]
    assert LOGIN in smarthost.logins()[0] and not any(line.upper().startswith(b"MAIL") for line in smarthost.heard)
    assert world.gateway.messages(ANN) == []
    smarthost.answer_to_auth = "235 2.7.0 Welcome"
    wait_for(lambda: b"Hello.\r\n" in smarthost.heard, "the message once the login is taken")
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")


# Wishes about reports (RFC 3461)


def submit(gateway, notify, recipient="bob@far.example"):
    """Submits with every DSN parameter, xtext in two of them."""
    with gateway.smtp(ANN) as client:
        client.mail(ANN, ["RET=HDRS", "ENVID=q+3D1"])
        code, words = client.rcpt(recipient, [f"NOTIFY={notify}", "ORCPT=rfc822;a+2Bb@far.example"])
        assert code == 250, words
        code, words = client.data(f"From: <{ANN}>\r\nSubject: wishes\r\n\r\nThe body.\r\n".encode())
        assert code == 250, words


def test_dsn_parameters_go_on_to_a_host_that_honours_them(make):
    world = World(make, MX_ONE)
    heard = []
    receiver = make(Receiver, "127.0.0.2", world.port, lambda verb, argument, session: heard.append(f"{verb} {argument}"),
                    extensions=("PIPELINING", "8BITMIME", "DSN"))
    submit(world.gateway, "SUCCESS,DELAY")
    wait_for(receiver.bodies, "the message")
    assert any(line.startswith("MAIL") and "RET=HDRS" in line and "ENVID=q+3D1" in line for line in heard), heard
    assert any(line.startswith("RCPT") and "NOTIFY=SUCCESS,DELAY" in line and "ORCPT=rfc822;a+2Bb@far.example" in line for line in heard), heard
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")
    assert world.gateway.messages(ANN) == [], "the host reports, not we"


def test_we_report_success_for_a_host_that_does_not(make):
    world = World(make, MX_ONE)
    make(Receiver, "127.0.0.2", world.port)
    submit(world.gateway, "SUCCESS")
    report = inbox(world)[0]
    for field in (b"Action: relayed", b"Original-Envelope-Id: q=1", b"Original-Recipient: rfc822;a+b@far.example"):
        assert field in report, report
    assert b"Subject: wishes" in report and b"The body." not in report, "RET=HDRS"


def test_notify_never_is_never_told(make):
    world = World(make, MX_ONE)
    refused = []

    def refuse(verb, argument, session):
        if verb == "RCPT":
            refused.append(argument)
            return "550 5.1.1 No such person"
        return None
    make(Receiver, "127.0.0.2", world.port, refuse)
    submit(world.gateway, "NEVER")
    wait_for(lambda: refused and world.gateway.json("queue", "list") == [], "an empty queue after the refusal")
    assert world.gateway.messages(ANN) == []


def test_a_remote_cannot_write_into_reports_and_logs(make):
    world = World(make, MX_ONE)
    make(Receiver, "127.0.0.2", world.port,
         lambda verb, argument, session: "550 5.1.1 \x1b[31mred\x00\x07\nBcc: evil@far.example" if verb == "RCPT" else None)
    world.gateway.send(ANN, "bob@far.example")
    report = wait_for(lambda: world.gateway.messages(ANN) or deferred(world), "a report, or a broken-off attempt")[0]
    text = report if isinstance(report, bytes) else json.dumps(report).encode()
    for raw in (b"\x1b", b"\x00", b"\x07", b"\nBcc: evil"):
        assert raw not in text and raw not in world.gateway.log.read_bytes()
