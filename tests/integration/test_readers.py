"""Real programs read a mailbox: imaplib, poplib, curl, mbsync on two devices, fetchmail, mutt."""
import poplib
import re

import pytest
from harness import DOMAIN, PASSWORD, run

ANN = f"ann@{DOMAIN}"


def fill(gateway, count, folder="INBOX"):
    client = gateway.imap(ANN)
    for number in range(count):
        text = f"From: a@{DOMAIN}\r\nTo: {ANN}\r\nSubject: number {number}\r\nMessage-ID: <{number}@fill>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nBody {number}\r\n"
        assert client.append(folder, None, None, text.encode())[0] == "OK"
    client.logout()


def pop(gateway):
    client = poplib.POP3_SSL("localhost", gateway.port("pop3s"), context=gateway._tls)
    client.user(ANN)
    client.pass_(PASSWORD)
    return client


def test_imaplib_sees_every_command_answered(gateway):
    fill(gateway, 3)
    client = gateway.imap(ANN)
    assert client.select("INBOX") == ("OK", [b"3"])
    assert client.search(None, "SUBJECT", '"number 1"')[1] == [b"2"]
    assert client.store("1", "+FLAGS", r"(\Seen \Flagged)")[0] == "OK"
    assert client.create("Work/2026")[0] == "OK"
    assert client.copy("1:2", "Work/2026")[0] == "OK"
    assert client.status("Work/2026", "(MESSAGES UNSEEN UIDNEXT)")[1][0].endswith(b"(MESSAGES 2 UNSEEN 1 UIDNEXT 3)")
    assert client.rename("Work/2026", "Work/done")[0] == "OK"
    listed = b" ".join(client.list()[1])
    for name in (b"INBOX", b"Drafts", b"Sent", b"Junk", b"Trash", b"Archive", b"Work/done"):
        assert name in listed
    status, parts = client.fetch("1", "(UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[TEXT]<0.4>)")
    assert status == "OK" and b"number 0" in b"".join(p if isinstance(p, bytes) else b"".join(p) for p in parts)
    assert client.store("2", "+FLAGS", r"\Deleted")[0] == "OK"
    assert client.expunge() == ("OK", [b"2"])
    client.logout()


def test_a_watcher_in_idle_learns_of_a_new_message_at_once(gateway):
    watcher = gateway.imap(ANN)
    watcher.select("INBOX")
    watcher.send(b"i IDLE\r\n")
    assert watcher.readline().startswith(b"+ ")
    fill(gateway, 1)
    watcher.sock.settimeout(10)
    lines = [watcher.readline()]
    assert lines[0].strip() == b"* 1 EXISTS", lines
    watcher.send(b"DONE\r\n")


def test_poplib_lists_and_deletes_at_quit_only(gateway):
    fill(gateway, 3)
    client = pop(gateway)
    assert client.stat()[0] == 3
    identifiers = client.uidl()[1]
    client.dele(1)
    client.close()
    client = pop(gateway)
    assert client.uidl()[1] == identifiers
    assert b"Subject: number 0" in client.top(1, 0)[1]
    client.dele(1)
    client.quit()
    client = pop(gateway)
    assert client.stat()[0] == 2
    client.quit()


def test_curl_reads_over_imap_and_pop3(gateway):
    fill(gateway, 1)
    options = ["-sS", "--cacert", gateway.certificate, "-u", f"{ANN}:{PASSWORD}"]
    assert "Body 0" in run("curl", *options, f"imaps://localhost:{gateway.port('imaps')}/INBOX;MAILINDEX=1").stdout
    assert "Body 0" in run("curl", *options, "--ssl-reqd", f"imap://localhost:{gateway.port('imap')}/INBOX;MAILINDEX=1").stdout
    assert "Body 0" in run("curl", *options, f"pop3s://localhost:{gateway.port('pop3s')}/1").stdout
    assert "Body 0" in run("curl", *options, "--ssl-reqd", f"pop3://localhost:{gateway.port('pop3')}/1").stdout


