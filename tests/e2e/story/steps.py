"""The story of one bill of lading, step by step, each outcome read from another member's API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .attacks import Attacker, RawAct, random_id, search
from .consortium import Consortium, Json, Member, hold, until
from .gate import Gate

WEEK = 7 * 24 * 3600


@dataclass
class Story:
    """What the teller carries from step to step."""

    consortium: Consortium
    bill: Json
    say: Callable[[str], None]
    attacker: Attacker = field(init=False)
    gate: Gate = field(init=False)
    title: str = ""
    root: str = ""
    order: str = ""
    container: str = ""
    early_lane_act: bytes = b""

    def __post_init__(self) -> None:
        self.attacker = Attacker(self.consortium)
        self.gate = Gate(self.consortium.gate)
        equipment = self.bill["utilizedTransportEquipments"][0]["equipment"]
        self.container = equipment["equipmentReference"]

    def title_seen_by(self, member: str) -> Json:
        """The title as another member's node tells it."""
        return self.consortium[member].get(f"/v1/titles/{self.title}")

    def wait_title(self, member: str, fact: Callable[[Json], bool], expected: str) -> Json:
        """Wait until another member's node tells this fact of the title."""

        def look() -> Json | None:
            client = self.consortium[member]
            answer = client.client.get(
                f"/v1/titles/{self.title}",
                headers={"Authorization": f"Bearer {client.tokens['clerk']}"},
            )
            if answer.status_code != 200:
                return None
            told: Json = answer.json()
            return told if fact(told) else None

        return until(look, f"{member}'s node says: {expected}")

    def refusal_seen_by(self, member: str, act: RawAct, code: str) -> Json:
        """The refusal of this act as a member's node recorded it from the ledger."""

        def look() -> Json | None:
            told = self.consortium[member].get("/v1/refusals", role="auditor")
            return next((r for r in told["refusals"] if r["digest"] == act.digest), None)

        refusal = until(look, f"{member}'s node lists the refusal {code}")
        hold(refusal["code"] == code, f"the contract's reason is {code}, not {refusal}")
        return refusal

    def offer(self, by: str, to: str, capacity: str = "holder") -> str:
        """Offer the title and return the offer's digest as the receiver's node tells it."""
        receiver = self.consortium[to]
        self.consortium[by].write(
            f"/v1/titles/{self.title}/offers",
            {
                "to": receiver.id,
                "capacity": capacity,
                "endorsement": "none",
                "deadline_seconds": WEEK,
            },
        )
        told = self.wait_title(
            to, lambda t: bool(t["offer"]) and t["offer"]["to"] == receiver.id, "an offer waits"
        )
        return str(told["offer"]["digest"])

    def accept(self, by: str, offer: str) -> None:
        """Accept the offer with this digest."""
        self.consortium[by].write(f"/v1/titles/{self.title}/accept", {"offer": offer})


def found(story: Story) -> None:
    """1. The network is founded and every member sees the same council, members and rulebook."""
    consortium = story.consortium
    lists = [member.get("/v1/members") for member in consortium.members.values()]
    ids = [sorted(m["id"] for m in told["members"] if m["status"] == "active") for told in lists]
    hold(all(seen == ids[0] for seen in ids), "all six members list the same active members")
    hold(
        {m.id for m in consortium.members.values()} <= set(ids[0]), "the six are members themselves"
    )
    council = consortium.network["council"]
    hold(
        (council["threshold"], len(council["seats"])) == (2, 3),
        "network.json names a 2-of-3 council",
    )
    hold(len(consortium.network["signatures"]) >= 2, "network.json carries two seats' signatures")
    story.say(f"{len(ids[0])} members admitted by a 2-of-3 council; all six nodes agree")
    story.say(f"who can prove it: anyone with {consortium.network_path.name} (signed)")


def issue(story: Story) -> None:
    """2. The carrier issues; the shipper accepts; a bill is issued once."""
    consortium = story.consortium
    carrier, shipper = consortium["carrier"], consortium["shipper"]
    command = carrier.write(
        "/v1/titles", {"document": story.bill, "holder": shipper.id}, role="issuer"
    )
    story.title = command["object"]
    told = story.wait_title("shipper", lambda t: t["state"] == "issued", "a title is offered")
    story.root = told["root"]
    story.accept("shipper", told["offer"]["digest"])
    told = story.wait_title("bank", lambda t: t["state"] == "live", "the title is live")
    hold(told["holder"] == shipper.id, "the bank's node says that the shipper holds")
    story.say(f"title {story.title[:18]}… issued and accepted; the bank's node shows the holder")
    _second_issues(story)


