"""What the operator does: check, accounts, aliases, queue, reload, status, HTTP."""
import base64
import concurrent.futures
import contextlib
import http.client
import imaplib
import json
import os
import pathlib
import poplib
import re
import signal
import smtplib
import socket
import time
import urllib.error
import urllib.request

import pytest
from harness import DOMAIN, PASSWORD, POSTERN, Dns, Gateway, Ports, Receiver, delivery_settings, run, wait_for

ANN, BOB = f"ann@{DOMAIN}", f"bob@{DOMAIN}"


@pytest.fixture
def stuck(make):
    """A gateway whose remote deliveries all wait."""
    base = Ports.take()
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 53, retry='{ first = "1h", factor = 2, max = "4h", jitter = 0.1 }'))
    gateway.receiver_port = base + 2
    gateway.account("ann")
    return gateway.start()


def states(gateway, *filters):
    return [row["state"] for row in gateway.json("queue", "list", *filters)]


def test_version_is_one_line():
    assert re.fullmatch(r"postern \d+\.\d+\.\d+\S*\n", run(POSTERN, "--version").stdout)


def test_init_refuses_to_overwrite(make):
    gateway = make(Gateway)
    done = run(POSTERN, "init", gateway.directory, "--domain", DOMAIN, check=False)
    assert done.returncode == 1 and "exist" in done.stderr


