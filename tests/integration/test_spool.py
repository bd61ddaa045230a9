"""A body in the spool that is gone, cannot be read or has lost bytes: its message is held, never bounced and never cut short."""
import pytest
from harness import DOMAIN, Dns, Gateway, Ports, Receiver, delivery_settings, wait_for

ANN = f"ann@{DOMAIN}"
BODY = ("z" * 70 + "\r\n") * 5000
LARGE = f"Subject: large\r\n\r\n{BODY}"

DAMAGES = {
    "gone": lambda file: file.unlink(),
    "unreadable": lambda file: (file.unlink(), file.mkdir()),  # root reads whatever its mode says; a folder it does not
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:1000]),
}


class World:
    def __init__(self, make):
        base = Ports.take()
        make(Dns, base + 53, ["far.example. 60 IN MX 10 mx.far.example.", "mx.far.example. 60 IN A 127.0.0.2"])
        self.open = False
        self.receiver = make(Receiver, "127.0.0.2", base + 2, lambda verb, argument, session: None if self.open or verb != "RCPT" else "450 4.3.2 Later")
        self.gateway = make(Gateway, edit=lambda text: delivery_settings(text, base + 2, base + 53, expire="6s", warn_after="1d"))
        self.gateway.account("ann")
        self.gateway.start()

    def damage(self, how):
        """Of the only spool file; gives its path and what was in it."""
        file = wait_for(lambda: list((self.gateway.directory / "data/spool").glob("*")), "a file in the spool")[0]
        content = file.read_bytes()
        DAMAGES[how](file)
        return file, content

    def states(self):
        return [(row["state"], row["last_error"]) for row in self.gateway.json("queue", "list")]

    def must_be_held(self):
        wait_for(lambda: [state for state, _ in self.states()] == ["held"], "a held message")
        assert "spool" in self.states()[0][1] or "read" in self.states()[0][1] or "size" in self.states()[0][1]
        assert self.gateway.messages(ANN) == [], "neither a bounce nor a part of the message"


def mend(file, content):
    if file.is_dir():
        file.rmdir()
    file.write_bytes(content)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_remote_delivery_without_its_body_is_held_and_goes_on_when_it_is_back(make, how):
    world = World(make)
    queue_id = world.gateway.send(ANN, "bob@far.example", LARGE)
    wait_for(lambda: "deferred" in [state for state, _ in world.states()], "a deferred message")
    file, content = world.damage(how)
    world.open = True
    world.must_be_held()
    assert world.receiver.bodies() == []
    mend(file, content)
    world.gateway.cli("queue", "release", queue_id)
    assert wait_for(world.receiver.bodies, "the message")[0].endswith(b"\r\n\r\n" + BODY.encode())


@pytest.mark.parametrize("how", DAMAGES)
def test_a_local_delivery_without_its_body_is_held(make, how):
    world = World(make)
    world.gateway.account("bob", "pw", "--quota", "100KiB")  # so that the first try is put off
    world.gateway.send(ANN, f"bob@{DOMAIN}", LARGE)
    wait_for(lambda: "deferred" in [state for state, _ in world.states()], "a deferred message")
    world.damage(how)
    world.must_be_held()


def test_small_bodies_that_wait_leave_redis_for_the_spool_and_come_back_whole(make):
    world = World(make)
    world.gateway.send(ANN, "bob@far.example", "Subject: small\r\n\r\nOnly this.\r\n")
    wait_for(lambda: list((world.gateway.directory / "data/spool").glob("*")), "a file in the spool")
    world.open = True
    assert wait_for(world.receiver.bodies, "the message")[0].endswith(b"\r\n\r\nOnly this.\r\n")
    wait_for(lambda: not list((world.gateway.directory / "data/spool").glob("*")), "an empty spool")