def _second_issues(story: Story) -> None:
    carrier, shipper = story.consortium["carrier"], story.consortium["shipper"]
    terms: dict[str, Any] = {
        "kind": 2,
        "party": "0x" + bytes(32).hex(),
        "holder": shipper.id,
        "deadline": int(time.time()) + WEEK,
        "loading": story.title_seen_by("bank")["ports"]["loading"],
        "discharge": story.title_seen_by("bank")["ports"]["discharge"],
    }
    key = story.consortium.attack["carrier_act_key"]
    again = story.attacker.sign(
        "Titles",
        "Issue",
        key,
        principal=carrier.id,
        object_=story.title,
        counter=0,
        root=random_id(),
        **terms,
    )
    story.attacker.relay(again)
    story.refusal_seen_by("consignee", again, "TITLE_EXISTS")
    story.say("a second issue under the same tag with new salts: refused by the contract")
    other_tag = random_id()
    other = story.attacker.sign(
        "Titles",
        "Issue",
        key,
        principal=carrier.id,
        object_=other_tag,
        counter=0,
        root=story.root,
        **terms,
    )
    story.attacker.relay(other)

    def waits() -> Json | None:
        client = shipper.client.get(
            f"/v1/titles/{other_tag}",
            headers={"Authorization": f"Bearer {shipper.tokens['clerk']}"},
        )
        return dict(client.json()) if client.status_code == 200 else None

    until(waits, "the shipper's node sees the title under another tag")
    refused = shipper.try_write(f"/v1/titles/{other_tag}/accept", {"offer": other.digest})
    hold(
        refused.get("code") == "NUMBERING_INVALID",
        f"the shipper's node refuses the tag: {refused}",
    )
    told = story.consortium["consignee"].get(f"/v1/titles/{other_tag}")
    hold(told["state"] == "issued", "the title under another tag never becomes live")
    story.say("one under another tag: refused by the shipper's node, never a live title")


def finance(story: Story) -> None:
    """3. Offer, withdrawal, pledge, a stale offer, release on payment, hand-over."""
    consortium = story.consortium
    shipper, bank, consignee = (consortium[n] for n in ("shipper", "bank", "consignee"))
    offer = story.offer("shipper", "consignee")
    shipper.write(f"/v1/titles/{story.title}/withdraw", {"offer": offer})
    story.wait_title("consignee", lambda t: t["offer"] is None, "the offer is withdrawn")
    story.say("offered to the consignee with a deadline, and withdrawn")
    _pledge_without_document(story)
    before = story.title_seen_by("bank")
    stale = story.attacker.sign(
        "Titles",
        "Offer",
        consortium.attack["shipper_act_key"],
        principal=shipper.id,
        object_=story.title,
        counter=before["counter"],
        to=consignee.id,
        capacity=1,
        endorsement=0,
        deadline=int(time.time()) + WEEK,
        root=story.root,
    )
    story.accept("bank", story.offer("shipper", "bank", capacity="pledgee"))
    told = story.wait_title("consignee", lambda t: t["pledgee"] == bank.id, "the title is pledged")
    hold(told["controller"] == bank.id, "control is the bank's, as the consignee's node tells it")
    hold(told["holder"] == shipper.id, "the shipper keeps the reversion")
    story.say("pledged to the bank, whose node holds and has checked the document")
    story.attacker.relay(stale)
    refusal = story.refusal_seen_by("consignee", stale, "NOT_THE_CONTROLLER")
    story.say(f"an offer signed before the pledge, relayed after it: {refusal['sentence']}")
    bank.write(f"/v1/titles/{story.title}/release-pledge", {}, role="finance")
    story.wait_title("shipper", lambda t: t["pledgee"] is None, "the pledge is released")
    story.accept("consignee", story.offer("shipper", "consignee"))
    story.wait_title("bank", lambda t: t["holder"] == consignee.id, "the consignee holds")
    story.say("paid: released by the bank, offered by the shipper, accepted by the consignee")


