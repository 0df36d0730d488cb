"""Real members with real keys, certificates, databases and vaults, for tests of what they exchange.

What the follower would read from a ledger (members, keys, authorities, titles) is written into
each member's projection tables directly.
"""

import json
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from support.servers import PostgreSQL

from identity.acts.typed import Domain
from identity.acts.words import MemberStatus, Role, TitleKind, TitleState
from identity.certificates.roots import TrustDirectory
from identity.keys.keystore import Keystore
from identity.signatures import numbering as numbers
from node.companions.companions import Companions
from node.documents.attachments import Attachments
from node.documents.package import Numbering
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.rulebook import default_rulebook
from node.documents.service import DocumentService
from node.documents.statutory import Statutory
from node.documents.streams import StreamVault
from node.documents.vault import Vault
from node.exchange.directory import Directory
from node.exchange.door import PeerRoute
from node.exchange.exchange import Exchange
from node.exchange.limits import Intake
from node.exchange.tls import tls_files
from node.member import Addresses, NewMember, create_member
from node.store.database import Database
from node.store.projections import NOBODY, Authority, Member, MemberKey, Title
from node.store.schema import upgrade

BILL = Path(__file__).parents[1] / "data/bill/transport-document.json"
PASSPHRASE = "a passphrase of the tests"
DISCHARGE = "DEBRV"
DOMAIN = Domain(31337, b"\x33" * 20, b"\x22" * 32)
LOADING = "DKAAR"


