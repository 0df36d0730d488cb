"""What the signer is told at start, from two files of its directory.

``signer.json`` is the member's own; ``network.json`` is the network's, signed by its council.
The domain of every act comes from the second alone: no request can name another network, chain
or contract.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from identity.acts.typed import Domain
from identity.acts.types import ACT_TYPES
from identity.errors import IdentityError, SettingsUnusable
from identity.signatures.statements import recover_statement
from identity.strict_json import read_json

FORMAT = 1
MAX_FILE_BYTES = 1024 * 1024
MAX_SOCKET_PATH_BYTES = 107  # sockaddr_un has 108 with the closing zero
MAX_TTL_SECONDS = 7 * 24 * 3600
RATE_PER_SECOND = 1000.0
BURST = 1000
_OPTIONAL = {
    "act_key",
    "act_keys",
    "pkcs11",
    "max_ttl_seconds",
    "rate_per_second",
    "burst",
    "authority",
    "authority_number",
    "national",
}


@dataclass(frozen=True)
class SignerSettings:
    """One signer's settings.

    Attributes:
        directory: holds signer.json, network.json, signer.keys.json, the audit file, the socket.
        member: the member whose acts it signs, 32 bytes.
        verbs: the acts it signs; lane and council acts can never be among them.
        domains: for each contract's name, the domain of its acts.
        act_keys: names of the keys that sign acts, each with the second (UTC) from which it does;
            the latest that has begun signs, so that a new key takes over by itself.
        token: the PKCS#11 library and token with the keys; None: they are in the key store.
        max_ttl_seconds: how far ahead an act may expire, at most seven days.
        rate_per_second, burst: signatures a second for long, and at once.
        authority: the fingerprint of the administrators whose authority file must be there; None:
            without a file, whoever reaches the socket may ask for every verb.
        authority_number: of the file that was installed last; none before it counts.
        national: whether every act is co-signed with the member's SM2 key.
    """

    directory: Path
    member: bytes
    verbs: frozenset[str]
    domains: Mapping[str, Domain]
    act_keys: tuple[tuple[str, int], ...] = (("act", 0),)
    token: tuple[Path, str] | None = None
    max_ttl_seconds: int = MAX_TTL_SECONDS
    rate_per_second: float = RATE_PER_SECOND
    burst: int = BURST
    authority: str | None = None
    authority_number: int = 0
    national: bool = False

    @property
    def national_certificate(self) -> Path:
        """The SM2 key's certificate and what issued it, PEM."""
        return self.directory / "national.pem"

    @property
    def socket(self) -> Path:
        """The signer's local socket."""
        return self.directory / "signer.sock"

    @property
    def keystore(self) -> Path:
        """The signer's own key store."""
        return self.directory / "signer.keys.json"

    @property
    def audit(self) -> Path:
        """The signer's own audit file, JSON lines."""
        return self.directory / "signer.audit.jsonl"

    @property
    def authority_file(self) -> Path:
        """The signer's own copy of the authority file."""
        return self.directory / "signer.authority.json"

    @staticmethod
    def load(directory: Path) -> "SignerSettings":
        """Read the directory's two files.

        Raises:
            SettingsUnusable: the directory is open to others, its path too long for a socket, a
                file missing or not of its format, a verb that is not a member's to sign, or a
                network.json without enough signatures of its council.
        """
        directory = directory.resolve()
        check_directory(directory)
        given = read_file(directory / "signer.json")
        required = {"signer", "member", "verbs"}
        if not required <= set(given) <= required | _OPTIONAL or given["signer"] != FORMAT:
            raise SettingsUnusable("signer.json has missing or unknown settings, or is too new.")
        return SignerSettings(
            directory=directory,
            member=hex_of(given["member"], 32, "member"),
            verbs=_verbs(given["verbs"]),
            domains=domains_of(read_file(directory / "network.json")),
            act_keys=_act_keys(given),
            token=_token(given.get("pkcs11")),
            max_ttl_seconds=int(
                _number(given, "max_ttl_seconds", MAX_TTL_SECONDS, MAX_TTL_SECONDS)
            ),
            rate_per_second=_number(given, "rate_per_second", RATE_PER_SECOND, 1e6),
            burst=int(_number(given, "burst", BURST, 1e6)),
            authority=_fingerprint(given.get("authority")),
            authority_number=int(_number(given, "authority_number", 1, 2**40)),
            national=_flag(given, "national"),
        )


class Domains:
    """The domains by the directory's network.json, read again when it was replaced.

    One that does not carry its council's signatures, or is another network's, changes nothing.
    """

    def __init__(self, settings: SignerSettings) -> None:
        self._path = settings.directory / "network.json"
        self._stamp = _stamp(self._path)
        self._domains = settings.domains

    def current(self) -> Mapping[str, Domain]:
        """Return the domain of each contract's acts, by its name."""
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            self._stamp = stamp
            with contextlib.suppress(SettingsUnusable):
                found = domains_of(read_file(self._path))
                if _network_of(found) == _network_of(self._domains):
                    self._domains = found
        return self._domains


