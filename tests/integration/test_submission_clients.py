"""Real programs submit on 587 and 465 with the certificate verified; the message arrives byte for byte, signed."""
import email
import re
import subprocess

import dkim
import pytest
from harness import DOMAIN, PASSWORD, Gateway, Ports, Receiver, run, wait_for

MESSAGE = ("From: Ann <ann@office.example>\r\nTo: bob@office.example\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
           "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <one@office.example>\r\nMIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
           ".a line with a dot\r\n..two dots\r\nCaf\u00e9 \u2603\r\n\r\nFrom the start of a line\r\nlast line, trailing blank \r\n")


@pytest.fixture
def gateway(make):
    gateway = make(Gateway)
    for name in ("ann", "bob"):
        gateway.account(name)
    return gateway.start()


def without_trace(message):
    """A received message from its first own header on."""
    return message[message.index(b"From: Ann"):]


def arrived(gateway, count=1):
    return wait_for(lambda: (m := gateway.messages(f"bob@{DOMAIN}")) and len(m) >= count and m, "the message in bob's INBOX")


def file_of(gateway):
    path = gateway.folder / "mail.eml"
    path.write_bytes(MESSAGE.encode())
    return path


@pytest.mark.parametrize("service", ["submission", "submissions"])
def test_smtplib_submits_and_the_message_arrives_byte_for_byte(gateway, service):
    with gateway.smtp(f"ann@{DOMAIN}", service=service) as client:
        client.sendmail(f"ann@{DOMAIN}", [f"bob@{DOMAIN}"], MESSAGE.encode(), ["BODY=8BITMIME"])
    assert without_trace(arrived(gateway)[0]) == MESSAGE.encode()


@pytest.mark.parametrize("service", ["submission", "submissions"])
def test_curl_submits_and_the_message_arrives_byte_for_byte(gateway, service):
    scheme = ["--ssl-reqd", f"smtp://localhost:{gateway.port(service)}"] if service == "submission" else [f"smtps://localhost:{gateway.port(service)}"]
    run("curl", "-sS", "--cacert", gateway.certificate, "-u", f"ann@{DOMAIN}:{PASSWORD}", "--mail-from", f"ann@{DOMAIN}",
        "--mail-rcpt", f"bob@{DOMAIN}", "-T", file_of(gateway), *scheme)
    assert without_trace(arrived(gateway)[0]) == MESSAGE.encode()


@pytest.mark.parametrize("service", ["submission", "submissions"])
def test_swaks_submits(gateway, service):
    encryption = ["--tls"] if service == "submission" else ["--tls-on-connect"]
    run("swaks", "--server", "localhost", "--port", gateway.port(service), *encryption, "--tls-verify", "--tls-ca-path", gateway.certificate,
        "--auth", "PLAIN", "--auth-user", f"ann@{DOMAIN}", "--auth-password", PASSWORD, "--from", f"ann@{DOMAIN}", "--to", f"bob@{DOMAIN}")
    arrived(gateway)


@pytest.mark.parametrize("service", ["submission", "submissions"])
def test_msmtp_submits(gateway, service):
    run("msmtp", "--host=localhost", f"--port={gateway.port(service)}", "--tls=on", f"--tls-starttls={'on' if service == 'submission' else 'off'}",
        f"--tls-trust-file={gateway.certificate}", "--auth=plain", f"--user=ann@{DOMAIN}", "--passwordeval=echo '" + PASSWORD + "'",
        f"--from=ann@{DOMAIN}", f"bob@{DOMAIN}", stdin=MESSAGE.replace("\r\n", "\n"))
    assert without_trace(arrived(gateway)[0]) == MESSAGE.encode()


def test_both_dkim_signatures_verify_with_dkimpy_and_opendkim(make):
    receiver_port = Ports.take() + 1
    receiver = make(Receiver, "127.0.0.1", receiver_port)
    gateway = make(Gateway, extra=f'[[route]]\nto = "*.test"\nvia = "smtp://127.0.0.1:{receiver_port}"\n')
    gateway.account("ann")
    gateway.start()
    gateway.send(f"ann@{DOMAIN}", "carl@far.test", MESSAGE.replace("To: bob@office.example", "To: carl@far.test"))
    wait_for(receiver.bodies, "the relayed message")
    message = receiver.bodies()[0]
    assert message.count(b"DKIM-Signature:") == 2

    records = keys_of(gateway)
    for index in range(2):
        assert dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip("."))), f"signature {index}"

    keys = gateway.folder / "keys"
    keys.write_text("".join(f"{name} {value.decode()}\n" for name, value in records.items()))
    conf = gateway.folder / "opendkim.conf"
    conf.write_text(f"Mode v\nTestDNSData file:{keys}\nAlwaysAddARHeader yes\n")
    mail = gateway.folder / "signed.eml"
    mail.write_bytes(message)
    tested = run("opendkim", "-x", conf, "-t", mail, check=False)
    assert "verification (s=p1, d=office.example, 2048-bit key) succeeded" in tested.stdout + tested.stderr, tested.stdout + tested.stderr


def keys_of(gateway):
    """The DNS records of the instance's DKIM keys, from the public halves as openssl prints them."""
    import base64
    records = {}
    for selector, path in re.findall(r'selector\s*=\s*"([^"]+)",\s*key\s*=\s*"([^"]+)"', gateway.config.read_text()):
        der = subprocess.run(["openssl", "pkey", "-in", gateway.directory / path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        if len(der) == 44:  # Ed25519: RFC 8463 §4 publishes the bare 32 octets
            records[f"{selector}._domainkey.{DOMAIN}"] = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(der[12:])
        else:
            records[f"{selector}._domainkey.{DOMAIN}"] = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    assert len(records) == 2
    return records


def test_date_and_message_id_are_added_and_bcc_is_removed(gateway):
    gateway.send(f"ann@{DOMAIN}", f"bob@{DOMAIN}", "Bcc: secret@office.example\r\nSubject: bare\r\n\r\nx\r\n")
    message = email.message_from_bytes(arrived(gateway)[0])
    assert message["Date"] and message["Message-ID"] and message["Bcc"] is None


def test_a_sender_who_is_not_the_login_is_refused_and_named(gateway):
    with gateway.smtp(f"ann@{DOMAIN}") as client:
        code, words = client.mail(f"bob@{DOMAIN}")
        assert code == 553 or code == 550, words
        assert b"bob@office.example" in words
        client.rset()
        client.mail(f"ann@{DOMAIN}")
        client.rcpt(f"bob@{DOMAIN}")
        code, words = client.data(b"From: bob@office.example\r\n\r\nforged\r\n")
        assert 500 <= code < 560 and b"bob@office.example" in words


def test_an_alias_may_be_the_sender_of_its_account(gateway):
    gateway.cli("alias", "add", f"sales@{DOMAIN}", f"ann@{DOMAIN}")
    gateway.send(f"sales@{DOMAIN}", f"bob@{DOMAIN}", login=f"ann@{DOMAIN}")
    arrived(gateway)
