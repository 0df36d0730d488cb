"""One organisation's engine directory: its keys, and the public half that the founders exchange.

``<organisation>/engine`` (0700) holds everything of its validator. Its keys are the validator's own
(TLS certificate and BLS key, in the clear, because the engine reads them), and in an encrypted key
store the council key, which signs P-chain transactions, and the operator's account, which manages
the allow lists. At the founding one organisation also holds the founding key.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import SigningKey
from node.engine.errors import EngineDirectoryExists, EngineFileInvalid
from node.engine.programs import Programs
from node.member import ENGINE, write_json

STORE = "engine.keys.json"
# All networks but the public ones write their addresses the same way.
ANY_NETWORK = 20261
COUNCIL, OPERATOR, FOUNDING = "council", "operator", "founding"


@dataclass(frozen=True)
class PublicHalf:
    """What an organisation gives the others before the founding, or before it joins.

    Attributes:
        name: the organisation's, as the directory is called; unique in the network.
        host, peers_port: where the other validators reach this one.
        node_id, signer: of its TLS certificate and its BLS key, with the proof of possession.
        council: P-chain address of its council key.
        operator: its operator account on the chain, ``0x`` hex.
        founding: P-chain address of the founding key, at the one organisation that holds it.
        member: its id in Membership, ``0x`` hex, once it has one.
    """

    name: str
    host: str
    peers_port: int
    node_id: str
    signer: Mapping[str, str]
    council: str
    operator: str
    founding: str | None = None
    member: str | None = None

    @staticmethod
    def read(told: Any) -> "PublicHalf":
        """Read ``public.json``; raises EngineFileInvalid."""
        try:
            half = PublicHalf(**told)
            texts = (half.name, half.host, half.node_id, half.council, half.operator)
            if not all(isinstance(text, str) and text for text in texts):
                raise ValueError("a field is empty")
            if not 0 < half.peers_port < 65536 or set(half.signer) != SIGNER_FIELDS:
                raise ValueError("a field is of another kind")
        except (TypeError, ValueError) as error:
            raise EngineFileInvalid(f"This is no public half: {error}.") from error
        return half

    @property
    def identity(self) -> dict[str, Any]:
        """The validator's identity, as ``lading-avalanche`` reads it."""
        return {"node_id": self.node_id, "signer": dict(self.signer)}

    def to_json(self) -> dict[str, Any]:
        """Return the fields of ``public.json``."""
        return asdict(self)


SIGNER_FIELDS = {"publicKey", "proofOfPossession"}


@dataclass(frozen=True)
class Organisation:
    """An engine directory that ``make_keys`` made."""

    directory: Path

    @staticmethod
    def of(directory: Path) -> "Organisation":
        """Return the organisation of a member's directory, or of the engine's in it.

        Raises: EngineFileInvalid.
        """
        for home in (directory / ENGINE, directory):
            if is_engine(home):
                return Organisation(home.resolve())
        raise EngineFileInvalid(f"{directory} holds no engine; make one: lading network keys.")

    @property
    def settings(self) -> dict[str, Any]:
        """``engine.json``: where the RPC is bound, which programs, what is put before them."""
        told: dict[str, Any] = json.loads((self.directory / "engine.json").read_bytes())
        return told

    @property
    def programs(self) -> Programs:
        """The programs this validator runs: the folder it names, or the present one."""
        named = self.settings.get("programs")
        return Programs(Path(named)) if named else Programs.found()

    @property
    def public(self) -> PublicHalf:
        """Its own public half."""
        return PublicHalf.read(json.loads((self.directory / "public.json").read_bytes()))

    @property
    def url(self) -> str:
        """Its own node, for the engine's own interfaces."""
        told = self.settings
        return f"http://{told['rpc_host']}:{told['rpc_port']}"

    def key(self, name: str, passphrase: str) -> SigningKey:
        """Return a key; raises KeystoreUnavailable, WrongPassphrase, KeyMissing."""
        return Keystore.open(self.directory / STORE, passphrase).signing_key(name)

    def holds_founding_key(self) -> bool:
        """Whether this organisation holds the founding key."""
        return self.public.founding is not None


def is_engine(directory: Path) -> bool:
    """Whether ``directory`` is an engine's."""
    return (directory / "public.json").exists()


def make_keys(
    home: Path,
    name: str,
    host: str,
    ports: tuple[int, int],
    passphrase: str,
    rpc_host: str = "127.0.0.1",
    founding: bool = False,
    member: str | None = None,
) -> Organisation:
    """Make an organisation's engine directory, ``home/engine``; it must not exist.

    Args:
        host: the IP address at which the other validators reach this one.
        ports: of the RPC, on ``rpc_host``, and of the peers.
        founding: whether it also holds the founding key.

    Raises:
        EngineFileInvalid: ``host`` is no IP address.
        EngineDirectoryExists, EngineMissing, KeystoreUnavailable.
    """
    directory = home / ENGINE
    try:
        ip_address(host)
    except ValueError as error:
        raise EngineFileInvalid(f"{host} is no IP address; the engine takes no names.") from error
    if directory.exists():
        raise EngineDirectoryExists(f"{directory} exists.")
    programs = Programs.found()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.mkdir(mode=0o700)
    identity = programs.ask("keys", {"directory": str(directory / "staking")})
    store = Keystore.create(directory / STORE, passphrase)

    def address(key: str) -> str:
        store.add(key, KeyKind.SECP256K1, key)
        private = store.signing_key(key).private.hex()
        told = programs.ask("address", {"network_id": ANY_NETWORK, "private_key": private})
        return str(told["address"])

    half = PublicHalf(
        name=name,
        host=host,
        peers_port=ports[1],
        node_id=identity["node_id"],
        signer=identity["signer"],
        council=address(COUNCIL),
        operator="0x" + store.add(OPERATOR, KeyKind.SECP256K1, OPERATOR).public.hex(),
        founding=address(FOUNDING) if founding else None,
        member=member,
    )
    write_json(
        directory / "engine.json",
        {
            "engine": 1,
            "rpc_host": rpc_host,
            "rpc_port": ports[0],
            "programs": None,
            "launch": [],
            "allowed_nodes": [],
        },
    )
    write_json(directory / "public.json", half.to_json())
    return Organisation(directory)
