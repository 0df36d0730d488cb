"""The verdict in words, for a judge, a bank or customs; and the same as JSON.

It claims nothing that node/evidence/verify.py has not checked, and says what it did not check.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, cast

from identity.acts.objects import condition_id, right_id
from identity.acts.typed import Act, act_to_json
from identity.acts.words import (
    Capacity,
    ConditionKind,
    DeviceState,
    Direction,
    MemberStatus,
    OrderState,
    Outcome,
    RightState,
    SurrenderPurpose,
    TitleState,
)
from node.evidence.history import ProvedAct
from node.evidence.standing import ABOUT_MEMBERS, Stand
from node.evidence.verify import NOBODY, Verdict

_STATES: dict[str, type[IntEnum]] = {
    "title": TitleState,
    "order": OrderState,
    "right": RightState,
    "lane": DeviceState,
    "member": MemberStatus,
}
_NOT_TOLD = {"member", "council", "versions"}
_OUTCOMES = {
    Outcome.DONE: "",
    Outcome.ASSENTED: " (assented; the council's other seats were still missing)",
    Outcome.RECORDED_REFUSAL: " (refused and recorded: not released)",
}
_UNTOLD = ABOUT_MEMBERS | {"RotateCouncil", "ActivateVersion"}
_NOT_PROVED = (
    "Anything after that block.",
    "Whether what the documents say of the goods is true, and fields that are not shown.",
    "Who in a member's organisation used its key.",
    "Whether the title's id is the carrier's tag for the bill's number: whoever holds the bill"
    " checks its numbering.",
)


def in_words(verdict: Verdict) -> str:
    """Return the report as lines of plain English, times in UTC."""
    return "\n".join(_lines(verdict)) + "\n"


def to_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as a JSON object; ``proved`` is what a program must look at."""
    return {
        "proved": verdict.proved,
        "verdict": "proved" if verdict.proved else "consistent, not proved",
        "network": verdict.network.network_id,
        "engine": verdict.network.engine,
        "operator": verdict.network.operator,
        "exporter": verdict.exporter,
        "as_of": {
            "height": verdict.height,
            "block_hash": verdict.block_hash,
            "at": moment(verdict.time),
        },
        "witnesses": sorted(verdict.witnesses),
        "title": verdict.title,
        "frozen_under": dict(verdict.frozen),
        "held_under": dict(verdict.held),
        "holder": verdict.holder,
        "pledgee": verdict.pledgee,
        "order": verdict.order,
        "container": verdict.container,
        "standing": [
            {"object": object_, **_stand_json(stand)} for object_, stand in verdict.standing.items()
        ],
        "acts": [_act_json(verdict, proved) for proved in verdict.acts],
        "fields": dict(verdict.shown.fields),
        "containers": dict(verdict.shown.tags),
        "names": dict(verdict.shown.names),
        "not_proved": list(not_proved(verdict)),
    }


def not_proved(verdict: Verdict) -> Iterator[str]:
    """Say what the file leaves open, one sentence each."""
    if not verdict.proved:
        yield (
            "Anything: without a trusted network.json (--trust) the file is only consistent in"
            " itself, and whoever makes a ledger of their own can make such a file."
        )
    title = verdict.standing[verdict.title]
    if verdict.order is not None:
        if verdict.container is not None and verdict.container not in verdict.shown.tags.values():
            yield f"Which of the pickup rights is that of {verdict.container}."
    elif title.status in {TitleState.SURRENDERED, TitleState.DELIVERED}:
        yield (
            "Whether the goods were released: the title was surrendered, and the file leaves its"
            " delivery order out."
        )
    else:
        yield "Whether a delivery order exists: the file does not speak of one."
    if _lived_again(verdict):
        yield (
            "What was done under an earlier delivery order: it ended, and the file leaves it out."
        )
    if title.status == TitleState.PAPER:
        yield "Who holds the paper: the ledger does not know after a title was turned into paper."
    if verdict.container is None and not verdict.shown.fields:
        yield "Which goods or containers the title is for: no field of its document is shown."
    yield from _NOT_PROVED


