"""Rounds of sudden ends under load, and what must hold after each of them: shared by test_crash.py and tests/crash."""
import collections
import contextlib
import imaplib
import random
import re
import shutil
import smtplib
import sqlite3
import tempfile
import threading
import time

from harness import DOMAIN, Dns, Gateway, Ports, Receiver, delivery_settings, run, wait_for

SENDER = f"ann@{DOMAIN}"
FOLDERS = ("INBOX", "Kept")
SUBJECT = re.compile(rb"(?m)^Subject: (\S+)")
BROKEN = (OSError, smtplib.SMTPException, imaplib.IMAP4.error)  # what a client sees when its server ends


class Sink:
    """Takes mail. While `rough`, it greylists first tries and drops connections at any step, also after having taken a message."""

    def __init__(self, host, port, rough):
        self.rough, self.known, self.dropped_after_taking = rough, set(), 0
        self.receiver = Receiver(host, port, self.answer)
        self.close = self.receiver.close

    def answer(self, verb, argument, session):
        if not self.rough:
            return None
        if verb == "RCPT" and argument not in self.known and random.random() < 0.1:
            self.known.add(argument)
            return "450 4.7.1 Greylisted"
        if verb == "." and random.random() < 0.02:
            self.dropped_after_taking += 1
            return Receiver.TAKE_AND_CLOSE
        return "CLOSE" if random.random() < 0.005 else None

    def copies(self):
        """Subject → queue id of each copy taken."""
        taken = collections.defaultdict(list)
        for text in self.receiver.bodies():
            taken[SUBJECT.search(text).group(1).decode()].append(re.search(rb"\bid (\w+)", text).group(1).decode())
        return taken


