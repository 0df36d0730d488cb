"""network.json: the one file that says which ledger, contracts, council and witnesses are meant.

Every member and every verifier holds a copy, signed by the council. Reading it is strict: another
field, upper-case hex or a missing one is refused. It holds nothing secret. Format:
network.schema.json; what is signed: the statement "network" over the file without ``signatures``.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
import structlog
from eth_hash.auto import keccak
from jsonschema import Draft202012Validator

from identity.acts.typed import Domain
from identity.errors import SignatureInvalid
from identity.keys.secp256k1 import SigningKey
from identity.signatures.statements import recover_statement, sign_statement
from node.chain.errors import CouncilSignatureMissing, LedgerDiffers, NetworkMalformed, RpcRefused
from node.chain.profile import Profile, profile
from node.chain.rpc import Ledger, read_bytes
from node.metrics import ledger_faults

FILE_BYTES_LIMIT = 4 * 1024 * 1024
STATEMENT_KIND = "network"
log = structlog.get_logger("network")

CONTRACT_NAMES = ("Network", "Membership", "Devices", "Titles", "Releases", "Attestations")
SUCCEEDED_NAMES = tuple(name for name in CONTRACT_NAMES if name != "Network")
"""The contracts whose addresses a version names, in its order; Network itself stays."""


@dataclass(frozen=True)
class Seat:
    """A council seat: the member that holds it and the address of its council key."""

    member: str
    key: str


@dataclass(frozen=True)
class Witness:
    """A witness key (an address) and the heights it may sign for; ``until_height`` inclusive."""

    member: str
    key: str
    from_height: int
    until_height: int | None = None


@dataclass(frozen=True)
class WaitingTimes:
    """The founding rulebook's waiting times in seconds, as Membership was deployed with them.

    From a recorded default to the pledgee's enforcement, and from a freeze to a transfer.
    """

    enforcement_seconds: int
    transfer_seconds: int


@dataclass(frozen=True)
class DeployedContract:
    """Where a contract stands and keccak256 of its runtime code."""

    address: str
    code_hash: str


@dataclass(frozen=True)
class Version:
    """A version of the contracts after the founding: those that it put in place of others.

    ``version`` is 2 for the first of them; ``from_height`` the block of the act that activated it.
    """

    version: int
    from_height: int
    contracts: Mapping[str, DeployedContract]


@dataclass(frozen=True)
class CouncilSignature:
    """One seat's signature of this file: ``0x`` and 130 hex digits."""

    member: str
    signature: str


@dataclass(frozen=True)
class Network:
    """network.json, read. Ids, hashes and addresses are ``0x`` and lower-case hex.

    Attributes:
        network_id: the salt of every act's domain; see ``network_id``.
        engine: which ledger software, as a word: ``embedded``, ``avalanche``.
        operator: who alone runs the ledger, if one party does; an evidence file says so.
        deployed_height: the block of the first contract; nothing of interest is below it.
        contracts: the founding ones.
        threshold, seats, rulebook, waiting: at the founding; what the council changed later
            stands on the ledger.
        versions: of the contracts, those after the founding that the council has signed for.
        engine_bundle: SHA-256 of the bundle that a newcomer's validator starts from, of an engine
            that has one.
    """

    chain_id: int
    network_id: str
    nonce: str
    genesis: str
    engine: str
    operator: str | None
    deployed_height: int
    contracts: Mapping[str, DeployedContract]
    threshold: int
    seats: tuple[Seat, ...]
    rulebook: str
    waiting: WaitingTimes
    witnesses: tuple[Witness, ...]
    signatures: tuple[CouncilSignature, ...] = ()
    versions: tuple[Version, ...] = ()
    engine_bundle: str | None = None

    @property
    def profile(self) -> Profile:
        """The engine's ways; raises EngineUnknown."""
        return profile(self.engine)

    @property
    def version(self) -> int:
        """The last version that this file knows; 1 for the founding contracts."""
        return self.versions[-1].version if self.versions else 1

    @property
    def latest(self) -> Mapping[str, DeployedContract]:
        """The contracts of the last version that this file knows, by name."""
        found = dict(self.contracts)
        for version in self.versions:
            found |= version.contracts
        return found

    def address(self, contract: str) -> bytes:
        """Return the address (20 bytes) of the contract in the last version that is known."""
        return read_bytes(self.latest[contract].address)

    def domain(self, contract: str) -> Domain:
        """Return the EIP-712 domain of acts that ``contract`` executes."""
        return Domain(self.chain_id, self.address(contract), read_bytes(self.network_id))

    def witnesses_at(self, height: int) -> dict[str, str]:
        """Return witness key → member for the keys that may sign for ``height``."""
        return {
            witness.key: witness.member
            for witness in self.witnesses
            if witness.from_height <= height
            and (witness.until_height is None or height <= witness.until_height)
        }

    def body(self) -> dict[str, Any]:
        """Return what the council signs: the file without its signatures."""
        bundle = {} if self.engine_bundle is None else {"engine_bundle": self.engine_bundle}
        return bundle | {
            "network": 2,
            "chain_id": self.chain_id,
            "network_id": self.network_id,
            "nonce": self.nonce,
            "genesis": self.genesis,
            "engine": self.engine,
            "operator": self.operator,
            "deployed_height": self.deployed_height,
            "contracts": {name: vars(contract) for name, contract in self.contracts.items()},
            "versions": [
                {
                    "version": version.version,
                    "from_height": version.from_height,
                    "contracts": {name: vars(each) for name, each in version.contracts.items()},
                }
                for version in self.versions
            ],
            "council": {"threshold": self.threshold, "seats": [vars(seat) for seat in self.seats]},
            "rulebook": self.rulebook,
            "waiting": vars(self.waiting),
            "witnesses": [vars(witness) for witness in self.witnesses],
        }

    def signed_by(self, member: str, key: SigningKey) -> "Network":
        """Return this network with the signature of one council seat added or replaced."""
        signature = CouncilSignature(member, sign_statement(STATEMENT_KIND, self.body(), key))
        others = tuple(given for given in self.signatures if given.member != member)
        return replace(self, signatures=(*others, signature))


