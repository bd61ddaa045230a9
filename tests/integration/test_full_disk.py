"""A full disk: new mail gets a 4xx, nothing is lost or bounced, and all goes on by itself when there is room again."""
import contextlib
import os
import shutil
import smtplib
import subprocess

import pytest
from harness import DOMAIN, Gateway, Raw, set_section, wait_for

ANN = f"ann@{DOMAIN}"
LARGE = "Subject: large\r\n\r\n" + ("z" * 70 + "\r\n") * 5000  # goes by the spool


class SmallDisk:
    """A tmpfs over the instance's data_dir."""

    def __init__(self, folder, size):
        self.folder = folder
        aside = folder.with_name("aside")
        shutil.copytree(folder, aside)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder], capture_output=True, text=True)
        if done.returncode != 0:
            self.folder = None
            pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
        shutil.copytree(aside, folder, dirs_exist_ok=True)

    def fill(self, leave):
        """Until only `leave` bytes are free."""
        self.filler = open(self.folder / "filler", "wb", buffering=0)
        while (room := self.free()) > leave:
            with contextlib.suppress(OSError):
                self.filler.write(b"x" * min(1 << 16, room - leave))

    def free(self):
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def make_room(self):
        os.unlink(self.folder / "filler")
        self.filler.close()

    def close(self):
        if self.folder:
            subprocess.run(["umount", "--lazy", self.folder], check=True)


def answer_to(gateway, text):
    """The code that a submission gets."""
    try:
        with gateway.smtp(ANN) as client:
            client.sendmail(ANN, [ANN], f"From: {ANN}\r\n{text}")
            return 250
    except smtplib.SMTPResponseException as refusal:
        return refusal.smtp_code
    except smtplib.SMTPRecipientsRefused as refusal:
        return refusal.recipients[ANN][0]


@pytest.fixture
def world(make, request):
    # What was taken just before the disk was full is tried again soon, not after a minute.
    retry = Raw('{ first = "1s", factor = 2, max = "4s", jitter = 0.1 }')
    gateway = make(Gateway, edit=lambda text: set_section(text, "queue", {"disk_reserve": request.param, "retry": retry}))
    disk = make(SmallDisk, gateway.directory / "data", "96m")
    gateway.account("ann")
    yield gateway.start(), disk
    gateway.close()  # before the disk goes


@pytest.mark.parametrize("world", ["32MiB"], indirect=True)
def test_past_the_reserve_new_mail_gets_452_until_there_is_room(world):
    gateway, disk = world
    assert answer_to(gateway, "Subject: before\r\n\r\nx\r\n") == 250
    disk.fill(leave=16 << 20)
    wait_for(lambda: answer_to(gateway, "Subject: during\r\n\r\nx\r\n") == 452, "a 452")
    assert answer_to(gateway, LARGE) == 452
    assert answer_to(gateway, "Subject: during\r\n\r\nx\r\n") == 452
    disk.make_room()
    wait_for(lambda: answer_to(gateway, "Subject: after\r\n\r\nx\r\n") == 250, "a 250")
    wait_for(lambda: any(b"Subject: after" in m for m in gateway.messages(ANN)), "the message")
    assert not any(b"large" in m for m in gateway.messages(ANN))


@pytest.mark.parametrize("world", ["1KB"], indirect=True)
def test_on_a_disk_without_a_byte_left_redis_ends_and_all_comes_back(world):
    gateway, disk = world
    accepted = 0
    pid = gateway.redis_pid()
    disk.fill(leave=0)
    for text in ("Subject: small\r\n\r\nx\r\n", LARGE) * 2:
        code = answer_to(gateway, text)
        assert code in (250, 451, 452)  # 250 only for what fitted into a block that was begun
        accepted += code == 250
    wait_for(lambda: gateway.redis_pid() != pid, "redis-server to end at a failed write", 60)
    assert answer_to(gateway, "Subject: small\r\n\r\nx\r\n") in (451, 452)
    assert gateway.process.poll() is None
    disk.make_room()

    def comes_back():
        nonlocal accepted
        code = answer_to(gateway, "Subject: after\r\n\r\nx\r\n")
        assert code in (250, 451, 452)
        accepted += code == 250
        return code == 250
    wait_for(comes_back, "a 250", 60)
    wait_for(lambda: gateway.json("queue", "list") == [], "an empty queue", 60)
    assert len(gateway.messages(ANN)) == accepted
    assert not any(b"multipart/report" in m for m in gateway.messages(ANN))
