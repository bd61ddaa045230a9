"""Well-behaved clients of every service, who work beside an attacker and note how long each step took."""
import base64
import collections
import contextlib
import http.client
import threading
import time

from harness import DOMAIN, PASSWORD

PAUSE = 0.05  # between two steps of a client: a mail program, not a load generator
PATIENCE = 60  # of one step; then it counts as long as that


class Neighbours:
    """`with Neighbours(gateway) as neighbours:` … `neighbours.worst()`. The accounts `good` and `reader` are made by prepare()."""
    GOOD, READER = f"good@{DOMAIN}", f"reader@{DOMAIN}"

    @classmethod
    def prepare(cls, gateway):
        for address in (cls.GOOD, cls.READER):
            gateway.account(address)

    def __init__(self, gateway):
        self.gateway = gateway
        self.took = collections.defaultdict(list)
        self.failures = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._keep_on, args=(client,), daemon=True)
                         for client in (self._submit, self._receive, self._read, self._fetch_mail, self._ask, self._log_in)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE + 10)

    def share(self, kind, part):
        """The time that `part` of all steps of a kind kept under; `part` 0.99 of a hundred is the second worst."""
        took = sorted(self.took[kind])
        return took[min(len(took) - 1, int(len(took) * part))] if took else PATIENCE

    def worst(self):
        return {kind: self.share(kind, 1) for kind in sorted(self.took)}

    def _keep_on(self, client):
        """`client` yields after each step; it is begun anew when it breaks off."""
        while not self._stop.is_set():
            try:
                for _ in client():
                    if self._stop.wait(PAUSE):
                        return
            except Exception as error:  # noqa: BLE001 whatever breaks a client off is what we are here to count
                self.failures.append(f"{client.__name__}: {error!r}")
                if self._stop.wait(PAUSE):
                    return

    @contextlib.contextmanager
    def _timed(self, kind):
        began = time.monotonic()
        try:
            yield
        except Exception:
            self.took[kind].append(PATIENCE)
            raise
        self.took[kind].append(time.monotonic() - began)

    def _submit(self):
        """One session that sends mail after mail to a mailbox here."""
        with self.gateway.smtp(self.GOOD, service="submission") as client:
            while True:
                with self._timed("submit"):
                    client.sendmail(self.GOOD, [self.READER], f"From: {self.GOOD}\r\nSubject: good\r\n\r\nHello.\r\n")
                yield

    def _receive(self):
        """A server of the world that brings mail, a connection each."""
        while True:
            with self._timed("port 25"), self.gateway.smtp(service="smtp") as client:
                client.sendmail("friend@elsewhere.example", [self.READER], "From: friend@elsewhere.example\r\nSubject: world\r\n\r\nHello.\r\n")
            yield

    def _read(self):
        """A mail program that stays connected."""
        client = self.gateway.imap(self.READER)
        client.sock.settimeout(PATIENCE)
        client.select("INBOX")
        while True:
            with self._timed("imap"):
                client.noop()
                _, found = client.status("INBOX", "(MESSAGES UNSEEN)")
                assert found
            yield

    def _fetch_mail(self):
        """A program that fetches by POP3 now and then."""
        while True:
            with self._timed("pop3 login"):
                client = self.gateway.pop3(self.GOOD)
            with self._timed("pop3"):
                client.stat()
            client.quit()
            yield

    def _log_in(self):
        """A device that connects and logs in again and again."""
        while True:
            with self._timed("login"):
                client = self.gateway.imap(self.GOOD)
            client.logout()
            yield

    def _ask(self):
        """An application on one kept connection."""
        connection = http.client.HTTPConnection("localhost", self.gateway.port("http"), timeout=PATIENCE)
        credentials = base64.b64encode(f"{self.GOOD}:{PASSWORD}".encode()).decode()
        with contextlib.closing(connection):
            while True:
                with self._timed("http"):
                    connection.request("GET", "/v1/status", headers={"Authorization": f"Basic {credentials}"})
                    answer = connection.getresponse()
                    answer.read()
                    assert answer.status == 200, answer.status
                yield