@dataclass
class Peer:
    """One member's parts, wired as a node wires them, without its processes."""

    new: NewMember
    port: int
    database: Database
    keys: Keystore
    directory: Directory
    vault: Vault
    documents: DocumentService
    statutory: Statutory
    attachments: Attachments
    exchange: Exchange
    numbering_key: RSAPrivateKey | None = None
    servers: list[tuple[uvicorn.Server, threading.Thread]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.new.hex_id

    @property
    def url(self) -> str:
        return self.new.profile.peers_url

    def serve(self, routes: Sequence[PeerRoute] = ()) -> None:
        config = self.exchange.listener(self.exchange.app(routes), "127.0.0.1", self.port)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        self.servers.append((server, thread))

    def stop(self) -> None:
        """Stop listening; whoever is connected to it has closed its connections before."""
        for server, thread in self.servers:
            while server.server_state.connections:
                time.sleep(0.01)
            server.should_exit = True
            thread.join(timeout=10)
        self.servers.clear()

    def close(self) -> None:
        self.stop()
        self.exchange.close()
        self.database.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_member(folder: Path, name: str, roles: Role) -> tuple[NewMember, int]:
    port = free_port()
    addresses = Addresses("127.0.0.1", free_port(), port, "http://127.0.0.1:1")
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    return create_member(folder / name, (name, name), roles, addresses, passphrases), port


def open_peer(new: NewMember, port: int, server: PostgreSQL | None = None) -> Peer:
    """Wire a member's directory; its database is a SQLite file, or one of ``server``."""
    folder = new.directory
    database = Database(server.create() if server else f"sqlite:///{folder / 'node.sqlite'}")
    upgrade(database)
    keys = Keystore.open(folder / "node.keys.json", PASSPHRASE)
    directory = Directory(folder / "profiles", database)
    vault = Vault(folder / "vault", new.hex_id, keys.x25519_key("envelope"))
    rulebook = default_rulebook()
    documents = DocumentService(new.hex_id, vault, directory, rulebook)
    statutory = Statutory(new.hex_id, vault, documents, rulebook)
    attachments = Attachments(new.hex_id, vault, StreamVault(folder / "vault"))
    exchange = Exchange(
        new.profile,
        keys.ed25519_key("message"),
        keys.x25519_key("envelope"),
        tls_files(folder),
        database,
        directory,
        documents,
        statutory,
        attachments,
        folder / "vault",
        Intake(2**30, 10_000),
        Companions(new.hex_id, lambda _: DOMAIN, directory, TrustDirectory(folder / "trust"), True),
    )
    return Peer(
        new, port, database, keys, directory, vault, documents, statutory, attachments, exchange
    )


def make_peers(
    folder: Path, roles: dict[str, Role], server: PostgreSQL | None = None
) -> dict[str, Peer]:
    """Make members that know of each other what a ledger and profiles tell."""
    made = {name: make_member(folder, name, role) for name, role in roles.items()}
    peers = {name: open_peer(new, port, server) for name, (new, port) in made.items()}
    for peer in peers.values():
        for other in peers.values():
            introduce(peer, other.new)
    return peers


def introduce(peer: Peer, new: NewMember, status: MemberStatus = MemberStatus.ACTIVE) -> None:
    """Give ``peer`` another member's profile and the ledger's rows about it."""
    profile = new.profile
    text = json.dumps(profile.to_json())
    (peer.new.directory / "profiles" / f"{new.hex_id}.json").write_text(text)
    with peer.database.begin() as session:
        session.merge(
            Member(
                id=new.hex_id,
                number=1,
                roles=int(new.roles),
                status=int(status),
                counter=1,
                profile="0x" + profile.hash.hex(),
                rulebook=NOBODY,
                successor=NOBODY,
                admitted_block=1,
            )
        )
        for key, purpose in new.keys:
            session.merge(
                MemberKey(
                    member=new.hex_id,
                    key="0x" + key.hex(),
                    purpose=int(purpose),
                    valid_from=0,
                    valid_until=0,
                    revoked_at=0,
                    added_block=1,
                )
            )


def set_status(peer: Peer, other: Peer, status: MemberStatus) -> None:
    """Let ``peer`` have read on the ledger that ``other`` is in ``status``."""
    with peer.database.begin() as session:
        row = session.get_one(Member, other.id)
        row.status = int(status)
        session.add(row)


def assign(peers: dict[str, Peer], port: int, role: Role, authority: Peer) -> None:
    """Let all have read that ``authority`` is assigned."""
    for peer in peers.values():
        with peer.database.begin() as session:
            session.merge(Authority(port=port, role=int(role), member=authority.id))


def bill_number() -> str:
    return f"LAD{secrets.token_hex(6).upper()}"


def make_bill(number: str) -> dict:
    """The story's bill, under another number."""
    return json.loads(BILL.read_text()) | {"transportDocumentReference": number}


def numbering_of(carrier: Peer, number: str) -> tuple[str, Numbering]:
    """Return the title's id and the carrier's numbering, as its signer makes them."""
    if carrier.numbering_key is None:
        signer = Keystore.open(carrier.new.directory / "signer.keys.json", PASSPHRASE)
        carrier.numbering_key = signer.rsa_key("numbering")
    signature = numbers.number(carrier.numbering_key, carrier.new.id, number)
    return "0x" + numbers.tag(signature).hex(), Numbering(carrier.id, number, signature)


def issue(carrier: Peer, document: dict) -> tuple[str, str]:
    """Keep and number a bill as its carrier does; return title and root."""
    title, numbering = numbering_of(carrier, document["transportDocumentReference"])
    with carrier.database.begin() as session:
        stored = carrier.documents.store_own(session, document, TRANSPORT_DOCUMENT)
        carrier.documents.number(session, stored.root, title, numbering)
    return title, stored.root


def title_row(carrier: Peer, holder: Peer, title: str, root: str, **changes: object) -> Title:
    """The projection of a title just issued."""
    ports = default_rulebook().ports
    row = {
        "id": title,
        "state": int(TitleState.ISSUED),
        "kind": int(TitleKind.ORDER),
        "counter": 1,
        "version": 1,
        "carrier": carrier.id,
        "holder": NOBODY,
        "pledgee": NOBODY,
        "controller": carrier.id,
        "party": NOBODY,
        "counterparty": holder.id,
        "offer": "0x" + "77" * 32,
        "offer_act": "0x" + "77" * 32,
        "offer_capacity": 1,
        "offer_endorsement": 0,
        "offer_purpose": 0,
        "deadline": 2**40,
        "amended": NOBODY,
        "consented": False,
        "enforceable_from": 0,
        "freezes": 0,
        "loading": ports[LOADING],
        "discharge": ports[DISCHARGE],
        "root": root,
        "last_digest": NOBODY,
        "issued_block": 1,
        "last_block": 1,
    }
    return Title(**(row | changes))