def test_check_names_every_mistake_with_file_and_line(make):
    gateway = make(Gateway)
    text = gateway.config.read_text()
    gateway.config.write_text(text + '\n[limits]\nrecipients = "many"\nrecipient = 3\n[nonsense]\nx = 1\n' if "[limits]" not in text
                              else text.replace("[limits]", '[limits]\nrecipient = 3', 1) + '\n[nonsense]\nx = 1\n')
    done = run(POSTERN, "check", "--config", gateway.config, check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert len(re.findall(rf"(?m)^{re.escape(str(gateway.config))}:\d+: ", said)) >= 2, said


def test_wrong_usage_exits_2_and_no_server_exits_3(make):
    gateway = make(Gateway)
    assert run(POSTERN, "frobnicate", check=False).returncode == 2
    assert run(POSTERN, "status", "--config", "", check=False).returncode == 2
    assert run(POSTERN, "queue", "list", "--config", gateway.config, check=False).returncode == 3


@pytest.mark.parametrize("words", [["frobnicate"], ["queue", "frobnicate"]])
def test_a_command_that_does_not_exist_is_named(words):
    done = run(POSTERN, *words, check=False)
    assert done.returncode == 2 and 'no command "frobnicate"; there are' in done.stderr
    assert "subcommand is required" in run(POSTERN, *words[:-1], "--frobnicate", check=False).stderr


@pytest.mark.parametrize("password", [b"gr\xfc\xdfe\n", b"a\0b\n"])
def test_a_password_that_is_no_text_is_refused(make, password):
    gateway = make(Gateway)
    done = gateway.cli("account", "add", ANN, "--password-stdin", stdin=password.decode("utf-8", "surrogateescape"), errors="surrogateescape", check=False)
    assert done.returncode == 1 and "a password is UTF-8 text without NUL" in done.stderr
    assert gateway.json("account", "list") == []


@pytest.mark.parametrize("running", [True, False])
def test_accounts_and_aliases_work_with_and_without_the_server(make, running):
    gateway = make(Gateway)
    if running:
        gateway.start()
    gateway.account("ann")
    made = gateway.cli("account", "add", BOB, "--operator", "--quota", "10MB")
    password = made.stdout.strip().splitlines()[-1]
    assert len(password) >= 12
    assert [row["address"] for row in gateway.json("account", "list")] == [ANN, BOB]
    assert gateway.cli("account", "add", ANN, "--password-stdin", stdin="x\n", check=False).returncode == 1
    gateway.cli("alias", "add", f"all@{DOMAIN}", ANN, BOB)
    assert gateway.cli("alias", "add", ANN.replace("ann", "loop"), f"loop@{DOMAIN}", check=False).returncode == 1
    assert f"all@{DOMAIN}" in gateway.cli("alias", "list").stdout
    gateway.cli("alias", "remove", f"all@{DOMAIN}")
    gateway.cli("account", "disable", BOB)
    gateway.cli("account", "enable", BOB)
    gateway.cli("account", "remove", BOB)
    assert [row["address"] for row in gateway.json("account", "list")] == [ANN]


def test_a_changed_password_counts_when_the_command_returns(gateway):
    gateway.imap(ANN)
    gateway.cli("account", "password", ANN, "--password-stdin", stdin="another one\n")
    with pytest.raises(Exception):
        gateway.imap(ANN)
    gateway.imap(ANN, "another one")
    gateway.cli("account", "disable", ANN)
    with pytest.raises(Exception):
        gateway.imap(ANN, "another one")


@pytest.mark.parametrize("change", ["password", "disable", "revoke"])
def test_open_sessions_end_when_what_they_logged_in_with_is_good_no_more(gateway, change):
    """Over SMTP, IMAP and POP3; a session with another password of the same account goes on."""
    phone = gateway.cli("account", "app-password", "add", ANN, "--label", "phone").stdout.strip().splitlines()[-1]
    used, other = (phone, PASSWORD) if change == "revoke" else (PASSWORD, phone)
    smtp, imap, pop3, kept = gateway.smtp(ANN, used), gateway.imap(ANN, used), gateway.pop3(ANN, used), gateway.imap(ANN, other)
    smtp.mail(ANN)
    smtp.rcpt(ANN)
    if change == "revoke":
        gateway.cli("account", "app-password", "revoke", ANN, "--label", "phone")
    elif change == "disable":
        gateway.cli("account", "disable", ANN)
    else:
        gateway.cli("account", "password", ANN, "--password-stdin", stdin="another one\n")
    assert smtp.docmd("DATA")[0] == 421
    with pytest.raises(imaplib.IMAP4.abort, match="good no more"):
        imap.noop()
    with pytest.raises(poplib.error_proto, match="good no more"):
        pop3.stat()
    if change != "disable":
        assert kept.noop()[0] == "OK"


def test_a_reload_takes_other_name_servers_and_bounds_of_the_queue(make):
    base = Ports.take()
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    receiver = make(Receiver, "127.0.0.2", base + 2)
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 54, retry='{ first = "1h", factor = 2, max = "4h", jitter = 0.1 }'))
    gateway.account("ann")
    gateway.start()
    waiting = gateway.send(ANN, "x@far.example")
    wait_for(lambda: states(gateway) == ["deferred"], "a delivery that finds no name server")

    def edit(old, new):
        text = gateway.config.read_text()
        assert old in text
        gateway.config.write_text(text.replace(old, new))
        gateway.cli("reload")

    edit(f":{base + 54}", f":{base + 53}")
    gateway.cli("queue", "retry", waiting)
    wait_for(lambda: len(receiver.bodies()) == 1, "the delivery by the other name server")
    edit('disk_reserve = "2GB"', 'disk_reserve = "900TB"')
    with gateway.smtp(ANN) as client, pytest.raises(smtplib.SMTPDataError, match="4.3.1"):
        client.sendmail(ANN, [ANN], f"From: {ANN}\r\n\r\nx\r\n")
    edit('disk_reserve = "900TB"', 'disk_reserve = "1MB"')
    gateway.send(ANN, ANN)


