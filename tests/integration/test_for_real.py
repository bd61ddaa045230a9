"""README's "For real", to the letter, on a machine of its own: a view of this one with other /etc, /var/lib, /usr/local and /run, and no network."""
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POSTERN = Path(os.environ["POSTERN"])
OWN_FOLDERS = ["/etc", "/var/lib", "/usr/local", "/run", "/tmp"]


def steps():
    """The commands of README's block, without the build, which the test run has done."""
    block = re.search(r"## For real.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
    lines = block.splitlines()
    assert lines[0].startswith("cmake") and lines[-1] == "postern serve"
    return lines[1:-1]


def in_a_machine_of_its_own(part):
    """Runs a function of this file, by name, in namespaces that end with it."""
    done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, __file__, part],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_steps_of_the_readme_lead_to_a_gateway_that_works_as_its_own_user():
    in_a_machine_of_its_own("works_as_its_own_user")


def test_no_password_goes_to_a_process_of_a_stranger_that_looks_like_a_gateway():
    in_a_machine_of_its_own("a_stranger_is_told_nothing")


def test_the_units_exposure_is_under_2_5():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", ROOT / "etc/postern.service"],
                          capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level.group(1)) < 2.5


# What follows runs inside.

def lay_out():
    """Changes stay in memory. The build is where README's command expects it."""
    run("mount", "-t", "tmpfs", "scratch", "/mnt")
    for folder in OWN_FOLDERS:
        upper, work = (Path("/mnt") / (folder.strip("/").replace("/", "-") + end) for end in ("-upper", "-work"))
        upper.mkdir()
        work.mkdir()
        upper.chmod(Path(folder).stat().st_mode & 0o7777)
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={upper},workdir={work}", folder)
    run("ip", "link", "set", "lo", "up")
    tree = Path("/mnt/tree/build/release")
    tree.mkdir(parents=True)
    (tree / "postern").symlink_to(POSTERN)
    os.chdir("/mnt/tree")


def run(*arguments, check=True):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def follow_the_steps():
    """Gives the password of ann."""
    said = {line: run("sh", "-c", line).stdout for line in steps()}
    return next(out.strip() for line, out in said.items() if "account add" in line)


def status_of(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def serve():
    from harness import wait_for
    log = open("/mnt/log", "ab")
    server = subprocess.Popen(["postern", "serve"], stderr=log)

    def is_ready():
        assert server.poll() is None, Path("/mnt/log").read_text()
        return '"event":"ready"' in Path("/mnt/log").read_text()
    wait_for(is_ready, "a gateway that is ready", 60)
    return server


def works_as_its_own_user():
    import imaplib
    import pwd
    import smtplib
    import socket
    import ssl
    from harness import wait_for
    password = follow_the_steps()
    user = pwd.getpwnam("postern")
    for path, mode in {"/var/lib/postern": 0o700, "/etc/postern/tls/key.pem": 0o640, "/etc/postern/dkim/p1.pem": 0o640}.items():
        assert Path(path).stat().st_mode & 0o777 == mode, path
    assert Path("/var/lib/postern/accounts.db").stat().st_uid == user.pw_uid
    server = serve()
    status = status_of(server.pid)
    assert status["Uid"].split() == [str(user.pw_uid)] * 4 and status["Gid"].split() == [str(user.pw_gid)] * 4
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << 10, "low ports, and nothing else of root's"
    assert int(status["CapInh"], 16) == 0
    assert re.search(r"Max core file size\s+0\s+0", Path(f"/proc/{server.pid}/limits").read_text())
    assert Path(f"/proc/{server.pid}/maps").stat().st_uid == 0, "dumpable"
    redis = run("pgrep", "-x", "redis-server").stdout.split()
    assert [status_of(pid)["Uid"].split()[0] for pid in redis] == [str(user.pw_uid)]
    assert int(status_of(redis[0])["CapPrm"], 16) == 0

    trust = ssl.create_default_context(cafile="/etc/postern/tls/cert.pem")
    trust.check_hostname = False
    with smtplib.SMTP("127.0.0.1", 587, timeout=20) as client:
        client.starttls(context=trust)
        client.login("ann@your.domain", password)
        client.sendmail("ann@your.domain", ["postmaster@your.domain"], "From: ann@your.domain\r\nSubject: real\r\n\r\nHello.\r\n")
    with imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=trust) as reader:
        reader.login("ann@your.domain", password)
        wait_for(lambda: reader.select("INBOX")[1][0] == b"1", "the mail in ann's INBOX")
    # As root, beside the gateway and without it.
    run("postern", "account", "add", "bob@your.domain")
    assert "bob@your.domain" in run("postern", "account", "list").stdout
    # A port below 1024 is to be had by a reload, too.
    config = Path("/etc/postern/postern.toml")
    config.write_text(config.read_text().replace("0.0.0.0:110", "0.0.0.0:109"))
    run("postern", "reload")
    with socket.create_connection(("127.0.0.1", 109), 10) as reader:
        assert reader.recv(200).startswith(b"+OK")
    run("sh", "-c", "printf 'Subject: local\\n\\nhi\\n' | bash -c 'exec -a sendmail postern ann@your.domain'")
    server.send_signal(signal.SIGTERM)
    assert server.wait(40) == 0
    run("postern", "account", "disable", "bob@your.domain")
    assert {entry.owner() for entry in Path("/var/lib/postern").iterdir()} == {"postern"}


STRANGER = """
import os, socket
open("lock", "w")
listener = socket.socket(socket.AF_UNIX)
listener.bind("control.sock")
os.chmod("control.sock", 0o666)
listener.listen()
held = os.open("lock", os.O_RDWR)
print("listening", flush=True)
peer = listener.accept()[0]
got = peer.recv(65536)
open("got", "ab").write(got)
print("got", got, flush=True)
"""


def a_stranger_is_told_nothing():
    """It looks like `postern serve --config F`, holds a lock beside a control.sock, and is user nobody's."""
    follow_the_steps()
    folder = Path("/tmp/stranger")
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "serve").write_text(STRANGER)  # what python runs when it is called `postern serve --config F`
    stranger = subprocess.Popen(["postern", "serve", "--config", "/etc/postern/postern.toml"], executable="/usr/bin/python3", cwd=folder,
                                user="nobody", group="nogroup", extra_groups=[], stdout=subprocess.PIPE, text=True)
    try:
        assert stranger.stdout.readline().strip() == "listening"
        run("postern", "account", "add", "carl@your.domain")  # not by its socket: offline
        # And at the very socket: data_dir's, but the stranger's.
        os.symlink(folder / "control.sock", "/var/lib/postern/control.sock")
        refused = run("postern", "status", check=False)
        assert refused.returncode == 3 and "not asked" in refused.stderr, refused
        assert stranger.stdout.readline().strip() == "got b''"
    finally:
        stranger.kill()
        stranger.wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    lay_out()
    globals()[sys.argv[1]]()
