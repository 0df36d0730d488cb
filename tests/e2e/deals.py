"""Titles brought to a state over HTTP, for tests that look at a running consortium from outside."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from story.attacks import Attacker, random_id
from story.consortium import Consortium, Json, Member, until

BILL = Path(__file__).parents[1] / "data" / "bill" / "transport-document.json"
PATIENCE_SECONDS = 120
NOBODY = "0x" + bytes(32).hex()


def bill(**changes: Any) -> Json:
    """A bill of lading that the carrier has not numbered before, with some fields changed."""
    document: Json = json.loads(BILL.read_text())
    number = f"E2E{uuid4().hex[:12].upper()}"
    return document | {"transportDocumentReference": number} | changes


def post(
    member: Member, path: str, body: Any, role: str = "clerk", key: str | None = None
) -> httpx.Response:
    """Send a write and return at once what the door answers."""
    headers = {
        "Authorization": f"Bearer {member.tokens[role]}",
        "Idempotency-Key": key or uuid4().hex,
    }
    return member.client.post(path, json=body, headers=headers, timeout=90)


def ended(member: Member, command: str, seconds: float = PATIENCE_SECONDS) -> Json:
    """Wait for a command's end and return it."""

    def end() -> Json | None:
        told = member.get(f"/v1/commands/{command}")
        return told if told["state"] in ("final", "refused", "expired") else None

    return until(end, f"{member.name}'s command has an end", seconds)


def do(member: Member, path: str, body: Any, role: str = "clerk") -> Json:
    """Send a write and wait until it is final; anything else fails the test."""
    answer = post(member, path, body, role)
    assert answer.status_code == 202, answer.text
    command = ended(member, answer.json()["id"])
    assert command["state"] == "final", command
    return command


def seen(member: Member, title: str, **facts: Any) -> Json:
    """Wait until a member's node shows the title with these facts, and return it."""

    def shown() -> Json | None:
        headers = {"Authorization": f"Bearer {member.tokens['clerk']}"}
        answer = member.client.get(f"/v1/titles/{title}", headers=headers)
        told = dict(answer.json())
        holds = all(told.get(name) == value for name, value in facts.items())
        return told if answer.status_code == 200 and holds else None

    return until(shown, f"{member.name} shows {title} with {facts}", PATIENCE_SECONDS)


def offered_to(member: Member, title: str) -> str:
    """Wait until a member's node shows an offer to it; return the offer's digest."""

    def offer() -> str | None:
        told = seen(member, title)["offer"]
        return str(told["digest"]) if told and told["to"] == member.id else None

    return until(offer, f"{member.name} is offered {title}", PATIENCE_SECONDS)


def accept(member: Member, title: str) -> Json:
    """Accept what is offered to a member, once its node has seen the offer."""
    return do(member, f"/v1/titles/{title}/accept", {"offer": offered_to(member, title)})


def live_title(consortium: Consortium, document: Json | None = None) -> str:
    """A title that the carrier issued and the shipper holds; every node shows it so."""
    carrier, shipper = consortium["carrier"], consortium["shipper"]
    body = {"document": document or bill(), "holder": shipper.id}
    title = str(do(carrier, "/v1/titles", body, "issuer")["object"])
    accept(shipper, title)
    for member in consortium.members.values():
        seen(member, title, state="live")
    return title


def offer(consortium: Consortium, title: str, by: str, to: str, **terms: Any) -> str:
    """Offer a title from one member to another; return the offer's digest as the other sees it."""
    receiver = consortium[to]
    do(consortium[by], f"/v1/titles/{title}/offers", {"to": receiver.id, **terms})
    return offered_to(receiver, title)


def open_order(consortium: Consortium, title: str) -> str:
    """A surrendered title's delivery order, with freight open; the terminal's node shows it."""
    carrier, terminal = consortium["carrier"], consortium["terminal"]
    do(consortium["shipper"], f"/v1/titles/{title}/surrender", {"purpose": "delivery"})
    accept(carrier, title)
    conditions = [{"kind": "freight", "member": carrier.id}]
    body = {"terminal": terminal.id, "conditions": conditions}
    order = str(do(carrier, f"/v1/titles/{title}/orders", body, "issuer")["object"])
    for member in (terminal, consortium["bank"]):
        until(
            lambda m=member: (
                m.client.get(  # type: ignore[misc]
                    f"/v1/orders/{order}", headers={"Authorization": f"Bearer {m.tokens['clerk']}"}
                ).status_code
                == 200
            ),
            f"{member.name} shows the order",
            PATIENCE_SECONDS,
        )
    return order


def title_without_document(consortium: Consortium, like: str) -> str:
    """A title offered to the shipper by a dishonest clerk of the carrier: nobody has its bill."""
    attacker, tag = Attacker(consortium), random_id()
    attacker.relay(
        attacker.sign(
            "Titles",
            "Issue",
            consortium.attack["carrier_act_key"],
            principal=consortium["carrier"].id,
            object_=tag,
            counter=0,
            **issue_terms(consortium, like),
        )
    )
    for member in consortium.members.values():
        seen(member, tag, state="issued")
    return tag


def issue_terms(consortium: Consortium, like: str) -> Json:
    """An issue's own fields, to order and blank, for the shipper, between the ports of ``like``."""
    ports = seen(consortium["bank"], like)["ports"]
    return {
        "kind": 2,
        "party": NOBODY,
        "holder": consortium["shipper"].id,
        "deadline": int(time.time()) + 3600,
        "loading": ports["loading"],
        "discharge": ports["discharge"],
        "root": random_id(),
    }


def standing(consortium: Consortium, members: Iterable[str], titles: Iterable[str]) -> Json:
    """All that a refused act may not change, as these members' own nodes tell it."""
    return {
        name: {
            "titles": [_without_age(member.get(f"/v1/titles/{title}")) for title in titles],
            "listed": [title["id"] for title in member.get("/v1/titles")["titles"]],
            "counters": {m["id"]: m["counter"] for m in member.get("/v1/members")["members"]},
        }
        for name in members
        for member in (consortium[name],)
    }


def _without_age(told: Json) -> Json:
    return {name: value for name, value in told.items() if name != "as_of"}
