"""Bad acts past every node: the contracts refuse them, every node tells why, nothing has moved.

The acts are signed with keys of dishonest clerks and relayed with web3 alone. That a relayer
cannot spoil others' acts with too little gas is also in contracts/test/Gas.t.sol.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from deals import (
    do,
    ended,
    issue_terms,
    live_title,
    offered_to,
    open_order,
    post,
    seen,
    standing,
    title_without_document,
)
from eth_account import Account
from story.attacks import SUBMIT, Attacker, RawAct, random_id
from story.consortium import Consortium, Json, Member, until
from web3 import Web3
from web3.exceptions import ContractCustomError

HOUR = 3600
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Scene:
    """A live title of the shipper's, a title offered to it, and who signs in the shipper's name."""

    consortium: Consortium
    attacker: Attacker
    live: str
    offered: str
    accept: RawAct

    def title(self, title: str) -> Json:
        return seen(self.consortium["bank"], title)

    def sign(self, name: str, title: str, **changes: Any) -> RawAct:
        """An act on a title that the shipper could have signed, but for ``changes``."""
        told = self.title(title)
        usual = {
            "principal": self.consortium["shipper"].id,
            "object_": title,
            "counter": told["counter"],
        }
        key = self.consortium.attack["shipper_act_key"]
        return self.attacker.sign("Titles", name, key, **(usual | self.terms(name, told) | changes))

    def standing(self) -> Json:
        return standing(self.consortium, ("shipper", "bank"), (self.live, self.offered))

    def terms(self, name: str, told: Json) -> Json:
        if name == "Issue":
            return issue_terms(self.consortium, self.live)
        if name == "Accept":
            return {"offer": told["offer"]["digest"], "root": told["root"]}
        to, deadline = self.consortium["bank"].id, int(time.time()) + HOUR
        return {
            "to": to, "capacity": 1, "endorsement": 0, "deadline": deadline, "root": told["root"],
        }  # fmt: skip


@pytest.fixture(scope="module")
def scene(consortium: Consortium) -> Scene:
    live = live_title(consortium)
    offered = title_without_document(consortium, live)
    attacker = Attacker(consortium)
    events = consortium["bank"].get(f"/v1/titles/{live}/events", role="auditor")["events"]
    accepted = next(event for event in events if event["verb"] == "Accept")
    wire = attacker.relayed_wire(accepted["tx_hash"])
    return Scene(consortium, attacker, live, offered, RawAct("Titles", accepted["digest"], wire))


def of_another_network(scene: Scene) -> RawAct:
    """The same act on the same contracts, signed for another network's id."""
    expires = int(time.time()) + HOUR
    other = copy.copy(scene.consortium)
    other.network = other.network | {"network_id": random_id()}
    elsewhere = replace(scene, attacker=Attacker(other))
    deadline = {"deadline": expires}
    right = scene.sign("Offer", scene.live, expires=expires, **deadline)
    wrong = elsewhere.sign("Offer", scene.live, expires=expires, **deadline)
    return replace(right, wire=wrong.wire)


def by_a_strangers_key(scene: Scene) -> RawAct:
    act = scene.sign("Offer", scene.live)
    flipped = act.wire[:-1] + bytes([27 + 28 - act.wire[-1]])  # another key's signature, then
    return replace(act, wire=flipped)


