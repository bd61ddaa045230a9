"""Whatever one client does, its neighbours are served: the short form of `tests/attacks`, with generous deadlines."""
import os
import re
import threading
import time

import pytest
from attackers import ATTACKS, instance
from harness import Gateway, Ports
from neighbours import Neighbours

SLOWEST = 2.0 if "POSTERN_SANITIZED" not in os.environ else 10.0  # seconds that a step of a neighbour may take
LONGEST_ATTACK = 20.0
GRACE = 5.0


def test_what_the_attackers_are_called_is_what_they_do():
    assert all(kind.__doc__ or kind.__mro__[1].__doc__ for kind in ATTACKS.values())


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_neighbours_are_served_beside(make, name):
    kind = ATTACKS[name]
    attack, gateway = instance(kind, kind.SMALL, make, Gateway, Ports)
    text = gateway.config.read_text()
    gateway.config.write_text(f'shutdown_grace = "{GRACE:.0f}s"\n' + re.sub(r"(?m)^shutdown_grace.*\n", "", text))
    Neighbours.prepare(gateway)
    gateway.start()
    attack.prepare(gateway, make, attack.base)
    stop = threading.Event()
    attacker = threading.Thread(target=attack.run, args=(gateway, stop), daemon=True)
    with Neighbours(gateway) as neighbours:
        attacker.start()
        attacker.join(LONGEST_ATTACK)
    stop.set()
    attacker.join(30)
    assert neighbours.failures == []
    late = {step: took for step, took in neighbours.worst().items() if took > SLOWEST}
    assert not late, f"{name}: {late}"
    began = time.monotonic()
    gateway.stop()
    assert time.monotonic() - began < GRACE + 5
