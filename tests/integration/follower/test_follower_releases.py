"""Releases, rights and devices are what the contracts say, at every step."""

import os
import time
from typing import Any

from founded import PORT_OF_DISCHARGE, Founded
from support.followed import (
    ROOT,
    acted,
    check_releases,
    check_titles,
    follow,
    rows,
    surrendered_title,
)

from identity.acts.objects import condition_id, right_id
from identity.acts.types import ACT_TYPES
from identity.acts.words import (
    Direction,
    Outcome,
    RightState,
    TitleState,
)
from identity.keys.secp256k1 import SigningKey
from node.chain.rpc import data, read_bytes
from node.store.database import Database
from node.store.projections import (
    FOLLOWED,
    LedgerEvent,
    PickupRight,
    Title,
)


def test_a_release_is_what_the_contracts_say_at_every_step(
    founded: Founded, store: Database
) -> None:
    title, order, lane, tag = surrendered_title(founded), *(os.urandom(32) for _ in range(3))
    lane_key = SigningKey.generate()
    carrier, terminal, customs = (
        founded.members[name].id for name in ("carrier", "terminal", "customs")
    )
    register = founded.act(
        "terminal",
        "RegisterLane",
        lane,
        0,
        key=lane_key.address,
        kind=1,
        port=PORT_OF_DISCHARGE,
        calibratedUntil=int(time.time()) + 86_400,
    )[1]
    opened = founded.act(
        "carrier",
        "OpenOrder",
        order,
        0,
        title=title,
        root=ROOT,
        terminal=terminal,
        kinds=[1, 2, 3],
        members=[carrier, customs, terminal],
        containers=[tag],
    )[1]

    def lane_act(verb: str, counter: int, device_counter: int) -> bytes:
        return founded.act(
            "terminal",
            verb,
            right_id(order, tag),
            counter,
            signing_key=lane_key,
            order=order,
            container=tag,
            lane=lane,
            deviceCounter=device_counter,
            time=int(time.time()),
            reports=ROOT,
        )[1]

    def conditions(met: int, counter: int) -> list[bytes]:
        return [
            founded.act(
                by,
                "SetCondition",
                condition_id(order, kind),
                counter,
                order=order,
                met=met,
                reference=ROOT,
            )[1]
            for kind, by in ((1, "carrier"), (2, "customs"), (3, "terminal"))
        ]

    early = lane_act("GateOut", 0, 1)
    steps = [
        ("Devices", [register]),
        ("Releases", [opened]),
        ("Releases", [early]),
        ("Releases", conditions(1, 0)),
        ("Releases", [early]),
        ("Releases", [lane_act("GateOut", 1, 2)]),
        ("Releases", [lane_act("GateOut", 2, 3)]),
        ("Releases", [lane_act("ReturnEmpty", 2, 4)]),
    ]
    for contract, wires in steps:
        founded.submit(contract, *wires, relayer="terminal")
        follow(founded, store)
        check_releases(founded, store)
    (right,) = rows(store, PickupRight)
    assert (right.state, right.early_attempts) == (RightState.RETURNED, 1)
    gate_outs = [event for event in rows(store, LedgerEvent) if event.verb == "GateOut"]
    assert [(event.outcome, event.refusal) for event in gate_outs] == [
        (Outcome.RECORDED_REFUSAL, ""),
        (Outcome.DONE, "StaleCounter"),
        (Outcome.DONE, ""),
        (Outcome.DONE, "RightUsed"),
    ]


def test_rights_holds_and_devices_are_what_the_contracts_say(
    founded: Founded, store: Database
) -> None:
    title, order, lane, tag, legal = surrendered_title(founded), *(os.urandom(32) for _ in "1234")
    key, right = SigningKey.generate(), right_id(order, tag)
    terminal = founded.members["terminal"].id
    counters = {order: 0, lane: 0, right: 0}

    def do(by: str, verb: str, object_: bytes, counted: bool = True, **fields: Any) -> bytes:
        signer = key if ACT_TYPES[verb].signer == "lane" else None
        counter = counters[object_] if counted else 0
        digest, wire = founded.act(by, verb, object_, counter, signing_key=signer, **fields)
        acted([e for e in founded.submit(ACT_TYPES[verb].contract, wire) if e.kind != FOLLOWED])
        counters[object_] += 1
        follow(founded, store)
        check_releases(founded, store)
        return read_bytes(digest)

    def seen(verb: str, device_counter: int, **own: Any) -> None:
        do(
            "terminal", verb, right, order=order, container=tag, lane=lane,
            deviceCounter=device_counter, time=int(time.time()), **own,
        )  # fmt: skip

    until = int(time.time()) + 86_400
    do(
        "terminal", "RegisterLane", lane, key=key.address, kind=1, port=PORT_OF_DISCHARGE,
        calibratedUntil=until,
    )  # fmt: skip
    do(
        "carrier", "OpenOrder", order, title=title, root=ROOT, terminal=terminal, kinds=[1],
        members=[founded.members["carrier"].id], containers=[tag],
    )  # fmt: skip
    condition = condition_id(order, 1)
    counters[condition] = 0
    do("carrier", "SetCondition", condition, order=order, met=1, reference=ROOT)
    do("customs", "HoldOrder", order, counted=False, port=PORT_OF_DISCHARGE, order=legal)
    do("customs", "LiftHold", order, counted=False, port=PORT_OF_DISCHARGE, order=legal)
    seen("GateOut", 1, reports=ROOT)
    seen("RecordInterchange", 2, direction=int(Direction.OUT), damage=ROOT)
    proposal = do("terminal", "ProposeReinstatement", right, report=ROOT)
    do("carrier", "ConfirmReinstatement", right, proposal=proposal)
    do("terminal", "Calibrate", lane, calibratedUntil=until + 5, certificate=ROOT)
    do("terminal", "SuspendDevice", lane, counted=False, reports=ROOT)
    do("customs", "SuspendDevice", lane, counted=False, reports=legal)
    do("customs", "ResumeDevice", lane, counted=False, reason=ROOT)
    do("terminal", "CorrectReport", lane, wrong=ROOT, right=legal)
    proposal = do("carrier", "ProposeCancellation", order, reason=ROOT)
    do("shipper", "ConfirmCancellation", order, proposal=proposal)
    check_titles(founded, store)
    (row,) = [row for row in rows(store, Title) if row.id == data(title)]
    assert row.state == TitleState.LIVE
