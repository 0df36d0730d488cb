"""Steps 1 to 4: founded, issued, financed, handed over; each outcome from another member's API."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .attacks import random_id, search
from .consortium import Member, hold, until
from .telling import WEEK, Story


def found(story: Story) -> None:
    """1. The network is founded and every member sees the same council, members and rulebook."""
    consortium = story.consortium
    ours = {member.id for member in consortium.members.values()}
    for member in consortium.members.values():
        until(lambda member=member: ours <= _active(member), f"{member.name} lists all six")  # type: ignore[misc]
    seen = [_active(member) for member in consortium.members.values()]
    hold(all(ids == seen[0] for ids in seen), "all six members list the same active members")
    council = consortium.network["council"]
    hold(
        (council["threshold"], len(council["seats"])) == (2, 3),
        "network.json names a 2-of-3 council",
    )
    hold(len(consortium.network["signatures"]) >= 2, "network.json carries two seats' signatures")
    story.say(f"{len(seen[0])} members admitted by a 2-of-3 council; all six nodes agree")


def _active(member: Member) -> set[str]:
    told = member.get("/v1/members")["members"]
    return {listed["id"] for listed in told if listed["status"] == "active"}


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
    """Past the carrier's node: under the same tag with new salts, then under another tag."""
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
    _under_another_tag(story, terms)


def _under_another_tag(story: Story, terms: dict[str, Any]) -> None:
    """The contract cannot know a wrong tag; the receiver's node checks the numbering."""
    carrier, shipper = story.consortium["carrier"], story.consortium["shipper"]
    key = story.consortium.attack["carrier_act_key"]
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

    for name in ("shipper", "consignee"):
        until(
            lambda name=name: _knows(story.consortium[name], other_tag),  # type: ignore[misc]
            f"{name}'s node sees the title under another tag",
        )
    refused = shipper.try_write(f"/v1/titles/{other_tag}/accept", {"offer": other.digest})
    hold(
        refused.get("code") == "NUMBERING_INVALID",
        f"the shipper's node refuses the tag: {refused}",
    )
    told = story.consortium["consignee"].get(f"/v1/titles/{other_tag}")
    hold(told["state"] == "issued", "the title under another tag never becomes live")
    story.say("one under another tag: refused by the shipper's node, never a live title")


def _knows(member: Member, title: str) -> bool:
    bearer = {"Authorization": f"Bearer {member.tokens['clerk']}"}
    return member.client.get(f"/v1/titles/{title}", headers=bearer).status_code == 200


def finance(story: Story) -> None:
    """3. Offer, withdrawal, pledge, a stale offer, release on payment, hand-over."""
    consortium = story.consortium
    shipper, bank, consignee = (consortium[n] for n in ("shipper", "bank", "consignee"))
    offer = story.offer("shipper", "consignee")
    shipper.write(f"/v1/titles/{story.title}/withdraw", {"offer": offer})
    story.wait_title("consignee", lambda t: t["offer"] is None, "the offer is withdrawn")
    story.say("offered to the consignee with a deadline, and withdrawn")
    _pledge_without_document(story)
    before = story.title_seen_by("shipper")  # whose last act is final in its own node
    stale = story.attacker.sign(
        "Titles",
        "Offer",
        consortium.attack["shipper_act_key"],
        principal=shipper.id,
        object_=story.title,
        counter=before["counter"] + 2,  # after the pledge is offered and accepted
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
    refusal = story.refusal_seen_by("consignee", stale, "TITLE_PLEDGED")
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
        counter=story.title_seen_by("shipper")["counter"],
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