def test_the_queue_is_listed_held_released_retried_and_removed(stuck):
    first = stuck.send(ANN, "x@far.example", "Subject: one\r\n\r\nOne.\r\n")
    second = stuck.send(ANN, "y@far.example")
    wait_for(lambda: states(stuck) == ["deferred"] * 2, "two deferred messages")
    assert states(stuck, "--recipient", "x@far.example") == ["deferred"]
    assert states(stuck, "--sender", "<>") == []
    unset = stuck.cli("queue", "remove", "--state", "deferred", "--sender", "", check=False)
    assert unset.returncode == 2 and "--sender: is empty" in unset.stderr and len(states(stuck)) == 2
    assert first in stuck.cli("queue", "show", first).stdout
    assert "One." in stuck.cli("queue", "show", first, "--raw").stdout
    assert "hold: 1 done" in stuck.cli("queue", "hold", first, first).stdout
    assert states(stuck, "--state", "held") == ["held"]
    stuck.cli("queue", "release", first)
    wait_for(lambda: states(stuck, "--state", "held") == [], "no held message")
    stuck.cli("queue", "remove", second)
    assert [row["id"] for row in stuck.json("queue", "list")] == [first]
    stuck.kill()
    stuck.start()
    assert [row["id"] for row in stuck.json("queue", "list")] == [first]
    stuck.cli("queue", "bounce", "--all")
    wait_for(lambda: stuck.messages(ANN), "the bounce")
    wait_for(lambda: states(stuck) == [], "an empty queue")


def test_trace_tells_what_became_of_mail_by_id_message_id_and_address(stuck):
    delivered = stuck.send(ANN, ANN, "Subject: here\r\nMessage-ID: <here@office.example>\r\n\r\nHere.\r\n")
    waiting = stuck.send(ANN, "X@far.example", "Subject: away\r\nMessage-ID: <away@office.example>\r\n\r\nAway.\r\n")
    wait_for(lambda: states(stuck) == ["deferred"], "the local one delivered, the other deferred")

    def found(what):
        return [row["id"] for row in stuck.json("trace", what)]

    assert found("<here@office.example>") == found("here@office.example") == [delivered]
    assert found(ANN) == [delivered, waiting]
    assert found("x@far.example") == [waiting]
    assert stuck.json("trace", ANN, "--limit", "1")[0]["id"] == waiting
    assert stuck.json("trace", delivered)["recipients"] == [ANN]
    text = stuck.cli("trace", "<here@office.example>").stdout
    assert "event=accepted" in text and "event=delivered" in text and f"recipient={ANN}" in text
    stuck.cli("queue", "remove", waiting)
    assert "event=removed" in stuck.cli("trace", "x@far.example").stdout
    nothing = stuck.cli("trace", "nobody@far.example", check=False)
    assert nothing.returncode == 1 and "is known" in nothing.stderr
    assert "is known" in stuck.cli("trace", "<unqualified>", check=False).stderr


def test_a_message_that_has_left_the_queue_is_not_shown_as_ready(gateway):
    gone = gateway.send(ANN, ANN)
    wait_for(lambda: gateway.timeline(gone)["state"] == "done", "the delivery")
    for raw in ([], ["--raw"]):
        shown = gateway.cli("queue", "show", gone, *raw, check=False)
        assert shown.returncode == 1 and f"has left the queue; `postern trace {gone}`" in shown.stderr and not shown.stdout
        path = f"/v1/queue/{gone}" + ("/raw" if raw else "")
        assert control(gateway, "GET", path)[0] == 404
    never = gateway.cli("queue", "show", gone[:-1] + ("A" if gone[-1] != "A" else "B"), check=False)
    assert never.returncode == 1 and "no such message" in never.stderr


def test_an_account_finds_its_own_messages_over_http(gateway):
    gateway.send(ANN, ANN)
    gateway.account("bob")
    assert len(json.loads(web(gateway, f"/v1/messages?address={ANN}", login=ANN)[1])) == 1
    assert json.loads(web(gateway, f"/v1/messages?address={ANN}", login=BOB)[1]) == []
    status, text, _ = web(gateway, f"/v1/messages?address={ANN}&limit=0", login=ANN)
    assert status == 400 and "from 1 to 10000" in text
    status, text, _ = web(gateway, "/v1/messages?address=nonsense", login=ANN)
    assert status == 400 and "address" in text


