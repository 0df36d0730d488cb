"""What a sensor at the lane says it read: signed by the sensor, checked here.

A reading is ``{"lane", "container", "direction", "occurred_at", "sensor", "signature"}``. The
sensor's Ed25519 key signs the RFC 8785 bytes of the object without ``signature``; ``signature``
is 0x and 128 lower-case hex digits. An equipment interchange has one field more,
``damage``: the hash of its damage record, 0x and 64 lower-case hex digits. ``occurred_at`` is UTC
with or without milliseconds; two containers in one second need them, for the same bytes are the
same reading. When it happened is the sensor's word; when it was recorded is the journal's.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_oracles.errors import (
    OtherLane,
    ReadingAhead,
    ReadingForged,
    ReadingMalformed,
    ReadingStale,
    SensorUnknown,
)
from privacy.canonical import canonical_json, parse_json
from privacy.errors import PrivacyError

Direction = Literal["out", "in"]
FIELDS = frozenset({"lane", "container", "direction", "occurred_at", "sensor", "signature"})
DAMAGE = "damage"
MAX_READING_BYTES = 4_096
MAX_AGE_SECONDS = 300
MAX_AHEAD_SECONDS = 30
_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", re.ASCII)


@dataclass(frozen=True)
class Reading:
    """One signed reading; ``occurred_at`` is in UTC seconds.

    ``damage`` is the hash of an equipment interchange's damage record, 32 bytes; None for a
    container that passes.
    """

    lane: str
    container: str
    direction: Direction
    occurred_at: int
    sensor: str
    signed: dict[str, str]
    damage: bytes | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of the signed reading by RFC 8785, hex: its name in the journal."""
        return sha256(canonical_json(dict(self.signed))).hexdigest()


def parse_reading(data: bytes) -> Reading:
    """Read one reading; raises ReadingMalformed. Nothing of its content is believed yet."""
    try:
        value = parse_json(data, max_bytes=MAX_READING_BYTES)
    except PrivacyError as error:
        raise ReadingMalformed(error.message) from error
    if not isinstance(value, dict) or set(value) - {DAMAGE} != FIELDS:
        raise ReadingMalformed(f"A reading has the fields {', '.join(sorted(FIELDS))}.")
    if not all(isinstance(text, str) and len(text) <= 200 for text in value.values()):
        raise ReadingMalformed("Every field of a reading is a short text.")
    signed = cast(dict[str, str], value)
    if signed["direction"] not in ("out", "in"):
        raise ReadingMalformed('The direction is "out" or "in".')
    return Reading(
        lane=signed["lane"],
        container=signed["container"],
        direction=cast(Direction, signed["direction"]),
        occurred_at=_seconds(signed["occurred_at"]),
        sensor=signed["sensor"],
        signed=signed,
        damage=_damage(signed),
    )


def check_reading(reading: Reading, lane: str, sensors: dict[str, bytes]) -> None:
    """Check that this lane's sensor signed it, whatever its age.

    Args:
        lane: the lane's id, as in its settings.
        sensors: name to Ed25519 public key, 32 bytes.

    Raises: OtherLane, SensorUnknown, ReadingForged.
    """
    if reading.lane != lane:
        raise OtherLane("The reading names another lane.", lane=reading.lane)
    key = sensors.get(reading.sensor)
    if key is None:
        raise SensorUnknown("The reading names a sensor this lane does not have.")
    signature = reading.signed["signature"]
    body = {name: text for name, text in reading.signed.items() if name != "signature"}
    try:
        raw = bytes.fromhex(signature.removeprefix("0x"))
        if signature != "0x" + raw.hex():
            raise ValueError("another spelling of the same bytes")
        Ed25519PublicKey.from_public_bytes(key).verify(raw, canonical_json(dict(body)))
    except (InvalidSignature, ValueError) as error:
        raise ReadingForged(
            f"The signature is not that of sensor {reading.sensor}.", sensor=reading.sensor
        ) from error


def check_fresh(reading: Reading, now: int) -> None:
    """Refuse a reading of more than 300 s ago or 30 s ahead; ``now`` in UTC seconds.

    Raises: ReadingStale, ReadingAhead.
    """
    age = now - reading.occurred_at
    if age > MAX_AGE_SECONDS:
        raise ReadingStale(f"The reading is {age} seconds old.", age_seconds=age)
    if age < -MAX_AHEAD_SECONDS:
        raise ReadingAhead(f"The reading lies {-age} seconds ahead.", ahead_seconds=-age)


def reports_hash(readings: list[Reading]) -> bytes:
    """SHA-256 of the list of signed readings by RFC 8785, 32 bytes: what the lane act carries."""
    return sha256(canonical_json([dict(reading.signed) for reading in readings])).digest()


def _damage(signed: dict[str, str]) -> bytes | None:
    if DAMAGE not in signed:
        return None
    if not _HASH.fullmatch(signed[DAMAGE]):
        raise ReadingMalformed("damage is 0x and 64 lower-case hexadecimal digits.")
    return bytes.fromhex(signed[DAMAGE][2:])


def _seconds(text: str) -> int:
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError("not the one form")
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise ReadingMalformed("occurred_at is UTC, as in 2026-05-01T10:00:00.250Z.") from error