def _pledge_without_document(story: Story) -> None:
    """A pledge offered past the shipper's node brings no document: the bank's node refuses it."""
    shipper, bank = story.consortium["shipper"], story.consortium["bank"]
    bare = story.attacker.sign(
        "Titles",
        "Offer",
        story.consortium.attack["shipper_act_key"],
        principal=shipper.id,
        object_=story.title,
        counter=story.title_seen_by("bank")["counter"],
        to=bank.id,
        capacity=2,
        endorsement=0,
        deadline=int(time.time()) + WEEK,
        root=story.root,
    )
    story.attacker.relay(bare)
    story.wait_title("bank", lambda t: bool(t["offer"]), "a pledge is offered")
    story.wait_title("shipper", lambda t: bool(t["offer"]), "its own node has seen it too")
    refused = bank.try_write(
        f"/v1/titles/{story.title}/accept", {"offer": bare.digest}, role="clerk"
    )
    hold(refused.get("code") == "DOCUMENT_NOT_HELD", f"the bank's node needs it: {refused}")
    shipper.write(f"/v1/titles/{story.title}/withdraw", {"offer": bare.digest})
    story.wait_title("bank", lambda t: t["offer"] is None, "the bare offer is withdrawn")
    story.say("a pledge offered without its document: refused by the bank's node")


def strangers(story: Story) -> None:
    """4. What travelled between two members stands nowhere else, the ledger included."""
    consortium = story.consortium
    package = consortium["shipper"].get(f"/v1/documents/{story.root}")
    seed = bytes.fromhex(package["seed"].removeprefix("0x"))
    goods = story.bill["consignmentItems"][0]["descriptionOfGoods"][0]
    needles = {
        "the bill's number": story.bill["transportDocumentReference"].encode(),
        "the goods": goods.encode(),
        "the container": story.container.encode(),
        "the salts' seed": seed,
        "the salts' seed in hex": seed.hex().encode(),
    }
    for vault in ("carrier", "shipper", "bank", "consignee"):
        for number, path in enumerate(sorted((consortium[vault].directory / "vault").rglob("*"))):
            if path.is_file():
                needles[f"{vault}'s sealed document {number}"] = path.read_bytes()[-64:]
    ledger = Path(consortium.told["ledger_directory"])
    places = [ledger, consortium["terminal"].directory, consortium["customs"].directory]
    hold(not (seen := search(places[:2], needles)), f"strangers hold nothing: {seen}")
    secret = {k: v for k, v in needles.items() if "seed" in k or "sealed" in k}
    hold(not (seen := search(places[2:], secret)), f"customs holds only its fields: {seen}")
    refused = consortium["terminal"].client.get(
        f"/v1/documents/{story.root}",
        headers={"Authorization": f"Bearer {consortium['terminal'].tokens['clerk']}"},
    )
    hold(refused.status_code == 404, f"the terminal's node has no such document: {refused.text}")
    story.say(f"searched ledger, terminal and customs for {len(needles)} secrets: none found")


def surrender(story: Story) -> None:
    """5. Surrender, the delivery order and its conditions; what comes too early is refused."""
    consortium = story.consortium
    carrier, consignee = consortium["carrier"], consortium["consignee"]
    consignee.write(
        f"/v1/titles/{story.title}/surrender", {"purpose": "delivery", "deadline_seconds": WEEK}
    )
    told = story.wait_title("carrier", lambda t: bool(t["offer"]), "the surrender waits")
    story.accept("carrier", told["offer"]["digest"])
    story.wait_title("bank", lambda t: t["state"] == "surrendered", "the title is surrendered")
    terminal, customs = consortium["terminal"], consortium["customs"]
    _register_lane(story)
    command = carrier.write(
        f"/v1/titles/{story.title}/orders",
        {
            "terminal": terminal.id,
            "conditions": [
                {"kind": "freight", "member": carrier.id},
                {"kind": "customs", "member": customs.id},
                {"kind": "terminal", "member": terminal.id},
            ],
        },
        role="issuer",
    )
    story.order = command["object"]
    until(lambda: _order(terminal, story) is not None, "the terminal's node shows the order")
    story.say(f"surrendered; delivery order {story.order[:18]}… opened with three conditions")
    _second_customs(story)
    with ThreadPoolExecutor(2) as both:
        settled = both.submit(_set, story, "customs", "customs", "officer")
        ready = both.submit(_set, story, "terminal", "terminal", "officer")
        settled.result()
        ready.result()
    _wait_conditions(story, "consignee", {"customs", "terminal"})
    story.say("customs and terminal signed at the same moment: both landed")
    _early_gate_out(story)


def _register_lane(story: Story) -> None:
    consortium = story.consortium
    consortium["terminal"].write(
        "/v1/lanes",
        {
            "lane": consortium.gate["lane"],
            "key": consortium.gate["lane_key"],
            "port": consortium.port_of_discharge,
            "calibrated_until": int(time.time()) + 365 * 24 * 3600,
        },
        role="admin",
    )
    story.say("the terminal's lane is registered with its own key in Devices")


