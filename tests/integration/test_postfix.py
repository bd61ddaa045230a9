"""A real Postfix takes our mail over TLS."""
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile

from harness import wait_for
from test_delivery import ANN, MX_ONE, World


def test_postfix_takes_a_message_over_tls(make):
    world = World(make, MX_ONE)
    postfix = make(Postfix, "127.0.0.2", world.port, world.gateway.directory / "tls")
    identifier = world.gateway.send(ANN, "bob@far.example", "Subject: tls\r\n\r\nSecret.\r\n")
    message = wait_for(postfix.delivered, "the message in postfix's hands", 30)
    assert b"Secret." in message and re.search(rb"using TLSv1.[23]", message), message
    assert identifier.encode() in message


class Postfix:
    """A private Postfix that delivers every recipient of far.example into one folder."""

    def __init__(self, host, port, tls):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pt-postfix-"))
        self.root.chmod(0o755)
        self.box, self.log = self.root / "box", self.root / "log"
        etc, spool, data = self.root / "etc", self.root / "spool", self.root / "data"
        for folder in (etc, spool, data, self.box):
            folder.mkdir()
        shutil.chown(data, "postfix")
        shutil.chown(self.box, "nobody")
        nobody = pwd.getpwnam("nobody")
        # Not `inet_interfaces = 127.0.0.2`: Postfix wants addresses that an interface bears, and loopback bears
        # 127.0.0.1 only. The address to listen on stands in master.cf.
        (etc / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {spool}
data_directory = {data}
maillog_file = {self.log}
maillog_file_prefixes = {self.root}
myhostname = receiver.example
mydestination =
inet_interfaces = all
inet_protocols = ipv4
virtual_mailbox_domains = far.example
virtual_mailbox_base = {self.box}
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
mynetworks =
smtpd_tls_cert_file = {tls}/cert.pem
smtpd_tls_key_file = {tls}/key.pem
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
""")
        (etc / "master.cf").write_text(f"""{host}:{port} inet n - n - - smtpd
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
        code = self.command("start")
        assert code == 0, f"postfix start: exit {code}\n{self.words()}"

    def command(self, word):
        """Its daemons keep the descriptors that they inherit, so they get none of ours."""
        return subprocess.run(["/usr/sbin/postfix", *self.configuration, word], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode

    def words(self):
        return self.log.read_text() if self.log.exists() else ""

    def delivered(self):
        files = list(self.box.glob("all/new/*"))
        return files[0].read_bytes() if files else None

    def close(self):
        self.command("stop")
        shutil.rmtree(self.root, ignore_errors=True)
