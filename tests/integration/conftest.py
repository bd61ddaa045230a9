"""Fixtures: everything that a test starts is stopped when it ends."""
import contextlib

import pytest

import harness


@pytest.fixture(scope="session", autouse=True)
def short_temporary_folder():
    """Unix sockets allow 107 octets of path."""
    assert len(harness.tempfile.gettempdir()) < 60


@pytest.fixture
def make():
    """make(Gateway, …): builds a part and closes it after the test, the last made first."""
    with contextlib.ExitStack() as stack:
        def build(kind, *arguments, **options):
            part = kind(*arguments, **options)
            stack.callback(part.close)
            return part
        yield build
    harness.Ports.release()


@pytest.fixture
def gateway(make):
    """A gateway that runs, with the account ann."""
    made = make(harness.Gateway)
    made.account("ann")
    return made.start()
