"""From a reading to the barrier: it opens on a final, used right and on nothing else."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_oracles.errors import JournalUnavailable, ReadingMalformed, ReadingStale
from device_oracles.gateway.journal import Journal
from device_oracles.gateway.member import MemberApi
from device_oracles.gateway.passage import Lane
from device_oracles.gateway.settings import GatewaySettings
from device_oracles.intake.readings import Reading, parse_reading
from identity.acts.objects import right_id
from identity.acts.typed import Domain, decode, digest
from identity.keys.secp256k1 import SigningKey, recover
from privacy.canonical import canonical_json
from privacy.containers import container_tag

SENSOR = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = SigningKey(bytes([7]) * 32)
DOMAIN = Domain(5151, bytes(range(20)), bytes(range(32)))
LANE, MEMBER = "0x" + "1a" * 32, "0x" + "2b" * 32
DAMAGE = "0x" + "5f" * 32
NOW = 1_777_629_600  # 2026-05-01T10:00:00Z
ORDER, SALT, NUMBER = bytes([3]) * 32, bytes([4]) * 32, "MAEU6543213"
REFUSAL = {"code": "CONDITIONS_OPEN", "sentence": "Customs is open.", "what_to_do": "Wait."}


class MemberNode:
    """The two routes of a member's API that a lane uses, as the API's description gives them."""

    def __init__(self) -> None:
        self.state, self.command, self.refusal = "ready", "final", None
        self.interchanges: list[str] = []
        self.counter, self.up, self.right = 1, True, right_id(ORDER, container_tag(NUMBER, SALT))
        self.acts: dict[str, str] = {}
        self.problem: tuple[int, dict[str, Any]] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not self.up:
            raise httpx.ConnectError("refused")
        assert request.headers["authorization"] == "Bearer a-token-of-the-gate"
        if self.problem is not None:
            return httpx.Response(self.problem[0], json=self.problem[1])
        if request.url.path == "/v1/pickups":
            pickup = {
                "container": request.url.params["container"],
                "order": "0x" + ORDER.hex(),
                "right": "0x" + self.right.hex(),
                "salt": "0x" + SALT.hex(),
                "counter": self.counter,
                "state": self.state,
                "interchanges": self.interchanges,
            }
            pickups = [] if self.state == "none" else [pickup]
            return httpx.Response(200, json={"pickups": pickups})
        act, key = json.loads(request.content)["act"], request.headers["idempotency-key"]
        assert self.acts.setdefault(key, act) == act
        answer = {"id": "c1", "state": self.command, "refusal": self.refusal}
        return httpx.Response(202, json=answer)


@pytest.fixture
def node() -> MemberNode:
    return MemberNode()


class Gate:
    """A lane and its journal, which can be killed and started again."""

    def __init__(self, directory: Path, node: MemberNode) -> None:
        self.now = float(NOW)
        self._directory = directory
        self._member = MemberApi(
            "http://member", "a-token-of-the-gate", transport=httpx.MockTransport(node)
        )
        self.journal = Journal(directory / "lane.jsonl")
        self.start()

    def start(self) -> None:
        settings = GatewaySettings.model_validate(
            {
                "gateway": 1,
                "lane": LANE,
                "member": MEMBER,
                "network": "network.json",
                "keystore": "keys.json",
                "journal": "lane.jsonl",
                "member_api": "http://member",
                "listen": {"port": 0},
                "sensors": {"ocr-1": "0x" + SENSOR.public_key().public_bytes_raw().hex()},
            }
        )
        self.lane = Lane(settings, DOMAIN, KEY, self.journal, self._member, lambda: self.now)

    def restart(self) -> None:
        self.close()
        self.journal = Journal(self._directory / "lane.jsonl")
        self.start()

    def close(self) -> None:
        self.journal.__exit__()


@pytest.fixture
def gate(tmp_path: Path, node: MemberNode) -> Iterator[Gate]:
    gate = Gate(tmp_path, node)
    yield gate
    gate.close()


def reading(container: str = NUMBER, direction: str = "out", **more: str) -> Reading:
    body = {
        "lane": LANE,
        "container": container,
        "direction": direction,
        "occurred_at": "2026-05-01T10:00:00Z",
        "sensor": "ocr-1",
    } | more
    signed = body | {"signature": "0x" + SENSOR.sign(canonical_json(dict(body))).hex()}
    return parse_reading(json.dumps(signed).encode())


def test_the_barrier_opens_once_the_right_is_used_and_final(gate: Gate, node: MemberNode) -> None:
    verdict = gate.lane.read(reading())
    assert verdict.open
    assert verdict.code == "DONE"


def test_the_lane_act_says_what_was_read_and_is_signed_by_the_lane(
    gate: Gate, node: MemberNode
) -> None:
    taken = reading()
    gate.lane.read(taken)
    (wire,) = node.acts.values()
    act, signature, _ = decode(bytes.fromhex(wire[2:]))
    assert recover(digest(DOMAIN, act), signature) == KEY.address
    assert act.name == "GateOut"
    assert act.object == node.right
    assert act.expires == NOW + 120
    assert act.fields["container"] == sha256(b"\x43" + SALT + NUMBER.encode()).digest()
    assert act.fields["deviceCounter"] == 1
    assert act.fields["time"] == taken.occurred_at
    assert act.fields["reports"] == sha256(canonical_json([dict(taken.signed)])).digest()


@pytest.mark.parametrize("state", ["accepted", "signed", "relayed"])
def test_the_barrier_stays_closed_until_it_is_final(
    gate: Gate, node: MemberNode, state: str
) -> None:
    node.command = state
    verdict = gate.lane.read(reading())
    assert not verdict.open
    assert verdict.code == "NOT_FINAL_YET"
    node.command = "final"
    assert gate.lane.read(reading()).open
    assert len(node.acts) == 1


@pytest.mark.parametrize("state", ["refused", "final"])
def test_an_early_gate_out_keeps_the_barrier_closed_with_the_reason(
    gate: Gate, node: MemberNode, state: str
) -> None:
    node.command, node.refusal = state, REFUSAL
    verdict = gate.lane.read(reading())
    assert not verdict.open
    assert (verdict.code, verdict.says) == ("CONDITIONS_OPEN", "Customs is open.")
    node.command, node.refusal = "final", None
    assert not gate.lane.read(reading()).open, "what came of a reading does not change"


def test_an_expired_act_keeps_the_barrier_closed(gate: Gate, node: MemberNode) -> None:
    node.command = "expired"
    assert gate.lane.read(reading()).code == "LANE_ACT_EXPIRED"


def test_the_same_reading_has_one_act_and_one_counter(gate: Gate, node: MemberNode) -> None:
    assert gate.lane.read(reading()).open
    assert gate.lane.read(reading()).open
    gate.restart()
    assert gate.lane.read(reading()).open
    assert gate.journal.last_counter == 1
    assert len(node.acts) == 1


def test_a_copy_of_a_reading_opens_nothing_later(gate: Gate) -> None:
    assert gate.lane.read(reading()).open
    gate.now += 301
    verdict = gate.lane.read(reading())
    assert not verdict.open
    assert verdict.code == "READING_USED"


def test_a_kill_after_signing_carries_on_with_the_same_act(gate: Gate, node: MemberNode) -> None:
    node.command = "relayed"
    gate.lane.read(reading())
    gate.restart()
    node.command = "final"
    assert gate.lane.read(reading()).open
    assert gate.journal.last_counter == 1


def test_a_kill_between_counter_and_act_uses_the_next_counter(gate: Gate, node: MemberNode) -> None:
    taken = reading()
    gate.journal.record_reading(taken.hash, taken.signed, NOW)
    gate.journal.next_counter(taken.hash)
    gate.restart()
    gate.lane.read(taken)
    (wire,) = node.acts.values()
    assert decode(bytes.fromhex(wire[2:]))[0].fields["deviceCounter"] == 2


def test_a_member_that_does_not_answer_keeps_the_barrier_closed(
    gate: Gate, node: MemberNode
) -> None:
    node.up = False
    verdict = gate.lane.read(reading())
    assert not verdict.open
    assert verdict.code == "MEMBER_UNAVAILABLE"
    assert gate.journal.last_counter == 0
    node.up = True
    assert gate.lane.read(reading()).open


def test_a_wrong_check_digit_is_said_at_the_gate_and_uses_no_counter(gate: Gate) -> None:
    verdict = gate.lane.read(reading(container="MAEU6543210"))
    assert not verdict.open
    assert verdict.code == "CONTAINER_CHECK_DIGIT_WRONG"
    assert gate.journal.last_counter == 0


def test_a_right_of_another_container_is_refused(gate: Gate, node: MemberNode) -> None:
    node.right = bytes([9]) * 32
    assert gate.lane.read(reading()).code == "PICKUP_MISMATCH"
    assert node.acts == {}


@pytest.mark.parametrize(("direction", "state"), [("out", "used"), ("in", "ready")])
def test_a_right_in_another_state_is_refused_before_the_ledger(
    gate: Gate, node: MemberNode, direction: str, state: str
) -> None:
    node.state = state
    assert gate.lane.read(reading(direction=direction)).code == "RIGHT_NOT_READY"
    assert gate.journal.last_counter == 0


def test_a_container_that_no_order_names_stays(gate: Gate, node: MemberNode) -> None:
    node.state = "none"
    assert gate.lane.read(reading()).code == "PICKUP_UNKNOWN"
    assert gate.journal.last_counter == 0


def test_an_empty_container_comes_back_as_a_return(gate: Gate, node: MemberNode) -> None:
    node.state = "used"
    assert gate.lane.read(reading(direction="in")).open
    (wire,) = node.acts.values()
    assert decode(bytes.fromhex(wire[2:]))[0].name == "ReturnEmpty"


@pytest.mark.parametrize(
    ("direction", "state", "before"), [("out", "used", []), ("in", "returned", ["out"])]
)
def test_a_reading_with_a_damage_record_is_an_interchange_and_opens_nothing(
    gate: Gate, node: MemberNode, direction: str, state: str, before: list[str]
) -> None:
    node.state, node.interchanges = state, before
    verdict = gate.lane.read(reading(direction=direction, damage=DAMAGE))
    assert (verdict.open, verdict.code, verdict.ended) == (False, "RECORDED", True)
    (wire,) = node.acts.values()
    act = decode(bytes.fromhex(wire[2:]))[0]
    assert act.name == "RecordInterchange"
    assert act.fields["direction"] == (1 if direction == "out" else 2)
    assert act.fields["damage"] == bytes.fromhex(DAMAGE[2:])


@pytest.mark.parametrize(
    ("direction", "state", "before"),
    [
        ("out", "ready", []),
        ("out", "used", ["out"]),
        ("in", "used", []),
        ("in", "returned", ["out", "in"]),
    ],
)
def test_an_interchange_out_of_turn_is_refused_before_the_ledger(
    gate: Gate, node: MemberNode, direction: str, state: str, before: list[str]
) -> None:
    node.state, node.interchanges = state, before
    assert gate.lane.read(reading(direction=direction, damage=DAMAGE)).code == "RIGHT_NOT_READY"
    assert gate.journal.last_counter == 0


@pytest.mark.parametrize("damage", ["", "0x", "0x" + "AB" * 32, "5f" * 32, "0x" + "5f" * 31])
def test_a_damage_record_is_named_by_its_hash(damage: str) -> None:
    with pytest.raises(ReadingMalformed):
        reading(damage=damage)


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_refusal_of_the_member_is_said_with_its_own_words(
    gate: Gate, node: MemberNode, status: int
) -> None:
    node.problem = (status, {"code": "NOT_FOUND", "detail": "No order.", "what_to_do": "Ask."})
    verdict = gate.lane.read(reading())
    assert (verdict.open, verdict.code, verdict.says) == (False, "NOT_FOUND", "No order.")


def test_a_stale_reading_is_not_even_recorded(gate: Gate) -> None:
    gate.now += 301
    with pytest.raises(ReadingStale):
        gate.lane.read(reading())
    assert gate.journal.passage(reading().hash) is None


def test_a_journal_that_cannot_be_written_signs_nothing(
    gate: Gate, node: MemberNode, tmp_path: Path
) -> None:
    gate.close()
    try:
        with pytest.raises(JournalUnavailable):
            gate.lane.read(reading())
    finally:
        gate.journal = Journal(tmp_path / "lane.jsonl")
    assert node.acts == {}
