"""The gateway's settings: one file, read once at start; no secret stands in it.

The token for the member's API comes from LADING_TOKEN, the key store's passphrase from
LADING_KEYSTORE_PASSPHRASE. Paths are relative to the file.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError

from device_oracles.errors import SettingsInvalid
from identity.acts.typed import Domain

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Listen(BaseModel):
    """Where sensors send their readings: this machine only, or a wire that only they are on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)]


class GatewaySettings(BaseModel):
    """One lane: its id, its member (the terminal), its files, its sensors' public keys.

    Attributes:
        lane: the lane's id in Devices; ``member``: the terminal's member id.
        network: the network.json that the terminal trusts; domain and contracts come from it.
        keystore, key: the lane's own key store, and the key's name in it.
        journal: the append-only file of readings, counters, acts and outcomes.
        member_api: the address of the member's API.
        sensors: name to Ed25519 public key, 0x and 64 hex digits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: Literal[1]
    lane: Hex32
    member: Hex32
    network: Path
    keystore: Path
    key: Name = "lane"
    journal: Path
    member_api: HttpUrl
    listen: Listen
    sensors: Annotated[dict[Name, Hex32], Field(min_length=1)]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; raises SettingsInvalid."""
        try:
            settings = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise SettingsInvalid(f"{path} cannot be read.") from error
        except ValidationError as error:
            wrong = sorted(".".join(map(str, item["loc"])) for item in error.errors())
            raise SettingsInvalid(
                f"{path} is not a gateway's settings: {', '.join(wrong)}."
            ) from error
        base = path.resolve().parent
        return settings.model_copy(
            update={
                name: base / getattr(settings, name) for name in ("network", "keystore", "journal")
            }
        )

    @property
    def sensor_keys(self) -> dict[str, bytes]:
        """Name to Ed25519 public key, 32 bytes."""
        return {name: bytes.fromhex(key[2:]) for name, key in self.sensors.items()}

    def releases_domain(self) -> Domain:
        """Where this lane's acts count: Releases of the network it was commissioned for.

        Raises: SettingsInvalid.
        """
        try:
            network: dict[str, Any] = json.loads(self.network.read_bytes())
            return Domain(
                chain_id=TypeAdapter(int).validate_python(network["chain_id"]),
                verifying_contract=_bytes(network["contracts"]["Releases"]["address"], 20),
                network_id=_bytes(network["network_id"], 32),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsInvalid(f"{self.network} is not a network file.") from error


def _bytes(text: str, length: int) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != length:
        raise ValueError(f"not {length} bytes")
    return value
