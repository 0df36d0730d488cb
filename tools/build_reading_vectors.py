"""Write the test vectors of docs/protocol/lanes.md to tests/data/readings/vectors.json.

Usage: python tools/build_reading_vectors.py [--check]
With --check nothing is written; the exit code is 1 when the committed file is stale.
"""

import json
from pathlib import Path

from committed import write_or_compare
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_oracles.gateway.lane import Pickup, lane_act
from device_oracles.intake.readings import parse_reading, reports_hash
from identity.acts.objects import right_id
from identity.acts.typed import Domain, act_to_json, digest, encode
from identity.keys.secp256k1 import SigningKey
from privacy.canonical import canonical_json
from privacy.containers import container_tag

TARGET = Path(__file__).parents[1] / "tests/data/readings/vectors.json"
SENSOR_KEY = bytes(range(32))
LANE_KEY = bytes([7]) * 32
LANE, MEMBER, ORDER, SALT = (bytes([n]) * 32 for n in (1, 2, 3, 4))
DOMAIN = Domain(5151, bytes(range(20)), bytes(range(32)))
NUMBER = "MAEU6543213"
DEVICE_COUNTER, RIGHT_COUNTER, NOW = 9, 1, 1_777_629_601


def build() -> str:
    """Return the file's content: one reading, its hashes, and the lane act made of it."""
    body = {
        "lane": "0x" + LANE.hex(),
        "container": NUMBER,
        "direction": "out",
        "occurred_at": "2026-05-01T10:00:00.250Z",
        "sensor": "ocr-1",
    }
    sensor = Ed25519PrivateKey.from_private_bytes(SENSOR_KEY)
    signed = body | {"signature": "0x" + sensor.sign(canonical_json(dict(body))).hex()}
    reading = parse_reading(json.dumps(signed).encode())
    tag = container_tag(NUMBER, SALT)
    pickup = Pickup(ORDER, right_id(ORDER, tag), SALT, RIGHT_COUNTER, "ready")
    act = lane_act(reading, pickup, MEMBER, LANE, DEVICE_COUNTER, NOW)
    signature = SigningKey(LANE_KEY).sign(digest(DOMAIN, act))
    vectors = {
        "sensor_private_key": SENSOR_KEY.hex(),
        "sensor_public_key": sensor.public_key().public_bytes_raw().hex(),
        "signed_bytes": canonical_json(dict(body)).decode(),
        "reading": signed,
        "reading_hash": reading.hash,
        "reports_hash": reports_hash([reading]).hex(),
        "salt": SALT.hex(),
        "container_tag": tag.hex(),
        "domain": {
            "chain_id": DOMAIN.chain_id,
            "verifying_contract": DOMAIN.verifying_contract.hex(),
            "network_id": DOMAIN.network_id.hex(),
        },
        "lane_private_key": LANE_KEY.hex(),
        "act": act_to_json(act),
        "digest": digest(DOMAIN, act).hex(),
        "wire": encode(act, signature).hex(),
    }
    return json.dumps(vectors, indent=1) + "\n"


if __name__ == "__main__":
    raise SystemExit(write_or_compare(TARGET, build))