Refused = tuple[str, str, Callable[[Scene], RawAct]]
ACTS: tuple[Refused, ...] = (
    ("an unknown member", "MEMBER_UNKNOWN",
     lambda s: s.sign("Offer", s.live, principal=random_id())),
    ("another member's name", "KEY_NOT_VALID",
     lambda s: s.sign("Offer", s.live, principal=s.consortium["bank"].id)),
    ("a key that nobody has", "KEY_NOT_VALID", by_a_strangers_key),
    ("a member that is no carrier", "ROLE_MISSING",
     lambda s: s.sign("Issue", s.live, object_=random_id(), counter=0)),
    ("a stale counter", "STALE_COUNTER",
     lambda s: s.sign("Offer", s.live, counter=s.title(s.live)["counter"] - 1)),
    ("a counter ahead", "STALE_COUNTER",
     lambda s: s.sign("Offer", s.live, counter=s.title(s.live)["counter"] + 1)),
    ("an act that has expired", "ACT_EXPIRED",
     lambda s: s.sign("Offer", s.live, expires=int(time.time()) - 60)),
    ("another network's signature", "KEY_NOT_VALID", of_another_network),
    ("an unknown receiver", "MEMBER_UNKNOWN",
     lambda s: s.sign("Offer", s.live, to=random_id())),
    ("a pledge to who is no bank", "ROLE_MISSING",
     lambda s: s.sign("Offer", s.live, to=s.consortium["consignee"].id, capacity=2)),
    ("an offer of another document", "ROOT_MISMATCH",
     lambda s: s.sign("Offer", s.live, root=random_id())),
    ("the acceptance of another offer", "OFFER_MISMATCH",
     lambda s: s.sign("Accept", s.offered, offer=random_id())),
    ("the acceptance of another document", "ROOT_MISMATCH",
     lambda s: s.sign("Accept", s.offered, root=random_id())),
    ("a title that does not exist", "OBJECT_UNKNOWN",
     lambda s: s.sign("Offer", s.live, object_=random_id())),
    ("a delegation that nobody gave", "DELEGATION_UNKNOWN",
     lambda s: s.sign("Offer", s.live, delegation=random_id())),
    ("an acceptance once more", "NO_OPEN_OFFER", lambda s: s.accept),
)  # fmt: skip


@pytest.mark.parametrize(("code", "act"), [row[1:] for row in ACTS], ids=[row[0] for row in ACTS])
def test_the_contract_refuses(scene: Scene, code: str, act: Callable[[Scene], RawAct]) -> None:
    before = scene.standing()
    bad = act(scene)
    scene.attacker.relay(bad)
    check_refused(scene.consortium, bad.digest, code)
    assert scene.standing() == before


def check_refused(consortium: Consortium, digest: str, code: str) -> None:
    """Every member's node tells the refusal with its code, a sentence, and what to do."""
    for member in consortium.members.values():
        refusal = until(
            lambda m=member: refusals(m, digest),  # type: ignore[misc]
            f"{member.name}'s node lists the refusal",
            WAIT_SECONDS,
        )[0]
        assert refusal["code"] == code, refusal
        for sentence in (refusal["sentence"], refusal["what_to_do"]):
            assert sentence.endswith("."), refusal
            assert len(sentence) > 10, refusal


def refusals(member: Member, digest: str) -> list[Json]:
    """The refusals of one act that the contracts told, the latest first."""
    told = member.get("/v1/refusals", role="auditor")["refusals"]
    return [refusal for refusal in told if refusal["digest"] == digest]


def test_a_relayer_that_starves_an_act_of_gas_has_no_effect_and_the_act_stays_good(
    scene: Scene,
) -> None:
    before = scene.standing()
    act = scene.sign("Offer", scene.live, to=random_id())
    attacker = scene.attacker
    address = scene.consortium.network["contracts"]["Titles"]["address"]
    abi = [*SUBMIT, {"type": "error", "name": "GasTooLow", "inputs": []}]
    titles = attacker.web3.eth.contract(address=Web3.to_checksum_address(address), abi=abi)
    batch = titles.functions.submit(len(act.wire).to_bytes(2, "big") + act.wire)
    sender = {"from": attacker.relayer.address, "gas": 150_000, "gasPrice": 0}
    with pytest.raises(ContractCustomError):
        batch.call(sender)
    nonce = attacker.web3.eth.get_transaction_count(attacker.relayer.address)
    raw = attacker.relayer.sign_transaction(batch.build_transaction(sender | {"nonce": nonce}))
    sent = attacker.web3.eth.send_raw_transaction(raw.raw_transaction)
    assert attacker.web3.eth.wait_for_transaction_receipt(sent, timeout=60)["status"] == 0
    assert scene.standing() == before
    attacker.relay(act)
    check_refused(scene.consortium, act.digest, "MEMBER_UNKNOWN")


