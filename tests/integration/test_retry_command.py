"""`queue retry` tries at once."""
from harness import Receiver, wait_for
from test_operator import ANN, states, stuck  # noqa: F401


def test_retry_sends_at_once(stuck, make):
    stuck.send(ANN, "x@far.example")
    wait_for(lambda: states(stuck) == ["deferred"], "a deferred message")
    receiver = make(Receiver, "127.0.0.2", stuck.receiver_port)
    stuck.cli("queue", "retry", "--all")
    wait_for(receiver.bodies, "the message")
