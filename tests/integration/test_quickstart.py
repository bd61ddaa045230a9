"""etc/quickstart's instance as a new user meets it: its own commands send a mail and read it back."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from harness import Ports, wait_for

ROOT = Path(__file__).resolve().parents[2]
POSTERN = Path(os.environ["POSTERN"])


def tree_with_the_binary(folder):
    """A checkout's etc/ with a stand-in for installing and building, which the test run has done."""
    (folder / "etc").mkdir(parents=True)
    (folder / "build/release").mkdir(parents=True)
    (folder / "bin").mkdir()
    shutil.copy(ROOT / "etc/quickstart", folder / "etc/quickstart")
    for stand_in in (folder / "etc/install-packages", folder / "bin/cmake"):
        stand_in.write_text("#!/bin/sh\nexit 0\n")
        stand_in.chmod(0o755)
    (folder / "build/release/postern").symlink_to(POSTERN)
    return folder


def test_the_commands_that_quickstart_prints_send_a_mail_and_read_it_back():
    scratch = tempfile.TemporaryDirectory(prefix="quick")  # a short path: unix sockets
    tree = tree_with_the_binary(Path(scratch.name) / "tree")
    base = Ports.take()
    environment = {**os.environ, "POSTERN_BASE_PORT": str(base), "PATH": f"{tree}/bin:{os.environ['PATH']}"}
    server = subprocess.Popen(["etc/quickstart"], cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = []
    reader = threading.Thread(target=lambda: said.extend(server.stdout), daemon=True)
    reader.start()
    try:
        wait_for(lambda: any("Stop with" in line for line in said), "the commands to paste", 60)
        text = "".join(said)
        send, read = re.findall(r"^  ((?:printf|curl) .*(?:\n    .*)*)", text, re.M)
        subprocess.run(["sh", "-c", send], check=True, cwd="/", timeout=60)
        def reads():
            done = subprocess.run(["sh", "-c", read], cwd="/", capture_output=True, text=True, timeout=60)
            return "Hello Bob." in done.stdout
        wait_for(reads, "the mail in bob's INBOX", 20)
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(40) == 0
        scratch.cleanup()
        Ports.release()