def test_sigterm_finishes_and_a_restart_continues(stuck, make):
    stuck.send(ANN, "x@far.example")
    wait_for(lambda: states(stuck) == ["deferred"], "a deferred message")
    stuck.stop()
    assert stuck.redis_pid() is None
    stuck.start()
    assert states(stuck) == ["deferred"]


def test_nothing_that_is_served_can_be_read_by_other_users_of_the_machine(make):
    gateway = make(Gateway)
    gateway.account("ann")
    before = os.umask(0o022)
    try:
        gateway.start()
    finally:
        os.umask(before)
    gateway.send(ANN, ANN, "Subject: secret\r\n\r\n" + ("x" * 70 + "\r\n") * 6000)
    wait_for(lambda: gateway.messages(ANN), "the message in the mailbox")
    served = [path for path in gateway.directory.glob("data/**/*") if not path.is_symlink()]
    assert any(path.name.endswith(".db-wal") for path in served) and any("appendonly" in path.name for path in served)
    assert [path for path in served if path.stat().st_mode & 0o077] == []


def test_a_second_serve_on_the_same_data_exits_1(gateway):
    done = run(POSTERN, "serve", "--config", gateway.config, check=False)
    assert done.returncode == 1 and done.stderr


def test_sigterm_ends_a_start_that_waits_for_redis(make):
    gateway = make(Gateway, edit=lambda text: text.replace('"managed"', '"unix:///nowhere/redis.sock"'))
    gateway.launch()
    status = pathlib.Path(f"/proc/{gateway.process.pid}/status")
    wait_for(lambda: int(re.search(r"SigCgt:\s*(\w+)", status.read_text()).group(1), 16) >> (signal.SIGTERM - 1) & 1, "a handler of SIGTERM")
    began = time.monotonic()
    gateway.stop()
    assert time.monotonic() - began < 10


def test_commands_reach_the_gateway_that_runs_although_its_file_names_another_data_dir(gateway):
    gateway.config.write_text(gateway.config.read_text().replace('data_dir = "data"', 'data_dir = "other"'))
    assert "data_dir has changed and needs a restart" in gateway.cli("reload").stdout
    gateway.account("bob")
    gateway.imap(BOB)
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: [e["restart_needed"] for e in gateway.events() if e["event"] == "reloaded"] == ["data_dir"] * 2, "the second reload")


def test_reload_takes_a_good_file_and_refuses_a_bad_one(gateway):
    client = gateway.imap(ANN)
    good = gateway.config.read_text()
    gateway.config.write_text(good + "\n[oops]\nx = 1\n")
    assert gateway.cli("reload", check=False).returncode == 1
    gateway.config.write_text(good + '\n[domain."second.example"]\n')
    gateway.cli("reload")
    gateway.account("carl@second.example")
    gateway.send(ANN, "carl@second.example")
    wait_for(lambda: gateway.messages("carl@second.example"), "mail for the new domain")
    assert client.noop()[0] == "OK"