def _network_of(domains: Mapping[str, Domain]) -> set[tuple[int, bytes]]:
    return {(domain.chain_id, domain.network_id) for domain in domains.values()}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def check_directory(directory: Path) -> None:
    """Raise SettingsUnusable unless the directory is there, closed to others, and short enough."""
    try:
        mode = directory.stat().st_mode
    except OSError as error:
        raise SettingsUnusable(f"There is no directory {directory}.") from error
    if mode & 0o077:
        raise SettingsUnusable(f"{directory} is open to other users; make it 0700.")
    length = len(bytes(directory / "signer.sock"))
    if length > MAX_SOCKET_PATH_BYTES:
        raise SettingsUnusable(
            f"The socket's path has {length} bytes; {MAX_SOCKET_PATH_BYTES} are the most. "
            "Use a directory with a shorter path."
        )


def read_file(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; raises SettingsUnusable."""
    try:
        with path.open("rb") as file:
            data = read_json(file.read(MAX_FILE_BYTES))
    except (OSError, ValueError) as error:
        raise SettingsUnusable(f"{path.name} cannot be read as JSON.") from error
    if not isinstance(data, dict):
        raise SettingsUnusable(f"{path.name} is not one JSON object.")
    return data


def _verbs(given: object) -> frozenset[str]:
    if not isinstance(given, list) or not given:
        raise SettingsUnusable("signer.json names no verbs.")
    for name in given:
        act_type = ACT_TYPES.get(name) if isinstance(name, str) else None
        if act_type is None or act_type.signer not in ("member", "authority"):
            raise SettingsUnusable(f"{str(name)[:64]!r} is not a verb that a member's key signs.")
    return frozenset(given)


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise SettingsUnusable(f"signer.json: {name} is true or false.")
    return value


def _number(given: dict[str, Any], name: str, default: float, most: float) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise SettingsUnusable(f"signer.json: {name} is a number above 0, at most {most:g}.")
    return value


def _act_keys(given: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """``act_keys`` is a list of ``{"name", "from"}``; ``act_key`` names one key alone."""
    rows = given.get("act_keys", [{"name": str(given.get("act_key", "act")), "from": 0}])
    try:
        keys = sorted(((str(row["name"]), int(row["from"])) for row in rows), key=lambda k: k[1])
    except (TypeError, KeyError, ValueError) as error:
        raise SettingsUnusable("signer.json: act_keys is a list of {name, from}.") from error
    if not keys or ("act_key" in given and "act_keys" in given):
        raise SettingsUnusable("signer.json: act_keys is empty, or stands beside act_key.")
    return tuple(keys)


def _token(given: object) -> tuple[Path, str] | None:
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) != {"library", "token"}:
        raise SettingsUnusable("signer.json: pkcs11 is {library, token}.")
    return Path(str(given["library"])), str(given["token"])


def _fingerprint(given: object) -> str | None:
    if given is not None:
        hex_of(given, 32, "authority")
    return None if given is None else str(given)


def hex_of(value: object, length: int, name: str) -> bytes:
    """Return the bytes of ``0x`` and hex digits; raises SettingsUnusable."""
    if not isinstance(value, str) or not re.fullmatch(f"0x[0-9a-f]{{{2 * length}}}", value):
        raise SettingsUnusable(f"{name} is not 0x and {2 * length} lower-case hex digits.")
    return bytes.fromhex(value[2:])


def domains_of(network: dict[str, Any]) -> dict[str, Domain]:
    """Return each contract's domain by a network.json; raises SettingsUnusable."""
    try:
        _check_signatures(network)
        chain_id = network["chain_id"]
        if isinstance(chain_id, bool) or not isinstance(chain_id, int):
            raise SettingsUnusable("network.json: chain_id is not an integer.")
        network_id = hex_of(network["network_id"], 32, "network_id")
        latest = dict(network["contracts"])
        for version in network["versions"]:
            latest |= version["contracts"]
        return {
            name: Domain(chain_id, hex_of(contract["address"], 20, name), network_id)
            for name, contract in latest.items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsUnusable("network.json lacks a field, or one is of another type.") from error


def _check_signatures(network: dict[str, Any]) -> None:
    """Check that enough of the file's own council signed the rest of it.

    It shows that no one without council keys changed a contract's address in this copy; which
    council is the right one is for whoever put the file here to know.
    """
    body = {name: value for name, value in network.items() if name != "signatures"}
    keys = {seat["member"]: hex_of(seat["key"], 20, "key") for seat in network["council"]["seats"]}
    signed = set()
    for item in network["signatures"]:
        try:
            address = recover_statement("network", body, item["signature"])
        except IdentityError:
            continue
        if address == keys.get(item["member"]):
            signed.add(item["member"])
    threshold = network["council"]["threshold"]
    if threshold < 1 or len(signed) < threshold:
        raise SettingsUnusable(
            f"network.json has {len(signed)} valid council signatures and needs {threshold}."
        )
