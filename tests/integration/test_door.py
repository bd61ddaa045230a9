"""The rules at the door that need the whole gateway: shutdown, owners of files, logins over all protocols, identities, HTTP."""
import base64
import contextlib
import http.client
import imaplib
import os
import poplib
import socket
import threading

import pytest
from harness import DOMAIN, PASSWORD, Gateway, set_section, wait_for

ANN = f"ann@{DOMAIN}"


def connect(gateway, service):
    """A raw connection and its file; TLS where the service has it from the first octet."""
    raw = socket.create_connection(("localhost", gateway.port(service)), timeout=30)
    if service.endswith("s") and service != "pop3":
        raw = gateway._tls.wrap_socket(raw, server_hostname="localhost")
    return raw, raw.makefile("rb")


def reply(file):
    lines = b""
    while True:
        line = file.readline()
        lines += line
        if len(line) < 4 or line[3:4] != b"-":
            return lines.decode()


def say(raw, file, text):
    raw.sendall(text.encode() + b"\r\n")
    return reply(file)


def sasl(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def logged_in(gateway):
    raw, file = connect(gateway, "submissions")
    reply(file)
    say(raw, file, "EHLO client.example")
    assert say(raw, file, "AUTH PLAIN " + sasl(ANN, PASSWORD)).startswith("235")
    return raw, file


def post(gateway, path, body, fields, user=ANN, password=PASSWORD):
    """One request on a connection of its own; the body may be cut short on purpose."""
    with contextlib.closing(socket.create_connection(("localhost", gateway.port("http")), timeout=30)) as raw:
        login = f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}\r\n" if user else ""
        raw.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{login}{fields}\r\n".encode() + body)
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        return answer.status, answer.read().decode()


