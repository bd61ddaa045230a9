"""What one client did to others once, as programs: each plays its attack for as long as it is let, and says how much it managed.

An attack is a class: `configure(text)` gives the instance its configuration, `prepare(gateway, make, base)` what must be there, `run(stop)` attacks
until `stop` is set or it has done all that it can. `LARGE` is the amount of a measurement, `SMALL` of a test."""
from harness import Dns, set_section

from . import mail, readers, web  # noqa: F401 each adds its own to the list
from .base import ATTACKS

__all__ = ["ATTACKS", "instance"]


def instance(kind, amount, make, gateway_type, ports):
    """A gateway made for an attack, with what it needs beside it, not yet started: (attack, gateway)."""
    base = ports.take()
    played = kind(amount)
    played.base = base
    if hasattr(kind, "records"):
        make(Dns, base + 53, kind.records(amount))
    gateway = make(gateway_type, edit=lambda text: set_section(played.configure(text), "limits", {"connections_per_ip": 1000}))
    return played, gateway
