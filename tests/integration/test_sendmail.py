"""Programs on this host hand in mail as they would with Postfix's sendmail(1)."""
import os
import pwd
import re

import pytest
from harness import DOMAIN, POSTERN, Gateway, run, wait_for

ANN, BOB, HOST = f"ann@{DOMAIN}", f"bob@{DOMAIN}", f"mail.{DOMAIN}"
USER = "nobody"

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="a /run/postern of its own needs root")


@pytest.fixture
def house(make):
    """A gateway with a /run/postern of its own."""
    gateway = make(Gateway)
    gateway.account("ann")
    gateway.account("bob")
    for user in ("root", USER):
        gateway.cli("alias", "add", f"{user}@{HOST}", BOB)
    gateway.sendmail = gateway.folder / "sendmail"
    gateway.sendmail.symlink_to(POSTERN)
    for folder in (gateway.folder, gateway.directory):
        folder.chmod(0o755)
    return gateway.start("unshare", "-m", "sh", "-c", 'mkdir -p /run/postern && mount -t tmpfs none /run/postern && exec "$@"', "sh")


def sendmail(gateway, *arguments, text="Subject: x\n\nx\n", user="root"):
    """Gives the exit status and what was said."""
    known = pwd.getpwnam(user)
    done = run("nsenter", "-m", f"--target={gateway.process.pid}", "setpriv", f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}", "--clear-groups",
               gateway.sendmail, *arguments, stdin=text, check=False, env={**os.environ, "POSTERN_CONFIG": str(gateway.config)})
    return done.returncode, done.stderr


def messages(gateway, login, count):
    return wait_for(lambda: found if len(found := gateway.messages(login)) == count else None, f"{count} messages of {login}")


def field(message, name):
    return re.search(rb"(?mi)^" + name.encode() + rb": (.*)\r$", message).group(1).decode()


def test_addresses_without_a_domain_are_at_the_gateways_hostname(house):
    assert sendmail(house, "-i", "root", text="From: root (Cron Daemon)\nTo: root\nSubject: Cron\n\nx\n") == (0, "")
    assert sendmail(house, "-F", "The Boss", f"<{ANN}>") == (0, "")
    cron, = messages(house, BOB, 1)
    assert field(cron, "Return-Path") == f"<root@{HOST}>"
    assert field(cron, "From") == f"Cron Daemon <root@{HOST}>" and field(cron, "To") == f"root@{HOST}"
    note, = messages(house, ANN, 1)
    assert field(note, "From") == f"The Boss <root@{HOST}>"


def test_an_unknown_recipient_bounces_and_keeps_no_other_waiting(house):
    assert sendmail(house, "-f", BOB, f"{ANN},nobody-here@{DOMAIN}") == (0, "")
    messages(house, ANN, 1)
    report, = messages(house, BOB, 1)
    assert field(report, "Final-Recipient") == f"rfc822;nobody-here@{DOMAIN}" and field(report, "Status") == "5.1.1"
    status, said = sendmail(house, f"nobody-here@{DOMAIN}", f"nor-here@{DOMAIN}")
    assert status == os.EX_NOUSER and f"nobody-here@{DOMAIN}" in said


def test_a_plain_user_sends_as_itself_whatever_it_claims(house):
    own = f"{USER}@{HOST}"
    assert sendmail(house, "-f", ANN, ANN, user=USER) == (0, "")
    assert field(messages(house, ANN, 1)[0], "From") == own
    assert sendmail(house, "-f", "<>", BOB, text=f"From: {USER}\n\nx\n", user=USER) == (0, "")
    note, = messages(house, BOB, 1)
    assert field(note, "Return-Path") == "<>" and field(note, "From") == own
    status, said = sendmail(house, ANN, text=f"From: {BOB}\n\nx\n", user=USER)
    assert status == os.EX_UNAVAILABLE and "not yours" in said


def test_a_null_sender_leaves_a_from_that_can_be_answered(house):
    assert sendmail(house, "-f", "<>", ANN) == (0, "")
    note, = messages(house, ANN, 1)
    assert field(note, "Return-Path") == "<>" and field(note, "From") == f"root@{HOST}"


def test_recipients_of_the_header_are_those_to_whom_it_is_sent_again(house):
    text = f"From ann Thu Jan  1 00:00:00 2026\nResent-To: {BOB}\nResent-Bcc: ann\nTo: {ANN}\nBcc: secret@x.example\nSubject: again\n\nx\n"
    house.cli("alias", "add", f"ann@{HOST}", ANN)
    assert sendmail(house, "-t", "-i", text=text) == (0, "")
    for note in (*messages(house, ANN, 1), *messages(house, BOB, 1)):
        assert field(note, "Subject") == "again" and b"cc:" not in note and b"Thu Jan  1" not in note
