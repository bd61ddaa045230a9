"""The two mail stores that tests/bench/mailbox compares, both on the same file system, both durable."""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from harness import Gateway, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
BOXES = 99
USERS = [f"user{n:02}@office.example" for n in range(1, BOXES + 1)]


def processes_under(pid):
    """pid and all that descend from it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, []))
    return found


class Measured:
    """CPU and memory of a server, over all its processes."""
    pid = None
    rest = 0.45  # seconds without work after which nothing more will come

    def cpu(self):
        """Seconds that its processes have taken so far, those that have ended with them."""
        ticks = 0
        for pid in processes_under(self.pid):
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def pss(self):
        """KiB."""
        total = 0
        for pid in processes_under(self.pid):
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
        return total

    def settle(self):
        """Waits until it has nothing left to do: what it put off is not measured with what comes next."""
        step, quiet = 0.15, 0
        last = self.cpu()
        deadline = time.monotonic() + 120
        while quiet < self.rest and time.monotonic() < deadline:
            time.sleep(step)
            now = self.cpu()
            quiet = quiet + step if now - last < 0.02 else 0
            last = now


class Postern(Measured):
    name = "postern"
    rest = 2.6  # its search index waits until an account has been left alone for two seconds

    def __init__(self, folder):
        tempfile.tempdir = str(folder)
        self.gateway = Gateway(edit=self._edit)
        for user in USERS:
            self.gateway.account(user, PASSWORD)
        self.gateway.start()
        self.pid = self.gateway.process.pid
        self.certificate = self.gateway.directory / "tls"
        self.ports = {name: self.gateway.port(name) for name in ("imap", "imaps", "pop3")}
        self.ports["lmtp"] = self.gateway.base + 24

    @staticmethod
    def _edit(text):
        text = re.sub(r'(service = "(?:imap|pop3)"\n)', r'\1tls = "optional"\n', text)
        base = int(re.search(r"127\.0\.0\.1:(\d+)", text).group(1)) - 25
        text = text.replace("[limits]\n", "[limits]\nconnections = 20000\nconnections_per_ip = 20000\n")
        return text + f'\n[[listener]]\nservice = "lmtp"\naddress = ["127.0.0.1:{base + 24}"]\n'

    def forget_what_was_computed(self, user):
        pass  # nothing is computed at FETCH

    def stop(self):
        self.gateway.stop()


DOVECOT = """
protocols = imap pop3 lmtp
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
ssl = yes
ssl_cert = <{tls}/cert.pem
ssl_key = <{tls}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = 16 M
auth_cache_ttl = 1 hour
mail_location = maildir:{folder}/mail/%n
mail_uid = {uid}
mail_gid = {uid}
first_valid_uid = 1
mail_fsync = optimized
maildir_very_dirty_syncs = yes
mail_max_userip_connections = 20000
login_trusted_networks =
lmtp_save_to_detail_mailbox = no
default_process_limit = 2000
default_client_limit = 20000
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={folder}/mail/%n
}}
service anvil {{
  client_limit = 19000
}}
service auth {{
  client_limit = 19000
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 12000
  vsz_limit = 2 G
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 1
  process_limit = 2
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap {{
  service_count = 1000
  process_min_avail = 16
  process_limit = 3000
  vsz_limit = 2 G
}}
service pop3 {{
  process_min_avail = 2
}}
service lmtp {{
  process_min_avail = 16
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


class Dovecot(Measured):
    """High-performance login mode, processes kept for the next client, a cheap password hash behind a cache of logins."""
    name = "dovecot"

    def __init__(self, folder, tls):
        self.folder = pathlib.Path(folder) / "dovecot"
        self.folder.mkdir()
        uid = 1234
        (self.folder / "mail").mkdir()
        shutil.chown(self.folder / "mail", uid, uid)
        for path in (pathlib.Path(folder), self.folder):
            path.chmod(0o755)
        self.ports = {"imap": 9143, "imaps": 9993, "pop3": 9110, "lmtp": 9024}
        (self.folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}::::::\n" for user in USERS))
        config = self.folder / "dovecot.conf"
        config.write_text(DOVECOT.format(folder=self.folder, tls=tls, uid=uid, **self.ports))
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(config)])
        self.pid = self.process.pid
        log = self.folder / "log"
        wait_for(lambda: log.exists() and "starting up" in log.read_text(), "Dovecot")

    def forget_what_was_computed(self, user):
        for path in (self.folder / "mail" / user.split("@")[0]).rglob("dovecot.index.cache*"):
            path.unlink()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
