"""A new node tries itself against another member's: what must hold before it takes part.

One side asks, the other answers on a route of its own and calls back: so both ways of the exchange
are tried, with a sealed message that holds nothing but random bytes.
"""

import base64
import hashlib
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, select

from identity.acts.words import KeyPurpose, MemberStatus
from identity.errors import IdentityError
from identity.keys.secp256k1 import key_id
from identity.profile.profile import FORMAT, Profile
from node.chain.network import check_ledger
from node.errors import NodeError
from node.exchange.client import PeerClient
from node.exchange.door import PeerMessage, PeerRoute
from node.exchange.errors import MessageMalformed, PeerSignatureInvalid
from node.exchange.sealed import CONTENT_TYPE, open_from, seal_for
from node.exchange.tls import client_context
from node.store.projections import ChainCursor, Member, MemberKey
from privacy.canonical import JsonValue, parse_json
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from node.node import Node

PATH = "/peer/v1/conformance"
KIND = "conformance"
MAX_BYTES = 8 * 1024
CLOCK_SECONDS = 30
ANSWER_SECONDS = 10.0
OK, LOOK, FAIL = "ok", "look", "fail"
_ERRORS = (NodeError, IdentityError, PrivacyError)


@dataclass(frozen=True)
class Tried:
    """One thing that was tried: ``state`` is ok, look (works, worth knowing) or fail."""

    what: str
    state: str
    says: str


def conformance_route(node: "Node") -> PeerRoute:
    """Return the peers listener's route on which any active member may try itself."""

    def handle(message: PeerMessage) -> JsonValue:
        content = _opened(node, message.body, message.sender)
        asked = _asked(content)
        answer: dict[str, JsonValue] = _standing(node)
        answer["echo"] = hashlib.sha256(content).hexdigest()
        answer["sealed"] = base64.b64encode(_sealed(node, message.sender, content)).decode()
        answer["called_back"] = _call_back(node, message.sender) if asked["call_back"] else None
        return answer

    return PeerRoute(PATH, CONTENT_TYPE, MAX_BYTES, handle)


def conform(node: "Node", peer: str) -> Iterator[Tried]:
    """Try this node against ``peer``'s; each thing as it is done, the first that fails not last.

    1. The ledger is the network's, and this member and its keys are active on it. 2. The profile
    is the one that Membership names. 3. TLS 1.3 with the certificate of the peer's profile. 4. A
    signed and sealed message is understood, and the answer here; the peer calls back. 5. Another
    signature is refused. 6. Clocks, network, formats. 7. What the peer publishes is what is here.
    """
    yield from _own_standing(node)
    try:
        profile = node.directory.profile(peer)
    except NodeError as error:
        yield Tried("peer", FAIL, f"{error.message} {error.what_to_do}")
        return
    yield _tls(node, profile)
    answer, tried = _message(node, peer)
    yield from tried
    yield _forged(node, peer)
    if answer is not None:
        yield from _compared(node, answer)
    yield _published(node, peer, profile)


def _own_standing(node: "Node") -> Iterator[Tried]:
    yield _try("ledger", lambda: _ledger(node))
    with node.db.read() as session:
        member = session.get(Member, node.settings.member)
        active = _active_keys(session, node.settings.member)
    if member is None or member.status != MemberStatus.ACTIVE:
        yield Tried("member", FAIL, "The ledger, as this node has followed it, has it not active.")
        return
    yield Tried("member", OK, "It is an active member.")
    same = member.profile == "0x" + node.profile.hash.hex()
    says = "It is the one that Membership names." if same else "Membership names another one."
    yield Tried("profile", OK if same else FAIL, says)
    yield _try("act key", lambda: _act_key(node, active))
    witness = "0x" + key_id(node.keys.signing_key("witness").address).hex()
    known = active.get(witness) == KeyPurpose.WITNESS
    yield Tried("witness key", OK if known else LOOK, "Active." if known else "Not registered.")
    relays = sum(purpose == KeyPurpose.RELAY for purpose in active.values())
    yield Tried("relay keys", OK if relays else LOOK, f"{relays} registered.")


def _try(what: str, work: Callable[[], str]) -> Tried:
    try:
        return Tried(what, OK, work())
    except _ERRORS as error:
        return Tried(what, FAIL, f"{error.message} {error.what_to_do}")


def _ledger(node: "Node") -> str:
    check_ledger(node.rpc, node.network)
    with node.db.read() as session:
        cursor = session.get(ChainCursor, 1)
    if cursor is None:
        raise MessageMalformed("No block was followed yet.")
    return f"It is the network's; blocks are followed to {cursor.block}."


def _active_keys(session: Session, member: str) -> dict[str, int]:
    rows = session.exec(
        select(MemberKey).where(MemberKey.member == member, MemberKey.revoked_at == 0)
    )
    return {row.key: row.purpose for row in rows}


def _act_key(node: "Node", active: dict[str, int]) -> str:
    address = bytes.fromhex(str(node.signer.status()["key"]).removeprefix("0x"))
    if active.get("0x" + key_id(address).hex()) != KeyPurpose.ACT:
        raise MessageMalformed("The signer's key is not active on the ledger.")
    return "The signer answers, and its key is active on the ledger."


