"""Five members; three of them listen."""

from collections.abc import Iterator

import pytest
from support.peers import (
    DISCHARGE,
    Peer,
    assign,
    bill_number,
    issue,
    make_bill,
    make_peers,
)
from support.servers import PostgreSQL

from identity.acts.words import Role
from node.documents.rulebook import default_rulebook

ROLES = {
    "carrier": Role.CARRIER,
    "shipper": Role.SHIPPER,
    "customs": Role.CUSTOMS,
    "bank": Role.BANK,
    "consignee": Role.CONSIGNEE,
}
PORT = default_rulebook().ports[DISCHARGE]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> PostgreSQL | None:
    """Where the members keep their databases; None: in SQLite files."""
    return request.getfixturevalue("postgresql") if request.param == "postgresql" else None


@pytest.fixture(scope="module")
def peers(
    tmp_path_factory: pytest.TempPathFactory, server: PostgreSQL | None
) -> Iterator[dict[str, Peer]]:
    peers = make_peers(tmp_path_factory.mktemp("consortium"), ROLES, server)
    assign(peers, PORT, Role.CUSTOMS, peers["customs"])
    for name in ("shipper", "customs", "consignee"):
        peers[name].serve()
    yield peers
    for peer in peers.values():
        peer.exchange.close()
    for peer in peers.values():
        peer.close()


@pytest.fixture(scope="module")
def carrier(peers: dict[str, Peer]) -> Peer:
    return peers["carrier"]


@pytest.fixture(scope="module")
def shipper(peers: dict[str, Peer]) -> Peer:
    return peers["shipper"]


@pytest.fixture(scope="module")
def customs(peers: dict[str, Peer]) -> Peer:
    return peers["customs"]


@pytest.fixture
def bill(carrier: Peer) -> tuple[str, str]:
    """A new numbered bill at the carrier: title and root."""
    return issue(carrier, make_bill(bill_number()))
