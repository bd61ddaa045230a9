"""What must not lose, hold or double mail: an answer of Redis that is lost, settings that change, a Redis that is emptied, a spool that is not
there, a clock that steps."""
import base64
import contextlib
import http.client
import json
import shutil
import socket
import threading

from harness import DOMAIN, PASSWORD, Dns, Gateway, Ports, Receiver, delivery_settings, run, wait_for
from test_take_over import Redis

ANN = f"ann@{DOMAIN}"
LARGE = "Subject: large\r\n\r\n" + ("z" * 70 + "\r\n") * 5000  # goes by the spool


class Proxy:
    """Between gateway and Redis. Once a request holds `text`, that connection's replies are swallowed and it is closed; connections that come
    later wait for `go_on`."""

    def __init__(self, port, target, text):
        self.target, self.text = target, text
        self.swallowed, self.go_on = threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        if self.swallowed.is_set():
            self.go_on.wait(60)
        redis = socket.socket(socket.AF_UNIX)
        redis.connect(self.target)
        doomed = threading.Event()
        answers = threading.Thread(target=self.answer, args=(redis, client, doomed), daemon=True)
        answers.start()
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 20):
                if self.text in data and not self.swallowed.is_set():
                    doomed.set()
                redis.sendall(data)
        redis.close()
        client.close()

    def answer(self, redis, client, doomed):
        with contextlib.suppress(OSError):
            while data := redis.recv(1 << 20):
                if doomed.is_set():
                    self.swallowed.set()
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.go_on.set()
        self.listener.close()


def post(gateway, key, subject):
    """POST /v1/messages on a connection of its own, so that any worker may get it; gives (status, answer)."""
    connection = http.client.HTTPConnection("localhost", gateway.port("http"), timeout=30)
    with contextlib.closing(connection):
        login = base64.b64encode(f"{ANN}:{PASSWORD}".encode()).decode()
        body = json.dumps({"from": ANN, "to": [ANN], "subject": subject, "text": "x"})
        connection.request("POST", "/v1/messages", body, {"Authorization": f"Basic {login}", "Content-Type": "application/json", "Idempotency-Key": key})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def readiness(gateway):
    connection = http.client.HTTPConnection("localhost", gateway.port("http"), timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def with_workers(text, count):
    return f"workers = {count}\n" + "\n".join(line for line in text.split("\n") if not line.startswith("workers"))


def on(redis, count=2, **queue):
    """Settings of a gateway with `count` workers on this Redis."""
    return lambda text: with_workers(delivery_settings(text, 25, redis=f"unix://{redis.socket}", **queue), count)


def test_a_message_that_a_repeated_request_was_told_of_is_delivered_though_its_first_answer_was_lost(make):
    redis, port = make(Redis), Ports.take() + 1
    proxy = make(Proxy, port, str(redis.socket), b"precious")
    gateway = make(Gateway, edit=lambda text: with_workers(delivery_settings(text, 25, redis=f"redis://127.0.0.1:{port}"), 2))
    gateway.account("ann")
    gateway.start()
    status, _ = post(gateway, "order 7", "precious")
    assert status == 503
    assert proxy.swallowed.is_set()

    def told():
        status, answer = post(gateway, "order 7", "precious")
        return answer["id"] if status == 202 else None
    queue_id = wait_for(told, "the other worker's 202", 60)
    proxy.go_on.set()
    wait_for(lambda: gateway.messages(ANN), "the message", 30)
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue")
    assert len(gateway.messages(ANN)) == 1
    assert gateway.timeline(queue_id)["events"][-1]["event"] == "delivered"


def test_an_unsafe_setting_stops_every_worker_within_seconds_and_readiness_says_so(make):
    redis = make(Redis)
    gateway = make(Gateway, edit=on(redis, 4))
    gateway.account("ann")
    gateway.start()
    ask = ["redis-cli", "-s", redis.socket, "CONFIG", "SET", "appendfsync"]
    run(*ask, "everysec")
    wait_for(lambda: "appendfsync is everysec" in readiness(gateway)[1], "readiness", 5)
    for at in range(16):
        assert post(gateway, f"key {at}", "unsafe")[0] == 503
    assert readiness(gateway)[0] == 503
    assert "appendfsync" in json.dumps(gateway.json("status"))
    run(*ask, "always")
    wait_for(lambda: readiness(gateway)[0] == 200, "readiness", 10)
    for at in range(16):
        assert post(gateway, f"safe {at}", "safe")[0] == 202


def test_a_redis_that_is_emptied_under_a_gateway_stops_it_and_the_spool_stays(make):
    redis = make(Redis)
    gateway = make(Gateway, edit=on(redis))
    gateway.account("ann")
    gateway.start()
    run("redis-cli", "-s", redis.socket, "FLUSHALL")
    wait_for(lambda: "lost the queue" in readiness(gateway)[1], "readiness", 10)
    for at in range(8):
        assert post(gateway, f"key {at}", "lost")[0] == 503
    assert readiness(gateway)[0] == 503
    assert "lost the queue" in json.dumps(gateway.json("status"))
    assert any(event.get("event") == "queue_refused" for event in gateway.events())


def test_without_its_spool_a_gateway_holds_nothing_and_goes_on_when_it_is_back(make):
    base = Ports.take()
    make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
    opened = threading.Event()
    receiver = make(Receiver, "127.0.0.2", base + 2, lambda verb, argument, session: None if opened.is_set() or verb != "RCPT" else "450 4.3.2 Later")
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 53))
    gateway.account("ann")
    gateway.start()
    gateway.send(ANN, "bob@far.example", LARGE)

    def row():
        return gateway.json("queue", "list")[0]
    wait_for(lambda: row()["state"] == "deferred", "a deferred message")
    spool, away = gateway.directory / "data/spool", gateway.directory / "data/away"
    spool.rename(away)
    spool.mkdir()  # as when nothing is mounted
    opened.set()
    wait_for(lambda: "not the spool of this queue" in readiness(gateway)[1], "readiness", 10)
    attempts = row()["attempts"]
    wait_for(lambda: "spool" in row()["last_error"], "a try without the body")
    assert (row()["state"], row()["attempts"] - attempts) == ("deferred", 0)
    assert receiver.bodies() == []
    shutil.rmtree(spool)
    away.rename(spool)
    assert wait_for(receiver.bodies, "the message", 40)
    wait_for(lambda: readiness(gateway)[0] == 200, "readiness", 10)