def moment(seconds: int) -> str:
    """Return UTC seconds as ``2026-05-01T10:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(verdict: Verdict) -> Iterator[str]:
    word = "PROVED" if verdict.proved else "CONSISTENT, NOT PROVED"
    about = f"title {verdict.title}"
    if verdict.container is not None:
        about = f"container {verdict.container}, {about}"
    yield f"{word}: {about}"
    yield f"as of block {verdict.height}, {moment(verdict.time)} ({verdict.block_hash})"
    yield f"exported by {_who(verdict, verdict.exporter)}; names are those of members' profiles"
    names = ", ".join(_who(verdict, member) for member in sorted(verdict.witnesses))
    yield f"witnessed in every block and status by {names or 'no member'}"
    if verdict.network.operator is not None:
        yield (
            f"The ledger ({verdict.network.engine}) was run by {verdict.network.operator} alone:"
            " that one party ordered the acts; the witnesses saw the same blocks."
        )
    yield ""
    yield "How it stood then:"
    for object_, stand in verdict.standing.items():
        in_service = stand.kind == "lane" and stand.status == DeviceState.IN_SERVICE
        if stand.kind not in _NOT_TOLD and not in_service:
            yield f"  {_stand_words(verdict, object_, stand)}"
    yield ""
    yield "What happened, in the ledger's order:"
    for proved in verdict.acts:
        if proved.act.name not in _UNTOLD:
            yield f"  {_act_words(verdict, proved)}"
    yield f"  and {_count_untold(verdict)} acts about members, their keys and the network"
    if verdict.shown.fields:
        yield ""
        yield "Fields of the bill that are shown:"
        for path, value in verdict.shown.fields.items():
            yield f"  {path}: {value}"
    yield ""
    yield "Not proved:"
    for sentence in not_proved(verdict):
        yield f"  - {sentence}"


def _act_words(verdict: Verdict, proved: ProvedAct) -> str:
    act = proved.act
    signer = _who(verdict, "0x" + act.principal.hex())
    by = f"{signer}, lane key" if act.type.signer == "lane" else f"{signer}, key"
    if any(act.delegation):
        by = f"another for {signer} under delegation 0x{act.delegation.hex()}, key"
    return (
        f"block {proved.place.height}  {moment(proved.time)}  {act.name}{_of(verdict, act)}"
        f"{_OUTCOMES[proved.outcome]}  signed by {by} 0x{proved.key.hex()}"
        f"{_cosigned_words(verdict, proved)}"
    )


def _cosigned_words(verdict: Verdict, proved: ProvedAct) -> str:
    if not any(cast(bytes, proved.act.fields["companion"])):
        return ""
    cosigned = verdict.cosigned.get(proved.digest)
    if cosigned is None:
        return "; it names an SM2 co-signature that the file does not show"
    return (
        f"; SM2 co-signature of {_who(verdict, cosigned.member)} valid, certificate until"
        f" {moment(cosigned.valid_until)}, {cosigned.revocation}"
    )


def _of(verdict: Verdict, act: Act) -> str:
    """What an act is about, where its verb alone does not say it."""
    object_ = "0x" + act.object.hex()
    if act.name == "Issue":
        return f" to {_member(verdict, act, 'holder')}"
    if act.name == "Offer":
        capacity = Capacity(cast(int, act.fields["capacity"])).name.lower()
        return f" to {_member(verdict, act, 'to')} as {capacity}"
    if act.name == "SetCondition":
        met = "met" if act.fields["met"] else "not met"
        return f" {_condition_kind(verdict, object_)}: {met}"
    if act.name == "Surrender":
        return f" for {SurrenderPurpose(cast(int, act.fields['purpose'])).name.lower()}"
    if act.name == "RecordInterchange":
        way = Direction(cast(int, act.fields["direction"])).name.lower()
        return f" {way} of {_container_of(verdict, object_)}"
    if act.name in {"ProposeTransfer", "TransferRight"}:
        return f" to {_member(verdict, act, 'to')}{_under(act)}"
    if act.name in {"GateOut", "ReturnEmpty"}:
        return f" of {_container_of(verdict, object_)}"
    return _under(act)


def _under(act: Act) -> str:
    """The authority's order, of an act that is bound to one."""
    if act.type.signer != "authority" or "order" not in act.fields:
        return ""
    return f" under order 0x{cast(bytes, act.fields['order']).hex()}"


