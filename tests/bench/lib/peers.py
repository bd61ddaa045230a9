"""postern and Postfix as relays, each in folders of its own below the same temporary folder."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from harness import Gateway, run, set_section, wait_for  # noqa: E402

SINK, DNS, MILTER = 25250, 53, 25891
SETUPS = ("smarthost", "mx", "signed")  # signed: to the smarthost, with DKIM
DOMAIN, USER, PASSWORD = "sender.example", "load@sender.example", "correct horse battery"


class Postern:
    """Durable as always: its redis-server answers after the fsync. Logs on; DKIM off, but in the setup "signed": with both keys of `init`."""
    name = "postern"

    def __init__(self, setup="smarthost"):
        route = "" if setup == "mx" else f'[[route]]\nto = "*"\nvia = "smtp://127.0.0.1:{SINK}"\n'
        self.gateway = Gateway(DOMAIN, extra=route, edit=lambda text: self._edit(text, setup == "signed"))
        self.gateway.account(USER, PASSWORD)
        self.gateway.start()
        self.plain, self.submissions = self.gateway.port("smtp"), self.gateway.port("submissions")

    @staticmethod
    def _edit(text, is_signed):
        text = text.replace("trusted_networks = []", 'trusted_networks = ["127.0.0.0/8"]')
        if not is_signed:
            head, _, rest = text.partition("dkim = [")
            text = head + rest.partition("\n]")[2]
        text = set_section(text, "limits", {"connections_per_ip": 10000})
        return set_section(text, "delivery", {"port": SINK, "dns": [f"127.0.0.1:{DNS}"]})

    @property
    def pid(self):
        return self.gateway.process.pid

    @property
    def pids(self):
        """Of all whose work counts: they and their children."""
        return [self.pid]

    def retry(self):
        self.gateway.cli("queue", "retry", "--all", timeout=300)

    def waiting(self):
        return len(self.gateway.json("queue", "list", "--state", "deferred"))

    def close(self):
        self.gateway.close()


MAIN_CF = """compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
smtp_tls_security_level = none
{route}
# As many at a time as serve two cores best (50 and 100 were slower), and no brakes.
default_process_limit = 200
initial_destination_concurrency = 20
default_destination_concurrency_limit = 20
smtpd_client_connection_count_limit = 0
qmgr_message_active_limit = 50000
in_flow_delay = 0
smtp_connection_cache_destinations = static:all
smtp_connection_reuse_count_limit = 1000
max_use = 10000
hash_queue_names = deferred, defer
smtpd_peername_lookup = no
smtp_tcp_port = {sink}
smtp_host_lookup = dns
minimal_backoff_time = 1h
maximal_backoff_time = 2h
queue_run_delay = 1h
# Submissions.
smtpd_tls_cert_file = {root}/cert.pem
smtpd_tls_key_file = {root}/key.pem
smtpd_tls_session_cache_database = btree:{root}/data/smtpd_scache
smtpd_sasl_local_domain = sender.example
"""

MASTER_CF = """{plain} inet n - n - - smtpd
{submissions} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SASL_CONF = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
sasldb_path: {root}/sasldb2
"""


class OpenDkim:
    """Signs with an RSA key alone, as it is usually set up: one algorithm is all that an instance of it does."""

    def __init__(self, root):
        run("openssl", "genrsa", "-out", root / "dkim.pem", "2048")
        (root / "opendkim.conf").write_text(f"""Mode s
Domain {DOMAIN}
Selector p1
KeyFile {root}/dkim.pem
Canonicalization relaxed/relaxed
Socket inet:{MILTER}@127.0.0.1
Syslog no
RequireSafeKeys no
""")
        self.process = subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", root / "opendkim.conf"])
        wait_for(self._answers, "opendkim")

    @staticmethod
    def _answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", MILTER), 1):
            return True
        return False

    def close(self):
        self.process.terminate()
        self.process.wait()


class Postfix:
    """Fsyncs every message before its 250, as always. Nothing is looked up, nothing is filtered."""
    name = "postfix"

    def __init__(self, setup="smarthost"):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pt-postfix-"))
        self.root.chmod(0o755)
        self.plain, self.submissions = 25025, 25465
        route = "" if setup == "mx" else f"relayhost = [127.0.0.1]:{SINK}\ndisable_dns_lookups = yes"
        self.signer = None
        if setup == "signed":
            self.signer = OpenDkim(self.root)
            route += f"\nsmtpd_milters = inet:127.0.0.1:{MILTER}\nmilter_default_action = tempfail"
        self._write_files({"root": self.root, "route": route, "sink": SINK, "plain": self.plain,
                           "submissions": self.submissions})
        self._make_secrets()
        self.command = ["-c", str(self.root / "etc")]
        run("postfix", *self.command, "start", timeout=120)
        pid_file = self.root / "spool/pid/master.pid"
        wait_for(lambda: pid_file.exists() and pid_file.read_text().strip(), "Postfix's master")
        self.pid = int(pid_file.read_text())

    def _write_files(self, words):
        for folder in ("etc", "etc/sasl", "spool", "data"):
            (self.root / folder).mkdir()
        shutil.chown(self.root / "data", "postfix")
        for name, text in (("main.cf", MAIN_CF), ("master.cf", MASTER_CF), ("sasl/smtpd.conf", SASL_CONF)):
            (self.root / "etc" / name).write_text(text.format(**words))

    def _make_secrets(self):
        # The same kind of key as `postern init` makes.
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "30", "-subj", "/CN=localhost",
            "-keyout", self.root / "key.pem", "-out", self.root / "cert.pem")
        name, _, domain = USER.partition("@")
        run("saslpasswd2", "-p", "-c", "-f", self.root / "sasldb2", "-u", domain, name, stdin=PASSWORD)
        shutil.chown(self.root / "sasldb2", "postfix")

    @property
    def pids(self):
        return [self.pid, *([self.signer.process.pid] if self.signer else [])]

    def retry(self):
        run("postqueue", *self.command, "-f")

    def waiting(self):
        return sum(1 for path in (self.root / "spool/deferred").rglob("*") if path.is_file())

    def close(self):
        subprocess.run(["postfix", *self.command, "stop"], capture_output=True)
        if self.signer:
            self.signer.close()
        shutil.rmtree(self.root, ignore_errors=True)

