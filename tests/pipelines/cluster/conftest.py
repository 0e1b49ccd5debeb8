"""What tests on the wire share: a loopback server that answers from a script."""

import pytest

from tests.pipelines.cluster.loopback import Script, serving


@pytest.fixture
def script():
    """What the server will answer."""
    return Script()


@pytest.fixture
def address(script):
    """Where it listens."""
    with serving(script) as found:
        yield found
