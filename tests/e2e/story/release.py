"""Steps 5 and 6: surrendered, released by conditions, out once, the empty back, delivered."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from .attacks import RawAct, random_id
from .consortium import Json, Member, hold, until
from .telling import WEEK, Story


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
    for member in (terminal, customs):
        until(
            lambda member=member: _order(member, story) is not None,  # type: ignore[misc]
            f"{member.name}'s node shows the order",
        )
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
    """6. The lane uses the pickup right, once; the order closes with the empty and its EIR in."""
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
    _bring_back(story)
    told = until(
        lambda: (_order(consortium["customs"], story) or {}).get("state") == "closed",
        "customs' node shows the order closed",
    )
    hold(bool(told), "the order is closed")
    story.wait_title("bank", lambda t: t["state"] == "delivered", "the title is delivered")
    story.say("the order is closed and the title delivered")


def _bring_back(story: Story) -> None:
    """Interchange out, the empty container's return, and the interchange in that closes it."""
    out = story.gate.exchange(story.container, "out", b"no damage")
    hold((out["code"], out["barrier"]) == ("RECORDED", "closed"), f"EIR out: {out}")
    back = story.gate.read(story.container, "in")
    hold(back["code"] == "DONE", f"the empty comes back: {back}")
    order = _order(story.consortium["terminal"], story) or {}
    hold(order["state"] == "open", "the order waits for the interchange in")
    eir = story.gate.exchange(story.container, "in", b"a dent, left door")
    hold(eir["code"] == "RECORDED", f"EIR in: {eir}")
    story.say("the empty container returned; interchanges out and in recorded by their hashes")


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