def web(gateway, path, data=None, login=None, **headers):
    request = urllib.request.Request(f"http://localhost:{gateway.port('http')}{path}", data, headers)
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{login}:{PASSWORD}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def control(gateway, method, path, body=None, **headers):
    """Over the control socket; gives status, body from JSON and headers."""
    connection = http.client.HTTPConnection("localhost", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(30)
    connection.sock.connect(str(gateway.directory / "data/control.sock"))
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None, answer.headers


def test_metrics_and_health_answer(gateway):
    assert web(gateway, "/healthz")[0] == 200
    assert web(gateway, "/readyz")[0] == 200
    status, text, _ = web(gateway, "/metrics")
    assert status == 200 and "# TYPE postern_" in text


def test_metrics_tell_of_the_queue_and_what_became_of_mail(stuck):
    def values():
        return dict(line.rsplit(" ", 1) for line in web(stuck, "/metrics")[1].splitlines() if not line.startswith("#"))

    assert values()['postern_deliveries_total{fact="bounced"}'] == "0"
    stuck.send(ANN, ANN)
    stuck.send(ANN, "x@far.example")
    wait_for(lambda: values().get('postern_queue_deliveries{state="deferred"}') == "1", "the gauge of what waits")
    shown = values()
    assert shown["postern_messages_accepted_total"] == "2" and shown["postern_queue_messages"] == "1"
    assert shown['postern_deliveries_total{fact="delivered"}'] == "1"
    assert float(shown["postern_redis_memory_bytes"]) > 0 and float(shown["postern_disk_free_bytes"]) > 0
    with stuck.smtp(ANN):
        assert values()['postern_sessions{service="submissions"}'] == "1"


def test_http_takes_json_and_raw_messages_and_tells_what_became_of_them(gateway):
    body = json.dumps({"from": ANN, "to": [ANN], "subject": "Grüße", "text": "hällo"}).encode()
    assert web(gateway, "/v1/messages", body, **{"Content-Type": "application/json"})[0] == 401
    status, text, _ = web(gateway, "/v1/messages", body, ANN, **{"Content-Type": "application/json", "Idempotency-Key": "k1"})
    assert status == 202
    identifier = json.loads(text)["id"]
    again = web(gateway, "/v1/messages", body, ANN, **{"Content-Type": "application/json", "Idempotency-Key": "k1"})
    assert json.loads(again[1])["id"] == identifier
    raw = f"From: {ANN}\r\nSubject: raw\r\n\r\nraw\r\n".encode()
    assert web(gateway, f"/v1/messages?from={ANN}&to={ANN}", raw, ANN, **{"Content-Type": "message/rfc822"})[0] == 202
    wait_for(lambda: len(gateway.messages(ANN)) == 2, "both messages, each once")
    wait_for(lambda: "delivered" in web(gateway, f"/v1/messages/{identifier}", login=ANN)[1], "the timeline")
    status, text, headers = web(gateway, "/v1/messages", json.dumps({"from": BOB, "to": [ANN], "text": "x"}).encode(), ANN, **{"Content-Type": "application/json"})
    assert status in (400, 403, 422) and headers["Content-Type"] == "application/problem+json" and BOB in text
    assert web(gateway, "/v1/status", login=ANN)[0] == 200
    for path in ("/v1/nothing", "/v1/%zz", "/v1/%00", "/v1/status?x=%zz"):
        assert web(gateway, path)[0] == 401, path
    assert web(gateway, "/v1/%zz", login=ANN)[0] == 400


def test_json_is_taken_on_the_control_socket_from_any_sender(gateway):
    said = {"from": "anybody@elsewhere.example", "to": [ANN], "subject": "JSON", "text": "from an operator"}
    status, answer, _ = control(gateway, "POST", "/v1/messages", json.dumps(said), **{"Content-Type": "application/json"})
    assert status == 202
    wait_for(lambda: gateway.timeline(answer["id"])["state"] == "done", "the delivery")
    assert b"Subject: JSON" in gateway.messages(ANN)[0]


def test_http_methods_are_those_of_the_path(gateway):
    for path, allow in {"/v1/status": "GET, HEAD, OPTIONS", "/v1/messages": "GET, HEAD, POST, OPTIONS", "/v1/queue/hold": "POST, OPTIONS",
                        "/v1/aliases": "GET, HEAD, POST, OPTIONS"}.items():
        status, problem, headers = control(gateway, "PUT", path, "{}")
        assert (status, headers["Allow"]) == (405, allow), (path, problem)
        assert headers["Date"].endswith(" GMT")
        status, _, headers = control(gateway, "OPTIONS", path)
        assert (status, headers["Allow"]) == (200, allow)
    for path in ("/healthz", "/v1/status", "/v1/queue", "/v1/accounts", f"/v1/messages?address={ANN}"):
        status, body, headers = control(gateway, "HEAD", path)
        assert status == 200 and body is None and int(headers["Content-Length"]) > 0, path
    assert control(gateway, "PUT", "/v1/nothing")[0] == 404
    assert control(gateway, "GET", "http://elsewhere.example/v1/status")[0] == 200
    with contextlib.closing(http.client.HTTPConnection("localhost", gateway.port("http"), timeout=30)) as browser:
        for method, path, status in (("OPTIONS", "*", 200), ("PUT", "/healthz", 405), ("HEAD", "/metrics", 200), ("OPTIONS", "/v1/status", 401)):
            browser.request(method, path)  # without credentials
            answer = browser.getresponse()
            answer.read()
            assert answer.status == status, (method, path)


def test_an_idempotency_key_belongs_to_one_message(gateway):
    def take(text, way):
        body = json.dumps({"from": ANN, "to": [ANN], "text": text}).encode()
        if way == "account":
            status, said, _ = web(gateway, "/v1/messages", body, ANN, **{"Content-Type": "application/json", "Idempotency-Key": "k"})
            return status, json.loads(said)
        raw = f"From: {ANN}\r\n\r\n{text}\r\n"
        return control(gateway, "POST", f"/v1/messages?from={ANN}&to={ANN}", raw, **{"Content-Type": "message/rfc822", "Idempotency-Key": "k"})[:2]

    for way in ("account", "operator"):
        status, first = take("one", way)
        assert status == 202
        status, refused = take("two", way)
        assert status == 422 and "Idempotency-Key" in refused["detail"]
        gateway.stop()
        gateway.start()
        assert take("one", way) == (202, first)
        assert take("two", way)[0] == 422
    wait_for(lambda: len(gateway.messages(ANN)) == 2, "both messages, each once")


def test_of_requests_side_by_side_with_one_idempotency_key_one_makes_a_message(gateway):
    def take(number):
        raw = f"From: {ANN}\r\n\r\n{number % 2}\r\n"
        return control(gateway, "POST", f"/v1/messages?from={ANN}&to={ANN}", raw, **{"Idempotency-Key": "k"})[:2]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(take, range(16)))
    taken = {number % 2 for number, (status, _) in enumerate(answers) if status == 202}
    assert len(taken) == 1 and len({answer["id"] for status, answer in answers if status == 202}) == 1
    assert [status for status, _ in answers].count(422) == 8
    assert len(gateway.json("trace", ANN)) == 1


