"""What the integration tests share: a gateway, DNS servers, receivers, and waiting for conditions with a deadline."""
import contextlib
import fcntl
import http.client
import imaplib
import json
import os
import pathlib
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time

POSTERN = os.environ.get("POSTERN", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/postern"))
DOMAIN = "office.example"
PASSWORD = "correct horse battery"
SERVICES = {"smtp": 25, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995, "http": 80}


def wait_for(condition, what, seconds=20.0):
    """Returns the first true value of condition(); fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"still waiting after {seconds} s for {what}"
        time.sleep(0.02)  # between two looks at the condition


class Ports:
    """A thousand ports that no other test of this machine takes until this one is over."""
    _held = []

    @classmethod
    def take(cls):
        folder = pathlib.Path(tempfile.gettempdir()) / "postern-test-ports"
        folder.mkdir(exist_ok=True)
        bases = list(range(10000, 30000, 1000))
        random.shuffle(bases)
        for base in bases:
            lock = open(folder / str(base), "w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            if all(cls._is_free(base + offset) for offset in [*SERVICES.values(), 1, 2, 53]):
                cls._held.append(lock)
                return base
            lock.close()
        raise RuntimeError("no free ports")

    @classmethod
    def release(cls):
        """At the end of a test, when all that it started has ended."""
        while cls._held:
            cls._held.pop().close()

    @staticmethod
    def _is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
            return True


def run(*arguments, stdin=None, check=True, timeout=60, **options):
    """Runs a command; gives its CompletedProcess with text output, and fails the test unless it exits 0."""
    done = subprocess.run([str(a) for a in arguments], input=stdin, capture_output=True, text=True, timeout=timeout, **options)
    assert not check or done.returncode == 0, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Gateway:
    """One instance made by `postern init`, in a temporary folder."""

    def __init__(self, domain=DOMAIN, extra="", edit=lambda text: text):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pt-"))
        self.base = Ports.take()
        self.directory = self.folder / "gw"
        run(POSTERN, "init", self.directory, "--domain", domain, "--base-port", str(self.base))
        self.config = self.directory / "postern.toml"
        self.config.write_text(edit(self.config.read_text()) + "\n" + extra)
        self.process = None
        self.log = self.folder / "log"
        self._tls = ssl.create_default_context(cafile=str(self.certificate))

    @property
    def certificate(self):
        return self.directory / "tls/cert.pem"

    def port(self, service):
        return self.base + SERVICES[service]

    def launch(self, *launcher):
        """`launcher` is a command that runs what follows it."""
        self._stderr = open(self.log, "ab")
        self.process = subprocess.Popen([*launcher, POSTERN, "serve", "--config", str(self.config)], stderr=self._stderr, stdout=self._stderr)

    def start(self, *launcher):
        offset = self.log.stat().st_size if self.log.exists() else 0
        self.launch(*launcher)

        def is_ready():
            assert self.process.poll() is None, f"serve ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}"
            return any(event.get("event") == "ready" for event in self.events(offset))
        wait_for(is_ready, "the log event `ready`", 60)
        return self

    def check_sanitizers(self):
        """A build with sanitizers must have had nothing to report."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        found = re.search(r"ERROR: (Address|Leak|UndefinedBehavior)Sanitizer|runtime error:", text)
        assert not found, text[max(0, found.start() - 500):found.start() + 8000]

    def events(self, offset=0):
        """The JSON log lines so far."""
        with open(self.log, "rb") as file:
            file.seek(offset)
            lines = file.read().split(b"\n")
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    found.append(event)
        return found

    def stop(self):
        """SIGTERM; the gateway must exit 0, and its sanitizers, if it has them, have found nothing."""
        if self.process is None or self.process.poll() is not None:
            return self.check_sanitizers()
        self.process.terminate()
        code = self.process.wait(40)
        self._stderr.close()
        self.check_sanitizers()
        assert code == 0, f"exit {code} after SIGTERM:\n{self.log.read_text()[-4000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._stderr.close()

    def redis_pid(self):
        """The pid of the managed redis-server of this instance, or None."""
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if (entry / "comm").read_text().strip() != "redis-server":
                    continue
                if os.path.realpath(entry / "cwd").startswith(str(self.folder)) or str(self.folder) in (entry / "cmdline").read_text():
                    return int(entry.name)
        return None

    def kill_redis(self):
        pid = self.redis_pid()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def cli(self, *arguments, **options):
        return run(POSTERN, *arguments, "--config", self.config, **options)

    def json(self, *arguments):
        return json.loads(self.cli(*arguments, "--json").stdout)

    def ask(self, path):
        """What the control socket answers to GET `path`, from JSON."""
        connection = http.client.HTTPConnection("localhost", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(str(self.directory / "data/control.sock"))
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            return json.loads(body)

    def timeline(self, queue_id):
        return self.ask(f"/v1/messages/{queue_id}")

    def account(self, name, password=PASSWORD, *options):
        address = name if "@" in name else f"{name}@{DOMAIN}"
        self.cli("account", "add", address, "--password-stdin", *options, stdin=password + "\n")
        return address

    def smtp(self, login=None, password=PASSWORD, service="submissions"):
        if service == "submissions":
            client = smtplib.SMTP_SSL("localhost", self.port(service), timeout=30, context=self._tls)
        else:
            client = smtplib.SMTP("localhost", self.port(service), timeout=30)
            if service == "submission":
                client.starttls(context=self._tls)
        if login:
            client.login(login, password)
        return client

    def imap(self, login, password=PASSWORD):
        client = imaplib.IMAP4_SSL("localhost", self.port("imaps"), ssl_context=self._tls)
        client.login(login, password)
        return client

    def pop3(self, login, password=PASSWORD):
        client = poplib.POP3_SSL("localhost", self.port("pop3s"), context=self._tls, timeout=30)
        client.user(login)
        client.pass_(password)
        return client

    def send(self, sender, recipients, text="Subject: hello\r\n\r\nHello.\r\n", login=None):
        """Submits as `sender`; gives the id in the 250."""
        if not text.startswith("From:"):
            text = f"From: <{sender}>\r\n{text}"
        with self.smtp(login or sender) as client:
            client.mail(sender)
            for recipient in [recipients] if isinstance(recipients, str) else recipients:
                code, words = client.rcpt(recipient)
                assert code == 250, words
            code, words = client.data(text.encode())
            assert code == 250, words
            return re.search(rb"Queued as (\S+)", words).group(1).decode()

    def messages(self, login, folder="INBOX"):
        """Every message of a folder, as bytes."""
        client = self.imap(login)
        try:
            status, _ = client.select(folder, readonly=True)
            if status != "OK":
                return []
            _, found = client.search(None, "ALL")
            return [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in found[0].split()]
        finally:
            client.logout()

    def close(self):
        try:
            self.stop()
        finally:
            if self.process and self.process.poll() is None:
                self.kill()
            if "POSTERN_KEEP" not in os.environ:
                shutil.rmtree(self.folder, ignore_errors=True)


class Dns:
    """unbound on loopback that answers from the given records only, for every name below `example`."""

    def __init__(self, port, records):
        self.folder = tempfile.mkdtemp(prefix="pt-dns-")
        data = "\n".join(f"  local-data: '{record}'" for record in records)
        path = pathlib.Path(self.folder) / "unbound.conf"
        path.write_text(f"""server:
  interface: 127.0.0.1@{port}
  port: {port}
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  module-config: "iterator"
  local-zone: "." static
{data}
remote-control:
  control-enable: no
""")
        self.process = subprocess.Popen(["/usr/sbin/unbound", "-d", "-c", str(path)], stderr=subprocess.DEVNULL)
        wait_for(lambda: self._answers(port), "unbound", 20)

    @staticmethod
    def _answers(port):
        query = bytes.fromhex("000101000001000000000000") + b"\x04none\x07example\x00" + bytes.fromhex("00010001")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            client.sendto(query, ("127.0.0.1", port))
            with contextlib.suppress(OSError):
                return client.recv(512)
        return None

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Receiver:
    """An SMTP server whose answers a test decides: `answer(verb, argument, session)` gives a reply, None for the usual one, or
    CLOSE; at the dot also TAKE_AND_CLOSE, which keeps the message and says nothing."""
    TAKE_AND_CLOSE = "TAKE AND CLOSE"

    def __init__(self, host, port, answer=lambda verb, argument, session: None, extensions=("PIPELINING", "8BITMIME", "SIZE 0")):
        self.messages, self.connections, self.lock = [], 0, threading.Lock()
        receiver = self

        class Session(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                with receiver.lock:
                    receiver.connections += 1
                with contextlib.suppress(OSError):
                    self.converse()

            def converse(self):
                greeting = answer("CONNECT", "", self) or "220 receiver.example ESMTP"
                if greeting == "CLOSE":
                    return
                self.say(greeting)
                self.sender, self.recipients = None, []
                while line := self.rfile.readline():
                    verb, _, argument = line.decode("latin-1").strip().partition(" ")
                    verb = verb.upper()
                    reply = answer(verb, argument, self)
                    if reply == "CLOSE":
                        return
                    if reply:
                        self.say(reply)
                    elif verb == "EHLO":
                        self.wfile.write("".join(f"250-{e}\r\n" for e in ["receiver.example", *extensions]).encode() + b"250 ENHANCEDSTATUSCODES\r\n")
                    elif verb == "MAIL":
                        self.sender, self.recipients = argument, []
                        self.say("250 2.1.0 OK")
                    elif verb == "RCPT":
                        self.recipients.append(re.search("<(.*)>", argument).group(1))
                        self.say("250 2.1.5 OK")
                    elif verb == "DATA" and not self.recipients:
                        self.say("554 5.5.1 No valid recipients")
                    elif verb == "DATA":
                        self.take_data()
                    elif verb == "QUIT":
                        return self.say("221 2.0.0 Bye")
                    else:
                        self.say("250 2.0.0 OK")

            def take_data(self):
                self.say("354 Go ahead")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                if line == b"":
                    return
                reply = answer(".", "", self)
                if reply == "CLOSE":
                    raise OSError
                if not reply or reply.startswith("2") or reply == Receiver.TAKE_AND_CLOSE:
                    with receiver.lock:
                        receiver.messages.append((self.sender, list(self.recipients), b"".join(lines)))
                if reply == Receiver.TAKE_AND_CLOSE:
                    raise OSError
                self.say(reply or "250 2.0.0 Taken")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, request_queue_size = True, True, 128

        self.server = Server((host, port), Session)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self):
        with self.lock:
            return [data for _, _, data in self.messages]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def delivery_settings(text, port, dns=None, retry='{ first = "1s", factor = 2, max = "4s", jitter = 0.1 }', **queue):
    """The configuration `text` with remote delivery to `port` and look-ups at `dns` (a loopback port)."""
    text = set_section(text, "delivery", {"port": port, **({"dns": [f"127.0.0.1:{dns}"]} if dns else {})})
    return set_section(text, "queue", {"retry": Raw(retry), **queue})


class Raw(str):
    """TOML text as it stands."""


def set_section(text, section, values):
    """Replaces or adds keys in [section] of a TOML text."""
    def toml(value):
        return value if isinstance(value, Raw) else json.dumps(value)
    head, found, rest = text.partition(f"\n[{section}]\n")
    body, gap, tail = rest.partition("\n[") if found else ("", "", "")
    for key in values:
        body = re.sub(rf"(?m)^\s*{key}\s*=.*$\n?", "", body)
    lines = "".join(f"{key} = {toml(value)}\n" for key, value in values.items())
    return f"{head}\n[{section}]\n{lines}{body}{gap}{tail}"
