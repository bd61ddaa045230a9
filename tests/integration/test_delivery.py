"""Out by MX, with real DNS and real receivers."""
import email
import re
import time

from harness import DOMAIN, Dns, Gateway, Ports, Receiver, delivery_settings, set_section, wait_for

ANN = f"ann@{DOMAIN}"


class World:
    """unbound, and a gateway that asks it and delivers to one port. `delivery` are more keys of [delivery]."""

    def __init__(self, make, records, delivery=(), extra="", start=True, **queue):
        self.base = Ports.take()
        self.port = self.base + 2
        make(Dns, self.base + 53, records)

        def edit(text):
            return set_section(delivery_settings(text, self.port, self.base + 53, **queue), "delivery", dict(delivery))
        self.gateway = make(Gateway, edit=edit, extra=extra)
        self.gateway.account("ann")
        if start:
            self.gateway.start()


def inbox(world, count=1, seconds=20):
    return wait_for(lambda: (m := world.gateway.messages(ANN)) and len(m) >= count and m, f"{count} messages in INBOX", seconds)


MX_TWO = ["far.example. 60 IN MX 10 one.far.example.", "far.example. 60 IN MX 20 two.far.example.",
          "one.far.example. 60 IN A 127.0.0.2", "two.far.example. 60 IN A 127.0.0.3"]
MX_ONE = ["far.example. 60 IN MX 10 one.far.example.", "one.far.example. 60 IN A 127.0.0.2"]


def test_the_second_host_takes_what_the_first_cannot(make):
    world = World(make, MX_TWO)
    second = make(Receiver, "127.0.0.3", world.port)
    world.gateway.send(ANN, "bob@far.example")
    assert b"Hello." in wait_for(second.bodies, "the message at the second host")[0]


def test_the_first_host_is_preferred(make):
    world = World(make, MX_TWO)
    first, second = make(Receiver, "127.0.0.2", world.port), make(Receiver, "127.0.0.3", world.port)
    world.gateway.send(ANN, "bob@far.example")
    wait_for(first.bodies, "the message at the first host")
    assert second.bodies() == []


def test_a_domain_without_mx_is_reached_by_its_address(make):
    world = World(make, ["plain.example. 60 IN A 127.0.0.2"])
    receiver = make(Receiver, "127.0.0.2", world.port)
    world.gateway.send(ANN, "bob@plain.example")
    wait_for(receiver.bodies, "the message")


def test_a_domain_with_mx_is_never_reached_by_its_own_address(make):
    world = World(make, [*MX_ONE, "far.example. 60 IN A 127.0.0.9"])
    own = make(Receiver, "127.0.0.9", world.port)
    world.gateway.send(ANN, "bob@far.example")
    wait_for(lambda: [r for r in world.gateway.json("queue", "list") if r["state"] == "deferred"], "a deferred message: the MX is down")
    receiver = make(Receiver, "127.0.0.2", world.port)
    wait_for(receiver.bodies, "the message at the MX")
    assert own.connections == 0


def test_null_mx_bounces(make):
    world = World(make, ["null.example. 60 IN MX 0 ."])
    world.gateway.send(ANN, "bob@null.example")
    assert b"5.1.10" in inbox(world)[0]


def test_an_unknown_domain_bounces(make):
    world = World(make, MX_ONE)
    world.gateway.send(ANN, "bob@nowhere.example")
    assert b"5.1.2" in inbox(world)[0]


def test_greylisting_is_retried_on_schedule(make):
    world = World(make, MX_ONE)
    seen = []

    def greylist(verb, argument, session):
        if verb == "RCPT":
            seen.append(time.monotonic())
            return "450 4.7.1 Greylisted" if len(seen) == 1 else None
        return None
    receiver = make(Receiver, "127.0.0.2", world.port, greylist)
    world.gateway.send(ANN, "bob@far.example")
    wait_for(receiver.bodies, "the second try")
    assert len(seen) == 2 and seen[1] - seen[0] >= 0.85


def test_a_refusal_comes_back_within_two_seconds_as_a_bounce_that_threads(make):
    world = World(make, MX_ONE)
    make(Receiver, "127.0.0.2", world.port, lambda verb, argument, session: "550 5.1.1 No such person" if verb == "RCPT" else None)
    world.gateway.send(ANN, "bob@far.example", "Message-ID: <first@office.example>\r\nSubject: hi\r\n\r\nx\r\n")
    message = email.message_from_bytes(inbox(world, seconds=2)[0])
    assert message.get_content_type() == "multipart/report" and message.get_param("report-type") == "delivery-status"
    assert message["In-Reply-To"] == "<first@office.example>" and "<first@office.example>" in message["References"]
    status = message.get_payload()[1].as_string()
    for field in ("Reporting-MTA:", "Final-Recipient: rfc822; ?bob@far.example", "Action: failed", "Status: 5.1.1",
                  "Diagnostic-Code: smtp; ?550", "Remote-MTA:", "Last-Attempt-Date:"):
        assert re.search(field.replace(" ?", r"\s*"), status, re.I), (field, status)


def test_a_host_that_stays_down_gives_one_notice_and_then_one_bounce(make):
    world = World(make, MX_ONE, expire="8s", warn_after="2s")
    world.gateway.send(ANN, "bob@far.example")
    found = inbox(world, 2, 40)
    assert len(found) == 2
    actions = [re.search(rb"(?im)^Action: (\w+)", m).group(1) for m in found]
    assert actions == [b"delayed", b"failed"]
    wait_for(lambda: world.gateway.json("queue", "list") == [], "an empty queue")
    assert len(world.gateway.messages(ANN)) == 2


def test_servfail_or_no_dns_never_bounces(make):
    world = World(make, MX_ONE)
    world.gateway.close()
    gateway = make(Gateway, edit=lambda text: delivery_settings(text, world.port, world.base + 1))  # nobody answers there
    gateway.account("ann")
    gateway.start()
    gateway.send(ANN, "bob@far.example")
    wait_for(lambda: [r for r in gateway.json("queue", "list") if r["state"] == "deferred"], "a deferred message", 60)
    assert gateway.messages(ANN) == []


def test_one_transaction_carries_all_recipients_of_a_domain(make):
    world = World(make, MX_ONE)
    receiver = make(Receiver, "127.0.0.2", world.port)
    world.gateway.send(ANN, [f"r{n}@far.example" for n in range(150)])
    wait_for(lambda: sum(len(r) for _, r, _ in receiver.messages) == 150, "150 recipients")
    assert sorted(len(r) for _, r, _ in receiver.messages) == [50, 100]