def _order(member: Member, story: Story) -> Json | None:
    answer = member.client.get(
        f"/v1/orders/{story.order}", headers={"Authorization": f"Bearer {member.tokens['clerk']}"}
    )
    return dict(answer.json()) if answer.status_code == 200 else None


def _set(story: Story, member: str, kind: str, role: str) -> None:
    story.consortium[member].write(
        f"/v1/orders/{story.order}/conditions/{kind}",
        {"met": True, "reference": random_id()},
        role=role,
    )


def _wait_conditions(story: Story, member: str, kinds: set[str]) -> None:
    def met() -> bool:
        told = _order(story.consortium[member], story) or {"conditions": []}
        return kinds <= {c["kind"] for c in told["conditions"] if c["met"]}

    until(met, f"{member}'s node shows {sorted(kinds)} met")


def _second_customs(story: Story) -> None:
    other = story.consortium.attack["second_customs"]
    order = _order(story.consortium["terminal"], story) or {}
    condition = next(c for c in order["conditions"] if c["kind"] == "customs")
    act = story.attacker.sign(
        "Releases",
        "SetCondition",
        other["act_key"],
        principal=other["id"],
        object_=condition["id"],
        counter=condition["counter"],
        order=story.order,
        met=1,
        reference=random_id(),
    )
    story.attacker.relay(act)
    story.refusal_seen_by("consignee", act, "NOT_THE_CONDITION_MEMBER")
    story.say("a second customs member, admitted but not named: refused by the contract")


def _early_gate_out(story: Story) -> None:
    answer = story.gate.read(story.container, "out")
    hold(answer["barrier"] == "closed", f"the barrier stays down: {answer}")
    consignee = story.consortium["consignee"]

    def recorded() -> Json | None:
        events = consignee.get(f"/v1/orders/{story.order}/events", role="auditor")["events"]
        return next((e for e in events if e["outcome"] == "recorded_refusal"), None)

    event = until(recorded, "the consignee's node shows the early gate-out as refused")
    story.early_lane_act = story.attacker.relayed_wire(event["tx_hash"])
    story.say(f"gate-out with freight open: {answer['says']} The attempt is on record.")


def gate_out(story: Story) -> None:
    """6. The lane uses the pickup right, once; the order closes on the empty return."""
    consortium = story.consortium
    _set(story, "carrier", "freight", "finance")
    _wait_conditions(story, "consignee", {"freight", "customs", "terminal"})
    early = RawAct("Releases", "", story.early_lane_act)
    story.attacker.relay(early)
    right = _right(story, "consignee")
    hold(right["state"] == "ready", "the early lane act, relayed again, moves nothing")
    story.say("the early lane act relayed again after all conditions are met: refused")
    answer = story.gate.read(story.container, "out")
    hold(answer["barrier"] == "open", f"the barrier opens: {answer}")
    until(lambda: _right(story, "bank")["state"] == "used", "the bank's node shows the gate-out")
    story.say(f"gate-out of {story.container}: {answer['says']}")
    again = story.gate.read(story.container, "out")
    hold(again["barrier"] == "closed", f"the second attempt is refused: {again}")
    story.say(f"a second gate-out: {again['says']}")
    _replay(story)
    answer = story.gate.read(story.container, "in")
    told = until(
        lambda: (_order(consortium["customs"], story) or {}).get("state") == "closed",
        "customs' node shows the order closed",
    )
    hold(bool(told), f"closed: {answer}")
    story.say("the empty container returned; the order is closed")


def _replay(story: Story) -> None:
    """The used lane act, relayed again by an onlooker, is refused by the contract."""
    events = story.consortium["bank"].get(f"/v1/orders/{story.order}/events", role="auditor")
    used = [e for e in events["events"] if e["verb"] == "GateOut" and e["outcome"] == "done"]
    hold(len(used) == 1, "one gate-out took effect")
    wire = story.attacker.relayed_wire(used[0]["tx_hash"])
    replayed = RawAct("Releases", used[0]["digest"], wire)
    story.attacker.relay(replayed)
    refusal = story.refusal_seen_by("bank", replayed, "RIGHT_USED")
    story.say(f"the used lane act relayed again: {refusal['sentence']}")


def _right(story: Story, member: str) -> Json:
    order = _order(story.consortium[member], story)
    hold(order is not None, f"{member} shows the order")
    rights: list[Json] = (order or {})["rights"]
    return rights[0]


def load_bill(path: Path) -> Json:
    """The committed bill of lading, as any clerk would hand it in."""
    bill: Json = json.loads(path.read_text())
    return bill
