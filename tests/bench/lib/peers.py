"""postern and Postfix as relays, each in folders of its own below the same temporary folder."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from harness import LOOPBACK, Gateway, run, set_section, wait_for  # noqa: E402

SINK, DNS = 25250, 53
DOMAIN, USER, PASSWORD = "sender.example", "load@sender.example", "correct horse battery"


class Postern:
    """Durable as always: its redis-server answers after the fsync. DKIM off, logs on."""
    name = "postern"

    def __init__(self, by_mx=False):
        route = "" if by_mx else f'[[route]]\nto = "*"\nvia = "smtp://127.0.0.1:{SINK}"\n'
        self.gateway = Gateway(DOMAIN, extra=route, edit=self._edit)
        self.gateway.account(USER, PASSWORD)
        self.gateway.start()
        self.plain, self.submissions = self.gateway.port("smtp"), self.gateway.port("submissions")

    @staticmethod
    def _edit(text):
        text = text.replace("trusted_networks = []", 'trusted_networks = ["127.0.0.0/8"]')
        head, _, rest = text.partition("dkim = [")
        text = head + rest.partition("\n]")[2]
        text = set_section(text, "limits", {"connections_per_ip": 10000})
        return set_section(text, "delivery", {"port": SINK, "dns": [f"127.0.0.1:{DNS}"], "private_networks": LOOPBACK})

    @property
    def pid(self):
        return self.gateway.process.pid

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


class Postfix:
    """Fsyncs every message before its 250, as always. Nothing is looked up, nothing is filtered."""
    name = "postfix"

    def __init__(self, by_mx=False):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pt-postfix-"))
        self.root.chmod(0o755)
        self.plain, self.submissions = 25025, 25465
        route = "" if by_mx else f"relayhost = [127.0.0.1]:{SINK}\ndisable_dns_lookups = yes"
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

    def retry(self):
        run("postqueue", *self.command, "-f")

    def waiting(self):
        return sum(1 for path in (self.root / "spool/deferred").rglob("*") if path.is_file())

    def close(self):
        subprocess.run(["postfix", *self.command, "stop"], capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)

