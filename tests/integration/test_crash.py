"""kill -9 of the gateway, of redis-server, and of both, at random moments under load: what got its 250 arrives. The long form is
tests/crash."""
import os
import random

from crash_rounds import Crash

ROUNDS = int(os.environ.get("POSTERN_CRASH_ROUNDS", "20"))


def test_nothing_acknowledged_is_lost_and_only_what_was_in_flight_comes_twice(make):
    crash = Crash(make, clients=6, readers=1, rough=False)
    for _ in range(ROUNDS):
        crash.round(random.choice(["gateway", "redis", "both"]))
    print(f"{ROUNDS} rounds: {crash.finish()}")


def test_sigterm_under_load_leaves_nothing_in_flight_and_doubles_nothing(make):
    crash = Crash(make, clients=6, readers=1, rough=False)
    for _ in range(max(2, ROUNDS // 5)):
        crash.round("SIGTERM")
    crash.finish()
    assert crash.in_flight == 0
