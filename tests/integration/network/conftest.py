"""A network of five validators for the tests of this folder, which run by ``make test-network``."""

import os
from collections.abc import Iterator

import pytest
from support.avalanche import Network, running_network

# The engine's programs take five minutes to build: `make test` does without them.
collect_ignore_glob = [] if os.environ.get("LEDGER") == "avalanche" else ["test_*.py"]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Five organisations with a council of three of five, running."""
    with running_network(tmp_path_factory.mktemp("n")) as running:
        yield running
