"""Titles and members are what the contracts say, after a random history and after a rebuild."""

import os
import threading
import time
from typing import Any

from founded import NOBODY, PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded
from support.followed import (
    ROOT,
    ROUNDS,
    SEED,
    TITLES,
    RandomLives,
    acted,
    check_members,
    check_titles,
    follow,
    rows,
)
from support.servers import PostgreSQL

from identity.acts.types import ACT_TYPES
from identity.acts.words import (
    Capacity,
    SurrenderPurpose,
    TitleKind,
)
from identity.keys.secp256k1 import SigningKey, key_id
from node.chain.rebuild import rebuild
from node.chain.rpc import data, read_bytes
from node.store.database import Database
from node.store.projections import (
    ACTED,
    PROJECTIONS,
    REFUSED,
    LedgerEvent,
    MemberKey,
    Title,
)


def test_titles_are_what_the_contract_says_after_a_random_history(
    founded: Founded, store: Database
) -> None:
    RandomLives(founded, SEED).play(ROUNDS)
    follow(founded, store)
    assert len(rows(store, Title)) >= TITLES
    check_titles(founded, store)
    events = rows(store, LedgerEvent)
    done = {event.verb for event in events if event.kind == ACTED}
    assert done >= {"Issue", "Offer", "Accept", "Withdraw", "Decline", "Surrender"}
    assert any(event.kind == REFUSED and event.refusal for event in events)


def test_every_verb_of_a_title_leaves_what_the_contract_says(
    founded: Founded, store: Database
) -> None:
    title, order, deadline = os.urandom(32), os.urandom(32), int(time.time()) + 3_600
    shipper, bank, consignee = (founded.members[n].id for n in ("shipper", "bank", "consignee"))
    amended = b"\x66" * 32

    def do(by: str, verb: str, counter: int, **fields: Any) -> bytes:
        digest, wire = founded.act(by, verb, title, counter, **fields)
        acted(founded.submit("Titles", wire))
        follow(founded, store)
        check_titles(founded, store)
        return read_bytes(digest)

    def surrender(by: str, counter: int, purpose: SurrenderPurpose, to: bytes = NOBODY) -> bytes:
        terms = {"root": ROOT, "amended": to, "deadline": deadline}
        return do(by, "Surrender", counter, purpose=int(purpose), **terms)

    offer = do(
        "carrier", "Issue", 0, kind=int(TitleKind.ORDER), party=NOBODY, holder=shipper,
        deadline=deadline, loading=PORT_OF_LOADING, discharge=PORT_OF_DISCHARGE, root=ROOT,
    )  # fmt: skip
    do("shipper", "Accept", 1, offer=offer, root=ROOT)
    offer = surrender("shipper", 2, SurrenderPurpose.PAPER)
    do("carrier", "Accept", 3, offer=offer, root=ROOT)
    offer = do("carrier", "ReturnFromPaper", 4, holder=shipper, deadline=deadline, root=ROOT)
    do("shipper", "Accept", 5, offer=offer, root=ROOT)
    terms = {"capacity": int(Capacity.PLEDGEE), "endorsement": 0, "deadline": deadline}
    offer = do("shipper", "Offer", 6, to=bank, root=ROOT, **terms)
    do("bank", "Accept", 7, offer=offer, root=ROOT)
    offer = surrender("shipper", 8, SurrenderPurpose.AMENDMENT, amended)
    do("bank", "ConsentAmendment", 9, offer=offer, amended=amended)
    do("carrier", "Amend", 10, offer=offer, root=amended)
    do("bank", "RecordDefault", 11, notice=ROOT)
    do("customs", "Freeze", 0, port=PORT_OF_DISCHARGE, order=order)
    time.sleep(1.1)  # the waiting time of this network's rulebook
    proposal = do(
        "customs", "ProposeTransfer", 0, port=PORT_OF_DISCHARGE, order=order, to=consignee,
        endsLien=1,
    )  # fmt: skip
    _, wire = founded.act(
        "customs", "ConfirmTransfer", title, 0, port=PORT_OF_DISCHARGE, order=order,
        proposal=proposal,
    )  # fmt: skip
    (event,) = founded.submit("Titles", wire)
    assert event.refusal == "SecondAuthorityNeeded"
    do("customs", "Lift", 0, port=PORT_OF_DISCHARGE, order=order)
    terms = {"capacity": int(Capacity.HOLDER), "endorsement": 0, "deadline": deadline}
    offer = do("bank", "Offer", 15, to=consignee, root=amended, **terms)
    do("consignee", "Accept", 16, offer=offer, root=amended)


def test_members_are_what_the_contract_says_after_their_own_changes(
    founded: Founded, store: Database
) -> None:
    shipper = founded.members["shipper"]
    added, until = SigningKey.generate(), int(time.time()) + 86_400
    key = key_id(added.address)
    delegation = {
        "delegate": founded.members["consignee"].id,
        "verbs": (1 << ACT_TYPES["Offer"].code) | (1 << ACT_TYPES["Checkpoint"].code),
        "title": NOBODY,
        "until": until,
    }
    for counter, verb, fields in (
        (1, "AddKey", {"key": key, "purpose": 1, "validFrom": 0, "validUntil": until}),
        (2, "UpdateProfile", {"profile": ROOT}),
        (3, "RevokeKey", {"key": key}),
        (4, "AcceptRulebook", {"rulebook": read_bytes(founded.founding.rulebook)}),
        (5, "Delegate", delegation),
    ):
        _, wire = founded.act("shipper", verb, shipper.id, counter, **fields)
        founded.submit("Membership", wire)
    follow(founded, store)
    check_members(founded, store)
    revoked = [row for row in rows(store, MemberKey) if row.revoked_block is not None]
    assert [row.key for row in revoked] == [data(key)]


def test_the_tables_are_rebuilt_the_same_while_new_acts_arrive(
    founded: Founded, store: Database
) -> None:
    lives = RandomLives(founded, SEED + 1)
    lives.play(2)
    follow(founded, store)
    stop = threading.Event()

    def go_on_following() -> None:
        while not stop.is_set():
            follow(founded, store)

    def go_on_acting() -> None:
        lives.play(6)
        stop.set()

    threads = [threading.Thread(target=run) for run in (go_on_following, go_on_acting)]
    for thread in threads:
        thread.start()
    heights = []
    while not stop.is_set():
        rebuilt = rebuild(founded.ledger, store, founded.network)
        assert rebuilt.differing == 0
        heights.append(rebuilt.height)
    for thread in threads:
        thread.join()
    follow(founded, store)
    assert heights == sorted(heights)
    assert len(set(heights)) > 1
    check_titles(founded, store)
    assert rebuild(founded.ledger, store, founded.network).differing == 0


def test_both_engines_hold_the_same_rows_of_the_same_ledger(
    founded: Founded, store: Database, postgresql: PostgreSQL
) -> None:
    server = Database(postgresql.create())
    for database in (store, server):
        follow(founded, database)
    for model in PROJECTIONS:
        held = [
            {tuple(row.model_dump().items()) for row in rows(database, model)}
            for database in (store, server)
        ]
        assert held[0] == held[1], model.__name__
    assert rows(server, LedgerEvent)
    assert rebuild(founded.ledger, server, founded.network).differing == 0
    server.close()
    postgresql.drop(server.url)