def _tls(node: "Node", profile: Profile) -> Tried:
    where = urlsplit(profile.peers_url)
    context = client_context(node.exchange.tls, profile.tls_certificates)
    try:
        address = (where.hostname or "", where.port or 443)
        with (
            socket.create_connection(address, ANSWER_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=where.hostname) as secure,
        ):
            spoken = secure.version()
    except OSError as error:
        return Tried("TLS", FAIL, f"{profile.peers_url} is not reached: {error}.")
    state = OK if spoken == "TLSv1.3" else FAIL
    return Tried("TLS", state, f"{spoken} with the certificate of the peer's profile.")


def _message(node: "Node", peer: str) -> tuple[dict[str, Any] | None, list[Tried]]:
    content = json.dumps({"nonce": secrets.token_hex(32), "call_back": True}).encode()
    try:
        answer = node.exchange.client.post(peer, PATH, _sealed(node, peer, content), CONTENT_TYPE)
        again = _opened(node, base64.b64decode(answer["sealed"]), peer)
    except (*_ERRORS, KeyError, ValueError, TypeError) as error:
        return None, [Tried("message", FAIL, f"No message came through: {error}.")]
    tried = []
    both = answer["echo"] == hashlib.sha256(content).hexdigest() and again == content
    says = "The peer opened the message, and this node its answer."
    tried.append(Tried("message", OK if both else FAIL, says if both else "It came back changed."))
    back = answer.get("called_back")
    says = "The peer reached this node." if back == OK else f"The peer did not reach it: {back}."
    return answer, [*tried, Tried("call back", OK if back == OK else FAIL, says)]


def _forged(node: "Node", peer: str) -> Tried:
    kid = next(iter(node.profile.message_keys))
    forger = PeerClient(
        node.settings.member, kid, Ed25519PrivateKey.generate(), node.exchange.tls, node.directory
    )
    try:
        forger.post(peer, PATH, _sealed(node, peer, b"{}"), CONTENT_TYPE)
    except NodeError as error:
        code = error.facts.get("peer_code")
        refused = code == PeerSignatureInvalid.code
        says = "Refused, as it must be." if refused else f"The peer answered {code or error}."
        return Tried("another signature", OK if refused else FAIL, says)
    finally:
        forger.close()
    return Tried("another signature", FAIL, "The peer took a message that another key has signed.")


def _compared(node: "Node", answer: dict[str, Any]) -> Iterator[Tried]:
    ours = _standing(node)
    apart = int(answer["at"]) - int(time.time())
    state = OK if abs(apart) <= CLOCK_SECONDS else FAIL
    yield Tried("clock", state, f"The peer's is {apart} s from this one's.")
    for what in ("network_id", "profile_format"):
        same = answer[what] == ours[what]
        yield Tried(what, OK if same else FAIL, "The same." if same else f"{answer[what]} there.")
    same = answer["release"] == ours["release"]
    says = f"{answer['release']} there, {ours['release']} here."
    yield Tried("release", OK if same else LOOK, says)
    height, here = answer["height"], ours["height"]
    near = isinstance(height, int) and isinstance(here, int) and abs(height - here) <= CLOCK_SECONDS
    yield Tried("height", OK if near else LOOK, f"{height} there, {here} here.")


def _published(node: "Node", peer: str, profile: Profile) -> Tried:
    try:
        theirs = Profile.from_json(node.exchange.client.get(peer, "/peer/v1/profile"))
    except _ERRORS as error:
        return Tried("published profile", FAIL, error.message)
    same = theirs == profile
    says = "The peer publishes the one that Membership names." if same else "Another one."
    return Tried("published profile", OK if same else FAIL, says)


def _standing(node: "Node") -> dict[str, JsonValue]:
    with node.db.read() as session:
        cursor = session.get(ChainCursor, 1)
    return {
        "member": node.settings.member,
        "network_id": node.network.network_id,
        "height": None if cursor is None else cursor.block,
        "at": int(time.time()),
        "release": version("lading"),
        "profile_format": FORMAT,
    }


def _call_back(node: "Node", member: str) -> str:
    content = json.dumps({"nonce": secrets.token_hex(32), "call_back": False}).encode()
    try:
        answer = node.exchange.client.post(
            member, PATH, _sealed(node, member, content), CONTENT_TYPE
        )
    except _ERRORS as error:
        return error.code
    return OK if answer.get("echo") == hashlib.sha256(content).hexdigest() else "ECHO_DIFFERS"


def _sealed(node: "Node", to: str, content: bytes) -> bytes:
    root = "0x" + hashlib.sha256(content).hexdigest()
    key = node.directory.envelope_key(to)
    return seal_for(KIND, root, node.settings.member, to, key, content)


def _opened(node: "Node", body: bytes, sender: str) -> bytes:
    key = node.keys.x25519_key("envelope")
    return open_from(KIND, body, sender, node.settings.member, key)


def _asked(content: bytes) -> dict[str, Any]:
    try:
        asked = parse_json(content, max_bytes=MAX_BYTES)
    except PrivacyError as error:
        raise MessageMalformed("The message is not JSON.") from error
    if not isinstance(asked, dict) or set(asked) != {"nonce", "call_back"}:
        raise MessageMalformed("The message is not one of a conformance check.")
    return asked