class Device:
    """A Maildir that mbsync keeps in step with the account."""

    def __init__(self, gateway, name):
        self.root = gateway.folder / name
        self.root.mkdir()
        self.rc = self.root / "rc"
        self.rc.write_text(f"""IMAPStore far
Host localhost
Port {gateway.port('imaps')}
SSLType IMAPS
CertificateFile {gateway.certificate}
User {ANN}
Pass "{PASSWORD}"

MaildirStore near
Path {self.root}/mail/
Inbox {self.root}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")
        (self.root / "mail").mkdir()

    def sync(self):
        return run("mbsync", "-c", self.rc, "-a", "-V")

    def messages(self, folder="INBOX"):
        return sorted(p for part in ("cur", "new") for p in (self.root / "mail" / folder / part).glob("*"))


def test_mbsync_keeps_two_devices_in_step(gateway):
    fill(gateway, 200)
    phone, laptop = Device(gateway, "phone"), Device(gateway, "laptop")
    phone.sync()
    laptop.sync()
    assert len(phone.messages()) == len(laptop.messages()) == 200

    seen = phone.messages()[0]
    subject = re.search(rb"Subject: (.*)", seen.read_bytes()).group(1)
    if seen.parent.name == "new":
        seen = seen.rename(seen.parent.parent / "cur" / seen.name.split(":")[0]).with_name(seen.name)
        seen = next(p for p in phone.messages() if subject in p.read_bytes())
    seen.rename(seen.with_name(seen.name.split(":2,")[0] + ":2,FS"))
    phone.messages()[-1].unlink()
    new = phone.root / "mail/Projects"
    for part in ("cur", "new", "tmp"):
        (new / part).mkdir(parents=True)
    (new / "new" / "1.x.y").write_text("From: x@y.example\nSubject: filed\n\nz\n")
    phone.sync()
    laptop.sync()
    flagged = [p for p in laptop.messages() if p.name.endswith("FS")]
    assert len(flagged) == 1 and subject in flagged[0].read_bytes()
    assert len(laptop.messages()) == 199
    assert len(laptop.messages("Projects")) == 1

    before = {p: p.stat().st_mtime_ns for p in laptop.messages()}
    state = gateway.imap(ANN).status("INBOX", "(MESSAGES UIDNEXT UNSEEN)")
    phone.sync()
    laptop.sync()
    assert before == {p: p.stat().st_mtime_ns for p in laptop.messages()}
    assert state == gateway.imap(ANN).status("INBOX", "(MESSAGES UIDNEXT UNSEEN)")


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_fetchmail_keeps_and_then_deletes(gateway, protocol):
    fill(gateway, 5)
    rc = gateway.folder / "fetchmailrc"
    taken = gateway.folder / "taken"
    rc.write_text(f'poll localhost protocol {protocol} port {gateway.port(protocol + "s")}\n'
                  f'  user "{ANN}" password "{PASSWORD}" ssl sslcertck sslcertfile "{gateway.certificate}"\n  mda "cat >> {taken}"\n')
    rc.chmod(0o700)
    options = ["fetchmail", "-f", rc, "--pidfile", gateway.folder / "pid", "-i", gateway.folder / "ids"]
    run(*options, "--keep", "--all")
    assert taken.read_text().count("Subject: number") == 5 and len(gateway.messages(ANN)) == 5
    run(*options, "--nokeep", "--all")
    assert taken.read_text().count("Subject: number") == 10 and gateway.messages(ANN) == []


def test_mutt_reads_and_answers_a_folder(gateway):
    fill(gateway, 2)
    rc = gateway.folder / "muttrc"
    copy = gateway.folder / "copy"
    rc.write_text(f'set ssl_starttls=yes\nset certificate_file="{gateway.certificate}"\nset ssl_usesystemcerts=no\nset ssl_ca_certificates_file="{gateway.certificate}"\n'
                  f'set imap_user="{ANN}"\nset imap_pass="{PASSWORD}"\nset folder="imaps://localhost:{gateway.port("imaps")}/"\n'
                  f'set spoolfile="imaps://localhost:{gateway.port("imaps")}/INBOX"\nset quit=yes\nset mbox_type=mbox\nset confirmappend=no\nset confirmcreate=no\n')
    command = gateway.folder / "mutt.sh"  # mutt wants a terminal: `script` gives it one
    command.write_text(f"""exec mutt -F {rc} -e 'push "<tag-pattern>~A<enter><tag-prefix><copy-message>{copy}<enter><quit>"'\n""")
    run("script", "-qc", f"sh {command}", "/dev/null",
        env={"TERM": "xterm", "HOME": str(gateway.folder), "PATH": "/usr/bin:/bin"}, timeout=40)
    assert copy.read_text().count("Subject: number") == 2
