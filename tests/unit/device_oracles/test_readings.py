"""Signed readings: who may say that a container stands at the lane."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_oracles.errors import (
    OtherLane,
    ReadingAhead,
    ReadingForged,
    ReadingMalformed,
    ReadingStale,
    SensorUnknown,
)
from device_oracles.intake.readings import (
    check_fresh,
    check_reading,
    parse_reading,
    reports_hash,
)
from privacy.canonical import canonical_json

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LANE = "0x" + "1a" * 32
SENSORS = {"ocr-1": KEY.public_key().public_bytes_raw()}
NOW = 1_777_629_600  # 2026-05-01T10:00:00Z


def signed(**changes: Any) -> dict[str, Any]:
    body = {
        "lane": LANE,
        "container": "MAEU6543213",
        "direction": "out",
        "occurred_at": "2026-05-01T10:00:00Z",
        "sensor": "ocr-1",
    } | changes
    return body | {"signature": "0x" + KEY.sign(canonical_json(body)).hex()}


def parsed(**changes: Any) -> Any:
    return parse_reading(json.dumps(signed(**changes)).encode())


def test_a_sensors_own_reading_is_taken() -> None:
    reading = parsed()
    check_reading(reading, LANE, SENSORS)
    check_fresh(reading, NOW)
    assert reading.occurred_at == NOW


@pytest.mark.parametrize("field", ["container", "direction", "occurred_at"])
def test_a_reading_changed_after_signing_is_refused(field: str) -> None:
    changed = {
        "container": "MSKU1234565",
        "direction": "in",
        "occurred_at": "2026-05-01T10:00:01Z",
    }
    forged = signed() | {field: changed[field]}
    with pytest.raises(ReadingForged):
        check_reading(parse_reading(json.dumps(forged).encode()), LANE, SENSORS)


@pytest.mark.parametrize("signature", ["", "0x", "0x" + "0" * 128, "not hex"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    forged = signed() | {"signature": signature}
    with pytest.raises(ReadingForged):
        check_reading(parse_reading(json.dumps(forged).encode()), LANE, SENSORS)


def test_the_same_signature_in_capitals_is_refused() -> None:
    forged = signed()
    forged["signature"] = "0x" + forged["signature"][2:].upper()
    with pytest.raises(ReadingForged):
        check_reading(parse_reading(json.dumps(forged).encode()), LANE, SENSORS)


def test_a_reading_of_another_lane_is_refused() -> None:
    with pytest.raises(OtherLane):
        check_reading(parsed(lane="0x" + "2b" * 32), LANE, SENSORS)


def test_an_unknown_sensor_is_refused() -> None:
    with pytest.raises(SensorUnknown):
        check_reading(parsed(sensor="ocr-9"), LANE, SENSORS)


def test_an_old_reading_and_one_from_the_future_are_refused() -> None:
    check_fresh(parsed(), NOW + 300)
    check_fresh(parsed(), NOW - 30)
    with pytest.raises(ReadingStale):
        check_fresh(parsed(), NOW + 301)
    with pytest.raises(ReadingAhead):
        check_fresh(parsed(), NOW - 31)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"{" * 2000,
        b'{"lane":"a","lane":"b"}',
        json.dumps(signed() | {"more": "x"}).encode(),
        json.dumps(signed(container=1)).encode(),
        json.dumps(signed(direction="up")).encode(),
        json.dumps(signed(occurred_at="2026-05-01T10:00:00+08:00")).encode(),
        json.dumps(signed(occurred_at="2026-05-01T10:00:00.25Z")).encode(),
        json.dumps(signed(occurred_at="2026-13-01T10:00:00Z")).encode(),
        json.dumps(signed(container="x" * 5000)).encode(),
    ],
)
def test_what_is_no_reading_is_refused(data: bytes) -> None:
    with pytest.raises(ReadingMalformed):
        parse_reading(data)


def test_milliseconds_tell_two_readings_of_one_second_apart() -> None:
    first, second = parsed(occurred_at="2026-05-01T10:00:00.250Z"), parsed()
    assert first.occurred_at == second.occurred_at == NOW
    assert first.hash != second.hash


def test_the_reports_hash_covers_every_byte_that_was_signed() -> None:
    first, other = parsed(), parsed(container="MSKU1234565")
    assert len(reports_hash([first])) == 32
    assert len({reports_hash(r) for r in ([first], [other], [first, other], [other, first])}) == 4
