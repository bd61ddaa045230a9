"""A real Postfix takes our mail over TLS."""
import pathlib
import re
import shutil
import tempfile

from harness import run, wait_for
from test_delivery import ANN, MX_ONE, World


def test_postfix_takes_a_message_over_tls(make):
    world = World(make, MX_ONE)
    postfix = make(Postfix, "127.0.0.2", world.port, world.gateway)
    identifier = world.gateway.send(ANN, "bob@far.example", "Subject: tls\r\n\r\nSecret.\r\n")
    message = wait_for(postfix.delivered, "the message in postfix's hands", 30)
    assert b"Secret." in message and re.search(rb"using TLSv1.[23]", message), message
    assert identifier.encode() in message


class Postfix:
    """A private Postfix that delivers every recipient of far.example into one file."""

    def __init__(self, host, port, gateway):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pt-postfix-"))
        self.root.chmod(0o755)
        self.box = self.root / "box"
        etc, spool, data = self.root / "etc", self.root / "spool", self.root / "data"
        for folder in (etc, spool, data, self.box):
            folder.mkdir()
        shutil.chown(data, "postfix")
        shutil.chown(self.box, "nobody")
        (etc / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {spool}
data_directory = {data}
maillog_file = /dev/null
maillog_file_prefixes = /dev
myhostname = receiver.example
mydestination =
inet_interfaces = {host}
virtual_mailbox_domains = far.example
virtual_mailbox_base = {self.box}
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{shutil._get_uid("nobody")}
virtual_gid_maps = static:{shutil._get_gid("nogroup")}
mynetworks =
smtpd_tls_cert_file = {gateway.directory}/tls/cert.pem
smtpd_tls_key_file = {gateway.directory}/tls/key.pem
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
""")
        (etc / "master.cf").write_text(f"""{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
""")
        self.configuration = ["-c", str(etc)]
        run("postfix", *self.configuration, "start", check=False)

    def delivered(self):
        files = list(self.box.glob("all/new/*"))
        return files[0].read_bytes() if files else None

    def close(self):
        run("postfix", *self.configuration, "stop", check=False)
        shutil.rmtree(self.root, ignore_errors=True)