@dataclass(frozen=True)
class Lane:
    """A lane of the terminal's whose key the test has, at a container that is not released."""

    scene: Scene
    id: str
    key: str
    order: str

    @property
    def right(self) -> Json:
        terminal = self.scene.consortium["terminal"]
        found = terminal.get("/v1/pickups", role="gate", container="MAEU6543213")["pickups"]
        return dict(next(pickup for pickup in found if pickup["order"] == self.order))

    def gate_out(self, device_counter: int) -> RawAct:
        right, now = self.right, int(time.time())
        return self.scene.attacker.sign(
            "Releases",
            "GateOut",
            self.key,
            principal=self.scene.consortium["terminal"].id,
            object_=right["right"],
            counter=right["counter"],
            expires=now + 240,
            order=self.order,
            container=right["tag"],
            lane=self.id,
            deviceCounter=device_counter,
            time=now,
            reports="0x" + bytes(32).hex(),
        )


@pytest.fixture(scope="module")
def lane(scene: Scene) -> Lane:
    """A lane whose device counter stands at 5, after one gate-out that came too early."""
    consortium, key = scene.consortium, Account.create()
    body = {
        "key": key.address.lower(),
        "port": consortium.port_of_discharge,
        "calibrated_until": int(time.time()) + 24 * HOUR,
    }
    registered = do(consortium["terminal"], "/v1/lanes", body, "admin")
    order = open_order(consortium, live_title(consortium))
    lane = Lane(scene, registered["object"], "0x" + bytes(key.key).hex(), order)
    early = hand_in(lane, 5)
    assert (early["state"], early["refusal"]["code"]) == ("refused", "NOT_RELEASED")
    return lane


def hand_in(lane: Lane, device_counter: int) -> Json:
    """Hand a lane act in at the terminal's door, as a gateway does; return the command's end."""
    terminal = lane.scene.consortium["terminal"]
    act = {"act": "0x" + lane.gate_out(device_counter).wire.hex()}
    answer = post(terminal, "/v1/lane-acts", act, "gate")
    assert answer.status_code == 202, answer.text
    return ended(terminal, answer.json()["id"])


@pytest.mark.parametrize("device_counter", [5, 4, 0])
def test_a_device_counter_that_does_not_go_on_is_refused_and_the_right_stays(
    lane: Lane, device_counter: int
) -> None:
    before = lane.right
    refusal = hand_in(lane, device_counter)["refusal"]
    assert refusal["code"] == "DEVICE_COUNTER_BACK"
    assert refusal["sentence"].endswith(".")
    assert refusal["what_to_do"].endswith(".")
    assert (refusal["facts"]["last"], refusal["facts"]["given"]) == (5, device_counter)
    past_the_node = lane.gate_out(device_counter)
    lane.scene.attacker.relay(past_the_node)
    check_refused(lane.scene.consortium, past_the_node.digest, "DEVICE_COUNTER_BACK")
    assert lane.right == before


def test_an_early_gate_out_relayed_again_is_refused(lane: Lane) -> None:
    before = lane.right
    events = lane.scene.consortium["bank"].get(f"/v1/orders/{lane.order}/events", role="auditor")
    early = next(e for e in events["events"] if e["outcome"] == "recorded_refusal")
    wire = lane.scene.attacker.relayed_wire(early["tx_hash"])
    lane.scene.attacker.relay(RawAct("Releases", early["digest"], wire))
    check_refused(lane.scene.consortium, early["digest"], "STALE_COUNTER")
    assert lane.right == before


def test_an_offer_of_the_dishonest_clerk_still_waits_for_the_shipper(scene: Scene) -> None:
    shipper = scene.consortium["shipper"]
    answer = post(
        shipper,
        f"/v1/titles/{scene.offered}/accept",
        {"offer": offered_to(shipper, scene.offered)},
    )
    assert answer.json()["code"] == "DOCUMENT_NOT_HELD"