class Client(threading.Thread):
    """Works until `over`; connects again whenever its server has ended. What else goes wrong ends it, and `finish` says so."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over, self.failure = threading.Event(), None

    def run(self):
        try:
            while not self.over.is_set():
                try:
                    self.converse()
                except BROKEN:
                    self.over.wait(0.05)
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def finish(self):
        self.over.set()
        self.join(90)
        assert not self.is_alive(), f"{self} hangs"
        if self.failure:
            raise self.failure


class Submitter(Client):
    """Submits without pause, to one remote and one local recipient, and notes what got its 250."""

    def __init__(self, gateway, number, readers):
        super().__init__()
        self.gateway, self.number, self.readers = gateway, number, readers
        self.sent, self.acknowledged = 0, {}  # subject → local recipient

    def converse(self):
        with self.gateway.smtp(SENDER) as client:
            while not self.over.is_set():
                self.sent += 1
                key, local = f"{self.number}-{self.sent}", random.choice(self.readers)
                filling = ("x" * 70 + "\r\n") * random.choice([1] * 10 + [70] * 9 + [4500])  # the last lies in the spool
                client.sendmail(SENDER, [f"to-{key}@far.example", local], f"From: {SENDER}\r\nSubject: {key}\r\n\r\n{filling}")
                self.acknowledged[key] = local


class Reader(Client):
    """One device of one account: appends, flags, moves and expunges messages of its own, and knows where each must be."""

    def __init__(self, gateway, login):
        super().__init__()
        self.gateway, self.login, self.appended = gateway, login, 0
        self.places = {}      # subject → folders that it may be in; None: in none
        self.flagged = set()  # subjects whose \Flagged was acknowledged
        self.uids = {}        # (folder, UIDVALIDITY, UID) → subject

    def saw(self, folder, validity, uid, key):
        known = self.uids.setdefault((folder, int(validity), int(uid)), key)
        assert known == key, f"{self.login} {folder}: UID {uid} was of {known} and is now of {key}"

    def converse(self):
        client = self.gateway.imap(self.login)
        try:
            self.look(client)
            client.select("INBOX")
            while not self.over.is_set():
                self.work(client)
        finally:
            with contextlib.suppress(*BROKEN):
                client.logout()

    def expect(self, answer):
        """A refusal (Redis away matters not to IMAP; shutdown does) counts as a broken connection: the outcome is open."""
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(str(answer))
        return answer[1]

    def work(self, client):
        self.appended += 1
        key = f"{self.login.split('@')[0]}-{self.appended}"
        self.places[key] = {None, "INBOX"}
        text = self.expect(client.append("INBOX", None, None, f"Subject: {key}\r\n\r\n{'y' * random.choice([10, 4000])}\r\n".encode()))
        validity, uid = re.search(rb"APPENDUID (\d+) (\d+)", text[0]).groups()
        self.places[key] = {"INBOX"}
        self.saw("INBOX", validity, uid, key)
        uid = uid.decode()
        if random.random() < 0.5:
            self.expect(client.uid("STORE", uid, "+FLAGS", r"(\Flagged)"))
            self.flagged.add(key)
        end = random.random()
        if end < 0.3:
            self.places[key] = {"INBOX", "Kept"}
            client.untagged_responses.pop("COPYUID", None)
            self.expect(client.uid("MOVE", uid, "Kept"))
            self.places[key] = {"Kept"}
            copied = client.response("COPYUID")[1]
            if copied and copied[0]:
                validity, _, target = copied[-1].split()
                self.saw("Kept", validity, target, key)
        elif end < 0.6:
            self.expect(client.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
            self.places[key] = {"INBOX", None}
            self.expect(client.uid("EXPUNGE", uid))
            self.places[key] = {None}

    def look(self, client):
        """Subject → [(folder, flags)] of all messages; notes every UID."""
        found = collections.defaultdict(list)
        for folder in FOLDERS:
            if client.select(folder, readonly=True)[0] != "OK":
                self.expect(client.create(folder))
                self.expect(client.select(folder, readonly=True))
            validity = client.response("UIDVALIDITY")[1][0]
            for item in self.expect(client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")):
                if isinstance(item, tuple):
                    key = SUBJECT.search(item[1]).group(1).decode()
                    self.saw(folder, validity, re.search(rb"UID (\d+)", item[0]).group(1), key)
                    found[key].append((folder, item[0]))
        return found

    def verify(self, acknowledged):
        """`acknowledged`: subjects whose submission to this account got a 250."""
        client = self.gateway.imap(self.login)
        found = self.look(client)
        client.logout()
        for key, allowed in self.places.items():
            folders = [folder for folder, _ in found[key]]
            assert len(folders) <= 1 and (folders[0] if folders else None) in allowed, f"{key} is in {folders}, must be in {allowed}"
            if key in self.flagged and folders:
                assert b"\\Flagged" in found[key][0][1], f"{key} has lost its flag"
        assert [key for key in acknowledged if not found[key]] == [], "lost on the way to the mailbox"
        # A message whose 250 was lost was sent again under a subject of its own: a local copy is exact.
        assert [key for key, places in found.items() if len(places) > 1] == [], "twice in the mailbox"


class Crash:
    """A gateway under load, with a sink and readers, and the rounds."""

    def __init__(self, make, clients, readers, rough, load=25):
        self.load = load  # at most so many acknowledgements between two ends
        base = Ports.take()
        make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
        self.sink = make(Sink, "127.0.0.2", base + 2, rough)
        self.gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 53))
        logins = [f"reader{n}@{DOMAIN}" for n in range(readers)]
        for login in [SENDER, *logins]:
            self.gateway.account(login)
        self.gateway.start()
        self.readers = [Reader(self.gateway, login) for login in logins]
        self.submitters = [Submitter(self.gateway, n, logins) for n in range(clients)]
        self.in_flight = 0  # deliveries that were leased when a gateway was killed
        for client in self.clients:
            client.start()

    @property
    def clients(self):
        return [*self.submitters, *self.readers]

    def count(self):
        for client in self.clients:
            assert not client.failure, repr(client.failure)
        return sum(len(submitter.acknowledged) for submitter in self.submitters)

    def round(self, victims):
        reached = self.count() + random.randrange(5, self.load)
        wait_for(lambda: self.count() >= reached, "load", 90)
        time.sleep(random.random() * 0.2)  # a random moment, not a wait for anything
        if victims in ("redis", "both"):
            self.gateway.kill_redis()
        if victims in ("gateway", "both"):
            self.gateway.kill()
        if victims == "SIGTERM":
            self.gateway.stop()
        if victims != "redis":
            self.check_databases()
            self.restart(after_stop=victims == "SIGTERM")

    def restart(self, after_stop):
        offset = self.gateway.log.stat().st_size
        self.gateway.start()
        taken = sum(int(event["deliveries"]) for event in self.gateway.events(offset) if event.get("event") == "leases_taken_over")
        assert not (after_stop and taken), f"SIGTERM left {taken} deliveries in flight"
        self.in_flight += taken

    def check_databases(self):
        """On copies, so that the gateway itself recovers what was cut off."""
        with tempfile.TemporaryDirectory(prefix="pt-") as folder:
            for file in [*self.gateway.directory.glob("data/mailboxes/*.db*"), *self.gateway.directory.glob("data/accounts.db*")]:
                shutil.copy(file, folder)
            for file in self.gateway.directory.glob("data/**/*.db"):
                with contextlib.closing(sqlite3.connect(f"{folder}/{file.name}")) as database:
                    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file

    def finish(self):
        """Ends the load, waits until all is delivered, and holds the outcome against what was acknowledged. Gives a summary."""
        for client in self.clients:
            client.over.set()
        for client in self.clients:
            client.finish()
        self.sink.rough = False
        self.drain()
        copies, acknowledged = self.sink.copies(), {}
        for submitter in self.submitters:
            acknowledged |= submitter.acknowledged
        assert acknowledged.keys() - copies.keys() == set(), "lost on the way out"
        for reader in self.readers:
            reader.verify({key for key, login in acknowledged.items() if login == reader.login})
        duplicates = self.check_duplicates(copies)
        self.check_leftovers()
        self.gateway.stop()
        self.check_databases()
        return (f"{len(acknowledged)} acknowledged, {sum(reader.appended for reader in self.readers)} appended, "
                f"{duplicates} duplicates of {self.in_flight} deliveries in flight at the kills "
                f"and {self.sink.dropped_after_taking} that the sink took without saying so")

    def drain(self):
        rows = []

        def is_empty():
            rows[:] = self.gateway.json("queue", "list")
            if rows:
                self.gateway.cli("queue", "retry", "--all", check=False)
                time.sleep(0.2)  # the tries need the processor more than the listing does
            return not rows
        try:
            wait_for(is_empty, "an empty queue", 180)
        except AssertionError as failure:
            left = [self.gateway.timeline(row["id"]) for row in rows[:3]]
            raise AssertionError(f"{failure}: {len(rows)} are left, such as {rows[:3]}, {left}; {self.gateway.json('status')}") from failure

    def check_duplicates(self, copies):
        """A copy too many is allowed for exactly one reason: the sink had taken the message, and the gateway was killed before it
        had stored that, or the sink closed before its reply. Either leaves the fact `uncertain` in the message's timeline, once for
        each delivery that was leased at the kill. So a message may come as often as it was uncertain, plus once. A kill of redis
        alone and a SIGTERM leave no such fact: they must not double anything."""
        duplicates = 0
        for key, ids in copies.items():
            if len(ids) == 1:
                continue
            assert len(set(ids)) == 1, f"{key} was stored as {set(ids)}"
            facts = [event["event"] for event in self.gateway.timeline(ids[0])["events"]]
            assert len(ids) - 1 <= facts.count("uncertain"), f"{key} came {len(ids)} times: {facts}"
            duplicates += len(ids) - 1
        assert duplicates <= self.in_flight + self.sink.dropped_after_taking
        return duplicates

    def check_leftovers(self):
        """Redis keeps history, and nothing else of a message that has left."""
        allowed = {"q:m", "q:e", "q:done", "q:owners", "q:gen", "q:clock", "q:counts", "q:epoch", "q:claimed"}
        socket = self.gateway.directory / "data/redis/redis.sock"

        def is_clean():
            keys = run("redis-cli", "-s", socket, "--scan", "--pattern", "q:*").stdout.split()
            kinds = {":".join(key.split(":")[:2]) for key in keys}
            return kinds <= allowed
        wait_for(is_clean, "what is kept for waiting mail to go")
        ready = run("redis-cli", "-s", socket, "HGET", "q:counts", "ready").stdout.strip()
        assert ready in ("", "0"), f"nothing is ready, but q:counts says {ready}"