def test_status_is_one_screen(gateway):
    said = gateway.cli("status").stdout
    for word in ("ready", "submission", "imaps", "deferred", "managed, up", "certificate"):
        assert word in said
    assert len(said.splitlines()) < 24
    assert json.loads(gateway.cli("status", "--json").stdout)["redis"]["memory"] > 0


def test_retry_sends_at_once(stuck, make):
    stuck.send(ANN, "x@far.example")
    wait_for(lambda: states(stuck) == ["deferred"], "a deferred message")
    receiver = make(Receiver, "127.0.0.2", stuck.receiver_port)
    stuck.cli("queue", "retry", "--all")
    wait_for(receiver.bodies, "the message")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hides the submit.sock of another gateway")
def test_sendmail_takes_as_many_recipients_as_the_limit(stuck):
    sendmail = stuck.folder / "sendmail"
    sendmail.symlink_to(POSTERN)
    recipients = [f"{'long-address-' * 4}{number}@far.example" for number in range(1000)]
    done = run("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run/postern && exec "$@"', "sh", sendmail, "-i", "-f", ANN, *recipients,
               stdin="Subject: to all\n\nHello.\n", env={**os.environ, "POSTERN_CONFIG": str(stuck.config)})
    assert done.stderr == ""
    assert sorted(stuck.json("queue", "list")[0]["recipients"]) == sorted(recipients)
