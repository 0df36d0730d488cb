"""Files of titles with less common lives, on a real ledger: every proved act is replayed."""

import time
from collections.abc import Iterator
from hashlib import sha256

import pytest
from ledger_process import running_ledger
from support.people import DISCHARGE, SEATS, hexed, key_of, member_id
from support.trade import Trade, found_trade

from identity.acts.objects import COUNCIL
from identity.acts.types import ActType
from identity.acts.words import KeyPurpose, MemberStatus, OrderState, SurrenderPurpose, TitleState
from identity.keys.secp256k1 import SigningKey, key_id
from node.evidence.export import Subject
from node.evidence.report import in_words, to_json
from node.evidence.verify import Verdict, verify

LEGAL = sha256(b"a court's order").digest()
AMENDED = sha256(b"amended").digest()
DEADLINE = int(time.time()) + 7 * 24 * 3600


@pytest.fixture
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    folder = tmp_path_factory.mktemp("story")
    with running_ledger(folder) as url:
        trade = found_trade(folder / "members", url)
        trade.issue()
        yield trade
        trade.close()


def uncounted(trade: Trade, verb: str, by: str, object_: bytes, **own: object) -> bytes:
    """Return an act that names no counter, and let the object's own move on all the same."""
    counter = trade.counters.get(object_, 0)
    trade.counters[object_] = 0
    wire = trade.act(verb, by, object_, **own)  # type: ignore[arg-type]
    trade.counters[object_] = counter + 1
    return wire


def motion(trade: Trade, verb: str, object_: bytes, **own: object) -> None:
    """Let two seats carry a motion about a member."""
    counter = trade.counters.get(object_, 0)
    wires = []
    for seat in SEATS[:2]:
        trade.counters[object_] = 0
        wires.append(trade.act(verb, seat, object_, signer="council", **own))  # type: ignore[arg-type]
    trade.counters[object_] = counter + 1
    trade.relay(*wires)


def proved(trade: Trade, by: str = "shipper") -> Verdict:
    evidence = trade.exporter(by).export(trade.subject(None))
    return verify(evidence, trade.network)


def order_of_title(trade: Trade, verb: str, by: str, **own: object) -> bytes:
    return uncounted(trade, verb, by, trade.title, port=DISCHARGE, order=LEGAL, **own)


def test_a_frozen_title_under_a_delegate_and_an_amendment_is_proved(trade: Trade) -> None:
    assert trade.tree is not None
    root = trade.tree.root
    verbs = 1 << ActType.by_name("Surrender").code
    give = trade.act(
        "Delegate", "shipper", member_id("shipper"), delegate=member_id("consignee"),
        verbs=verbs, title=trade.title, until=DEADLINE,
    )  # fmt: skip
    trade.relay(give)
    surrender = trade.sign(
        "Surrender", "shipper", trade.title, key_of("consignee", "act"),
        delegation=trade.digest(give), purpose=int(SurrenderPurpose.AMENDMENT), root=root,
        amended=AMENDED, deadline=DEADLINE,
    )  # fmt: skip
    amend = trade.act("Amend", "carrier", trade.title, offer=trade.digest(surrender), root=AMENDED)
    trade.relay(surrender, amend)
    trade.relay(order_of_title(trade, "Freeze", "customs"))
    verdict = verify(trade.exporter("shipper").export(_bare(trade)), trade.network)
    assert verdict.frozen == {hexed(LEGAL): hexed(member_id("customs"))}
    words = in_words(verdict)
    assert f"frozen under order {hexed(LEGAL)}" in words
    assert f"under delegation {hexed(trade.digest(give))}" in words
    assert to_json(verdict)["frozen_under"] == {hexed(LEGAL): hexed(member_id("customs"))}


def test_members_as_the_council_left_them_are_proved(trade: Trade) -> None:
    fresh = SigningKey.generate()
    motion(
        trade, "RecoverKeys", member_id("shipper"), series=bytes(32),
        keys=[key_id(fresh.address)], purposes=[int(KeyPurpose.ACT)],
    )  # fmt: skip
    terms = {"capacity": 1, "endorsement": 0, "deadline": DEADLINE}
    assert trade.tree is not None
    offer = trade.sign(
        "Offer", "shipper", trade.title, fresh, to=member_id("consignee"),
        root=trade.tree.root, **terms,
    )  # fmt: skip
    trade.relay(offer)
    seats = [member_id(seat) for seat in SEATS[:2]]
    second = [key_of(seat, "second council") for seat in SEATS[:2]]
    rotate = {"threshold": 2, "seats": seats, "keys": [key_id(key.address) for key in second]}
    wires = []
    for seat in SEATS[:2]:
        trade.counters[COUNCIL] = 0
        wires.append(trade.act("RotateCouncil", seat, COUNCIL, signer="council", **rotate))
    trade.relay(*wires)
    wires = []
    for seat, key in zip(SEATS, second, strict=False):
        trade.counters[member_id("shipper")] = 0
        wires.append(trade.sign("SuspendMember", seat, member_id("shipper"), key, reason=LEGAL))
    trade.relay(*wires)
    verdict = proved(trade, "customs")
    assert verdict.standing[hexed(member_id("shipper"))].status == MemberStatus.SUSPENDED
    assert verdict.standing[hexed(COUNCIL)].status == 2
    assert verdict.holder == hexed(member_id("shipper"))


def test_a_cancelled_order_and_the_title_that_lives_again_are_proved(trade: Trade) -> None:
    assert trade.tree is not None
    surrender = trade.act(
        "Surrender", "shipper", trade.title, purpose=int(SurrenderPurpose.DELIVERY),
        root=trade.tree.root, amended=bytes(32), deadline=DEADLINE,
    )  # fmt: skip
    trade.relay(surrender, trade.accept("carrier", surrender))
    trade.open_order()
    trade.relay(uncounted(trade, "HoldOrder", "customs", trade.order, port=DISCHARGE, order=LEGAL))
    lift = uncounted(trade, "LiftHold", "customs", trade.order, port=DISCHARGE, order=LEGAL)
    propose = trade.act("ProposeCancellation", "carrier", trade.order, reason=LEGAL)
    trade.relay(lift, propose)
    confirm = trade.act(
        "ConfirmCancellation", "shipper", trade.order, proposal=trade.digest(propose)
    )
    trade.relay(confirm)
    verdict = proved(trade)
    assert verdict.order is not None
    assert verdict.standing[verdict.order].status == OrderState.CANCELLED
    assert verdict.standing[verdict.title].status == TitleState.LIVE
    assert verdict.held == {}
    trade.order, trade.salts = b"", {}
    alone = in_words(proved(trade))
    assert "What was done under an earlier delivery order" in alone


def _bare(trade: Trade) -> Subject:
    """The title alone: its document was replaced by one that this test does not have."""
    return Subject(hexed(trade.title))
