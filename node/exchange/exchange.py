"""One member's exchange with the others: what listens, what sends, and what they share.

``Exchange.app`` is the peers listener's application, ``listener`` its server's settings,
``couriers`` what delivers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.applications import Starlette

from identity.profile.profile import Profile
from node.companions.companions import Companions
from node.documents.attachments import Attachments
from node.documents.service import DocumentService
from node.documents.statutory import Statutory
from node.errors import SettingsInvalid
from node.exchange.arriving import FileReceiver
from node.exchange.client import PeerClient
from node.exchange.couriers import Couriers
from node.exchange.directory import Directory
from node.exchange.door import Door, PeerRoute
from node.exchange.limits import Flights, Intake
from node.exchange.receipts import ReceiptBook
from node.exchange.receiving import Receiver
from node.exchange.sending import Deliverer
from node.exchange.tls import PeerProtocol, TlsFiles, server_context
from node.store.database import Database
from privacy.canonical import JsonValue

if TYPE_CHECKING:
    from node.node import Node

MAX_CONNECTIONS = 200
KEEP_ALIVE_SECONDS = 30
SHUTDOWN_SECONDS = 3


class Exchange:
    """The exchange of the member whose ``profile`` it is.

    Args:
        message_key, envelope_key: private keys whose public halves stand in the profile.

    Raises:
        SettingsInvalid: they do not.
    """

    def __init__(
        self,
        profile: Profile,
        message_key: Ed25519PrivateKey,
        envelope_key: X25519PrivateKey,
        tls: TlsFiles,
        database: Database,
        directory: Directory,
        documents: DocumentService,
        statutory: Statutory,
        attachments: Attachments,
        vault_directory: Path,
        intake: Intake,
        companions: Companions,
    ) -> None:
        member = "0x" + profile.member.hex()
        kid = _kid_of(profile, message_key, envelope_key)
        self._profile = profile
        self.companions = companions
        self.tls = tls
        self._directory = directory
        self.flights = Flights()
        self._door = Door(profile.peers_url, self._own_profile, directory, database, self.flights)
        receipts = ReceiptBook(member, kid, message_key, database)
        self._receiver = Receiver(
            member, envelope_key, database, documents, statutory, receipts, intake, companions
        )
        open_body = self._receiver.open_body
        self._files = FileReceiver(
            database, vault_directory, attachments, open_body, receipts, intake
        )
        self._database = database
        self.client = PeerClient(member, kid, message_key, tls, directory)
        self._deliverer = Deliverer(
            member, database, directory, self.client, documents, statutory, attachments,
            companions,
        )  # fmt: skip

    def app(self, routes: Sequence[PeerRoute] = ()) -> Starlette:
        """Return the peers listener's application; ``routes`` are other packages' own."""
        return self._door.app([*self._receiver.routes(), *self._files.routes(), *routes])

    def listener(self, app: Starlette, host: str, port: int) -> uvicorn.Config:
        """Return the settings of a server for ``app`` that asks peers for their certificates."""
        return uvicorn.Config(
            app,
            host=host,
            port=port,
            http=PeerProtocol,
            ws="none",
            lifespan="off",
            ssl_context_factory=lambda *_: server_context(self.tls, self._directory.certificates),
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,
        )

    def deliver(self, delivery: int) -> None:
        """Send one delivery; see ``Deliverer.deliver``."""
        self._deliverer.deliver(delivery)

    def couriers(self) -> Couriers:
        """Return what delivers whatever is due, a peer beside the others."""
        return Couriers(self._database, self._deliverer.deliver)

    def close(self) -> None:
        """Close the connections to peers."""
        self.client.close()

    def _own_profile(self) -> JsonValue:
        return self._profile.to_json()


def peers_app(node: "Node", routes: Sequence[PeerRoute] = ()) -> Starlette:
    """Return the application of a node's peers listener."""
    return node.exchange.app(routes)


def _kid_of(
    profile: Profile, message_key: Ed25519PrivateKey, envelope_key: X25519PrivateKey
) -> str:
    if envelope_key.public_key().public_bytes_raw() not in profile.envelope_keys.values():
        raise SettingsInvalid("The profile does not hold this node's envelope key.")
    public = message_key.public_key().public_bytes_raw()
    for kid, key in profile.message_keys.items():
        if key == public:
            return kid
    raise SettingsInvalid("The profile does not hold this node's message key.")