def _member(verdict: Verdict, act: Act, field: str) -> str:
    return _who(verdict, "0x" + cast(bytes, act.fields[field]).hex())


def _stand_words(verdict: Verdict, object_: str, stand: Stand) -> str:
    state = _state(stand)
    if stand.kind == "title":
        holder = f", held by {_who(verdict, verdict.holder)}" if verdict.holder else ""
        pledgee = f", pledged to {_who(verdict, verdict.pledgee)}" if verdict.pledgee else ""
        who = _who(verdict, "0x" + stand.controller.hex())
        frozen = _orders(verdict, "; frozen", verdict.frozen)
        return f"the title is {state}{holder}{pledgee}; {who} controls it{frozen}"
    if stand.kind == "condition":
        kind = _condition_kind(verdict, object_)
        return f"condition {kind}: {state}, said by {_who(verdict, '0x' + stand.controller.hex())}"
    if stand.kind == "right":
        owner = _who(verdict, "0x" + stand.controller.hex())
        owned = f", owned by {owner}" if any(stand.controller) else ""
        return f"pickup right of {_container_of(verdict, object_)}: {state}{owned}"
    if stand.kind == "lane":
        return f"lane {object_} is {state}"
    held = _orders(verdict, "; held", verdict.held)
    return f"the delivery order is {state}, at {_who(verdict, '0x' + stand.controller.hex())}{held}"


def _orders(verdict: Verdict, word: str, orders: Mapping[str, str]) -> str:
    said = [f"order {order} of {_who(verdict, by)}" for order, by in orders.items()]
    return f"{word} under {', '.join(said)}" if said else ""


def _state(stand: Stand) -> str:
    if stand.kind in _STATES:
        return _STATES[stand.kind](stand.status).name.lower().replace("_", " ")
    if stand.kind == "condition":
        return "met" if stand.status else "not met"
    return str(stand.status)


def _condition_kind(verdict: Verdict, object_: str) -> str:
    order = bytes.fromhex((verdict.order or NOBODY)[2:])
    ids = {"0x" + condition_id(order, kind).hex(): kind for kind in ConditionKind}
    return ids[object_].name.lower() if object_ in ids else object_


def _container_of(verdict: Verdict, object_: str) -> str:
    order = bytes.fromhex((verdict.order or NOBODY)[2:])
    for tag, number in verdict.shown.tags.items():
        if "0x" + right_id(order, bytes.fromhex(tag[2:])).hex() == object_:
            return number
    return f"a container that is not shown ({object_})"


def _who(verdict: Verdict, member: str) -> str:
    if member == NOBODY:
        return "nobody"
    name = verdict.shown.names.get(member)
    return f"{name} ({member[:10]}…)" if name is not None else member


def _count_untold(verdict: Verdict) -> int:
    return sum(proved.act.name in _UNTOLD for proved in verdict.acts)


def _lived_again(verdict: Verdict) -> bool:
    """Whether a cancelled order, which the file does not hold, gave the title back."""
    told = {proved.digest for proved in verdict.acts}
    return any(
        follow.contract == "Titles" and follow.cause not in told for follow in verdict.follows
    )


def _stand_json(stand: Stand) -> dict[str, Any]:
    controller = "0x" + stand.controller.hex()
    return {
        "kind": stand.kind,
        "state": _state(stand),
        "controller": None if controller == NOBODY else controller,
    }


def _act_json(verdict: Verdict, proved: ProvedAct) -> dict[str, Any]:
    cosigned = verdict.cosigned.get(proved.digest)
    return {
        "cosigned": None
        if cosigned is None
        else {
            "algorithm": "SM2",
            "key": cosigned.key,
            "certificate_until": moment(cosigned.valid_until),
            "revocation": cosigned.revocation,
        },
        "block": proved.place.height,
        "transaction_index": proved.place.index,
        "log": proved.place.log,
        "at": moment(proved.time),
        "verb": proved.act.name,
        "principal": "0x" + proved.act.principal.hex(),
        "key": "0x" + proved.key.hex(),
        "object": "0x" + proved.act.object.hex(),
        "counter": proved.counter,
        "outcome": proved.outcome.name.lower(),
        "digest": "0x" + proved.digest.hex(),
        "act": act_to_json(proved.act),
    }