def network_id(
    seats: Sequence[Seat], threshold: int, genesis: str, chain_id: int, nonce: str
) -> str:
    """Return the network's id: a hash of what is known before any contract is deployed.

    SHA-256 of ``lading/network-id/1``, 0x00 and the RFC 8785 form of ``{"chain_id", "council":
    {"seats": [{"key", "member"}], "threshold"}, "genesis", "nonce"}``; ``0x`` hex.
    """
    body: dict[str, Any] = {
        "council": {"threshold": threshold, "seats": [vars(seat) for seat in seats]},
        "genesis": genesis,
        "chain_id": chain_id,
        "nonce": nonce,
    }
    digest = hashlib.sha256(b"lading/network-id/1\x00" + rfc8785.dumps(body))
    return "0x" + digest.hexdigest()


def parse(text: bytes) -> Network:
    """Read network.json; signatures are not checked here.

    Raises:
        NetworkMalformed: over 4 MiB, not JSON, or not the format.
    """
    if len(text) > FILE_BYTES_LIMIT:
        raise NetworkMalformed(f"network.json is over {FILE_BYTES_LIMIT} bytes.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NetworkMalformed(f"network.json is not JSON: {error}.") from error
    fault = next(iter(_validator().iter_errors(data)), None)
    if fault is not None:
        raise NetworkMalformed(f"network.json at {fault.json_path}: {fault.message[:200]}.")
    return Network(
        chain_id=data["chain_id"],
        network_id=data["network_id"],
        nonce=data["nonce"],
        genesis=data["genesis"],
        engine=data["engine"],
        operator=data["operator"],
        engine_bundle=data.get("engine_bundle"),
        deployed_height=data["deployed_height"],
        contracts={name: DeployedContract(**data["contracts"][name]) for name in CONTRACT_NAMES},
        threshold=data["council"]["threshold"],
        seats=tuple(Seat(**seat) for seat in data["council"]["seats"]),
        rulebook=data["rulebook"],
        waiting=WaitingTimes(**data["waiting"]),
        witnesses=tuple(Witness(**witness) for witness in data["witnesses"]),
        signatures=tuple(CouncilSignature(**signature) for signature in data["signatures"]),
        versions=tuple(
            Version(
                given["version"],
                given["from_height"],
                {name: DeployedContract(**each) for name, each in given["contracts"].items()},
            )
            for given in data["versions"]
        ),
    )


def load(path: Path) -> Network:
    """Read the file at ``path`` and check its council signatures.

    Raises:
        NetworkMalformed: it cannot be read or does not follow the format.
        CouncilSignatureMissing: as in ``check``.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise NetworkMalformed(f"network.json cannot be read: {error}.") from error
    network = parse(text)
    check(network)
    return network


class NetworkFile:
    """The file at ``path``, read again when it was replaced by a later one of the same network.

    One that cannot be relied on, or is another network's, is as good as none: the last one stays.
    Safe to use from several threads.

    Raises: as ``load``, at the first reading alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _stamp(path)
        self._network = load(path)

    def current(self) -> Network:
        """Return the network; another object only when the file has changed."""
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._seen:
            self._seen = stamp
            try:
                found = load(self._path)
            except (NetworkMalformed, CouncilSignatureMissing) as error:
                log.warning("network.json was replaced by what cannot be used", code=error.code)
                return self._network
            if follows(found, self._network):
                self._network = found
            else:
                log.warning("network.json was replaced by another network's, or an earlier one")
        return self._network


def follows(later: Network, earlier: Network) -> bool:
    """Say whether one file may take the other's place: the same network, and no version less."""
    return (
        later.network_id == earlier.network_id
        and later.contracts == earlier.contracts
        and later.versions[: len(earlier.versions)] == earlier.versions
    )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def save(network: Network, path: Path) -> None:
    """Write the file so that a reader sees the old one or the new one, never a part."""
    body = network.body() | {"signatures": [vars(given) for given in network.signatures]}
    waiting = path.with_name(path.name + ".new")
    with waiting.open("w", encoding="utf-8") as file:
        json.dump(body, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def check(network: Network) -> None:
    """Check the file in itself: its id and its council's signatures.

    Steps: (1) no seat and no key stands twice, the threshold can be reached, and versions follow
    each other; (2) the network
    id is the hash of the founding inputs; (3) at least ``threshold`` seats have signed. Whether
    this council is the right one is the question of whoever installs the file.

    Raises:
        NetworkMalformed: step 1 or 2 fails.
        CouncilSignatureMissing: step 3 fails.
    """
    keys = {seat.member: seat.key for seat in network.seats}
    if len(keys) != len(network.seats) or len(set(keys.values())) != len(keys):
        raise NetworkMalformed("A council seat or key stands twice.")
    if network.threshold > len(keys):
        raise NetworkMalformed("The council has fewer seats than its threshold.")
    if [each.version for each in network.versions] != list(range(2, network.version + 1)):
        raise NetworkMalformed("The versions of the contracts do not follow each other.")
    expected = network_id(
        network.seats, network.threshold, network.genesis, network.chain_id, network.nonce
    )
    if network.network_id != expected:
        raise NetworkMalformed("The network id is not that of these founding inputs.")
    signed = {given.member for given in network.signatures if _is_signed(network, keys, given)}
    if len(signed) < network.threshold:
        raise CouncilSignatureMissing(
            f"{len(signed)} council seats have signed this network.json; it needs"
            f" {network.threshold}.",
            signed=len(signed),
            threshold=network.threshold,
        )


def check_ledger(ledger: Ledger, network: Network) -> None:
    """Check that ``ledger`` is the one meant: chain id, genesis, and each contract's code.

    Raises:
        LedgerDiffers: one of them is another; facts say which.
        LedgerUnavailable: no answer.
    """
    meant = [*network.contracts.items()]
    meant += [each for version in network.versions for each in version.contracts.items()]
    chain_id, genesis, *codes = ledger.batch(
        [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])]
        + [("eth_getCode", [contract.address, "latest"]) for _, contract in meant]
    )
    if isinstance(chain_id, RpcRefused) or int(chain_id, 16) != network.chain_id:
        ledger_faults.labels("other_ledger").inc()
        raise LedgerDiffers("The ledger has another chain id.", expected=network.chain_id)
    if isinstance(genesis, RpcRefused) or not genesis or genesis["hash"] != network.genesis:
        ledger_faults.labels("other_ledger").inc()
        raise LedgerDiffers("The ledger has another genesis block.", expected=network.genesis)
    for (name, contract), code in zip(meant, codes, strict=True):
        if isinstance(code, RpcRefused) or code_hash(read_bytes(code)) != contract.code_hash:
            ledger_faults.labels("other_ledger").inc()
            raise LedgerDiffers(
                f"The contract {name} has other code on this ledger.", contract=name
            )


def code_hash(code: bytes) -> str:
    """Return keccak256 of runtime code (EVM's EXTCODEHASH) as ``0x`` hex."""
    return "0x" + keccak(code).hex()


def _is_signed(network: Network, keys: dict[str, str], given: CouncilSignature) -> bool:
    try:
        address = recover_statement(STATEMENT_KIND, network.body(), given.signature)
    except SignatureInvalid:
        return False
    return keys.get(given.member) == "0x" + address.hex()


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((Path(__file__).parent / "network.schema.json").read_bytes())
    return Draft202012Validator(schema)