def post_json(gateway, text, **login):
    body = text.encode()
    return post(gateway, "/v1/messages", body, f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n", **login)


def test_idle_clients_are_told_of_a_shutdown_which_does_not_wait_for_them(make):
    # A grace longer than the test: who waits for it fails.
    gateway = make(Gateway, edit=lambda text: 'shutdown_grace = "10m"\n' + text)
    gateway.account("ann")
    gateway.start()
    clients = [connect(gateway, service) for service in ("smtp", "submission", "submissions")]
    for raw, file in clients:
        assert reply(file).startswith("220")
        assert say(raw, file, "EHLO client.example").startswith("250")
    login, login_file = logged_in(gateway)
    assert say(login, login_file, f"MAIL FROM:<{ANN}>").startswith("250")
    browser, browser_file = connect(gateway, "http")
    browser.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert browser_file.readline().startswith(b"HTTP/1.1 200")
    halfway, _ = connect(gateway, "smtp")  # TLS was promised and never comes
    halfway_file = halfway.makefile("rb")
    reply(halfway_file)
    say(halfway, halfway_file, "EHLO client.example")
    assert say(halfway, halfway_file, "STARTTLS").startswith("220")
    gateway.process.terminate()
    for raw, file in [*clients, (login, login_file)]:
        assert reply(file).startswith("421 4.3.2")
        assert file.read() == b""
    assert b"HTTP/1.1 4" not in browser_file.read()
    assert gateway.process.wait(60) == 0


def test_a_message_on_its_way_at_a_shutdown_is_taken(gateway):
    raw, file = logged_in(gateway)
    say(raw, file, f"MAIL FROM:<{ANN}>")
    say(raw, file, f"RCPT TO:<{ANN}>")
    assert say(raw, file, "DATA").startswith("354")
    gateway.process.terminate()
    wait_for(lambda: any(event.get("event") == "stopping" for event in gateway.events()), "the shutdown")
    assert "Queued as" in say(raw, file, f"From: {ANN}\r\nSubject: late\r\n\r\nx\r\n.")
    assert reply(file).startswith("421 4.3.2")
    assert gateway.process.wait(60) == 0
    gateway.start()
    assert b"Subject: late" in wait_for(lambda: gateway.messages(ANN), "the message")[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_offline_belongs_to_the_owner_of_data_dir(make):
    gateway = make(Gateway)
    data = gateway.directory / "data"
    os.chown(data, 12345, 23456)
    gateway.account("ann")
    made = [path for path in data.iterdir() if path.name.startswith("accounts.db")]
    assert made
    for path in made:
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456), path


@pytest.mark.parametrize("header", ["From: boss@elsewhere.example", f"From: {ANN}\r\nSender: boss@elsewhere.example",
                                    f"From: {ANN}\r\nResent-From: boss@elsewhere.example", f"From: {ANN}\r\nFrom: {ANN}",
                                    f"From: {ANN}, boss@elsewhere.example", "Subject: no From",
                                    f"From: {ANN}\r\nno field\r\nFrom: boss@elsewhere.example"])
def test_a_login_writes_in_its_own_names_only(gateway, header):
    raw, file = logged_in(gateway)
    assert say(raw, file, "MAIL FROM:<boss@elsewhere.example>").startswith("550 5.7.1")
    assert say(raw, file, f"MAIL FROM:<{ANN}>").startswith("250")
    assert say(raw, file, f"RCPT TO:<{ANN}>").startswith("250")
    assert say(raw, file, "DATA").startswith("354")
    assert say(raw, file, f"{header}\r\n\r\nx\r\n.").startswith("550 5.7.1")


def test_unknown_disabled_and_wrong_logins_get_one_reply(gateway):
    gateway.account("bob")
    gateway.cli("account", "disable", f"bob@{DOMAIN}")
    said = set()
    for user, password in ((ANN, "wrong"), (f"nobody@{DOMAIN}", PASSWORD), (f"bob@{DOMAIN}", PASSWORD), ("no address", PASSWORD)):
        raw, file = connect(gateway, "submissions")
        reply(file)
        say(raw, file, "EHLO client.example")
        said.add(say(raw, file, "AUTH PLAIN " + sasl(user, password)))
    assert said == {"535 5.7.8 Authentication failed\r\n"}


def test_the_allowance_of_an_address_is_one_for_all_protocols_and_for_guesses_side_by_side(gateway):
    # Ten are allowed. Twelve ask at the same time, each at once.
    said, ready = [], threading.Barrier(12)

    def guess():
        raw, file = connect(gateway, "submissions")
        reply(file)
        say(raw, file, "EHLO client.example")
        ready.wait()
        said.append(say(raw, file, "AUTH PLAIN " + sasl(ANN, "guess"))[:3])
    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("535") == 10 and said.count("454") == 2, said
    # The right password from there is not even looked at, whatever the protocol.
    with pytest.raises(imaplib.IMAP4.error):
        imaplib.IMAP4_SSL("localhost", gateway.port("imaps"), ssl_context=gateway._tls).login(ANN, PASSWORD)
    reader = poplib.POP3_SSL("localhost", gateway.port("pop3s"), context=gateway._tls)
    reader.user(ANN)
    with pytest.raises(poplib.error_proto):
        reader.pass_(PASSWORD)
    assert post_json(gateway, "{}")[0] == 429


def test_http_asks_for_credentials_before_it_reads_a_body(gateway):
    status, _ = post(gateway, "/v1/messages", b"", "Content-Type: application/json\r\nContent-Length: 1000000\r\n", user=None)
    assert status == 401
    status, _ = post(gateway, "/v1/messages", b"", "Content-Type: application/json\r\nContent-Length: 1000000\r\n", password="wrong")
    assert status == 401


def test_http_takes_canonical_base64_only(gateway):
    login = base64.b64encode(f"{ANN}:{PASSWORD}".encode()).decode()
    assert login.endswith("==")
    twin = login[:-3] + chr(ord(login[-3]) + 1) + "=="  # bits that the padding leaves over
    assert base64.b64decode(twin) == base64.b64decode(login)
    for value, status in ((login, 422), (twin, 401), (login[:-1], 401), (login[:8] + " " + login[8:], 401)):
        fields = f"Authorization: Basic {value}\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
        assert post(gateway, "/v1/messages", b"{}", fields, user=None)[0] == status, value


@pytest.mark.parametrize("field", ['"subject": "a\\r\\nBcc: x@elsewhere.example"', '"headers": {"X-A": "b\\nX-B: c"}',
                                   '"headers": {"X-A\\r\\nBcc": "c"}', '"reply_to": "a@b.example\\r\\nBcc: c@d.example"'])
def test_no_field_of_json_escapes_into_another(gateway, field):
    status, body = post_json(gateway, f'{{"from": "{ANN}", "to": ["{ANN}"], "text": "x", {field}}}')
    assert status == 422, (status, body)
    assert gateway.messages(ANN) == []


def test_a_connection_gives_its_place_back(make):
    gateway = make(Gateway, edit=lambda text: set_section(text, "limits", {"connections_per_ip": 3}))
    gateway.account("ann")
    gateway.start()
    for _ in range(3):
        held = [connect(gateway, "smtp") for _ in range(3)]
        for raw, file in held:
            assert reply(file).startswith("220")
        over, over_file = connect(gateway, "smtp")
        assert reply(over_file).startswith("421 4.7.0")
        over.close()
        for raw, file in held:
            assert say(raw, file, "QUIT").startswith("221")
            raw.close()
        wait_for(lambda: all(one["sessions"] == 0 for one in gateway.ask("/v1/status")["listeners"]), "the end of the sessions")
