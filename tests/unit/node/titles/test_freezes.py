"""Freezes and transfers under an authority's order: the act's terms, and early refusals."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.members import DISCHARGE
from support.offline import LOADING, OfflineMember, fields_of, new_id, refused

from identity.acts.words import FreezeStage, Role, TitleState
from node.commands.bodies import NOBODY
from node.store.projections import TitleFreeze


@pytest.fixture(scope="module")
def customs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    customs = OfflineMember(tmp_path_factory.mktemp("freezes"), "customs", Role.CUSTOMS)
    customs.assign(customs.id, Role.CUSTOMS)
    yield customs
    customs.node.close()


def frozen(customs: OfflineMember, stage: FreezeStage = FreezeStage.FROZEN, **given: Any) -> Any:
    """Let the node know a live title frozen under an order; return what names both."""
    title = customs.title(freezes=1, holder=customs.other(), pledgee=given.pop("pledgee", NOBODY))
    freeze = TitleFreeze(
        **{
            "title": title.id, "order": new_id(), "stage": int(stage), "member": customs.id,
            "port": DISCHARGE, "transferable_from": 1, "proposal": NOBODY, "proposed_by": NOBODY,
            "proposed_to": NOBODY, "ends_lien": False, "frozen_block": 1, "last_block": 1,
        } | given
    )  # fmt: skip
    customs.put(freeze)
    return {"title": freeze.title, "legal_order": freeze.order}


def proposed(customs: OfflineMember, **given: Any) -> Any:
    terms = {
        "proposal": new_id(), "proposed_by": customs.other(), "proposed_to": customs.other(),
    } | given  # fmt: skip
    named = frozen(customs, FreezeStage.PROPOSED, **terms)
    return named | {"proposal": terms["proposal"]}


def test_a_freeze_names_port_and_order_and_no_counter(customs: OfflineMember) -> None:
    title, order = customs.title(holder=customs.other(), controller=NOBODY), new_id()
    fields = fields_of(customs, "Freeze", title=title.id, legal_order=order)
    assert (fields["object"], fields["counter"]) == (title.id, 0)
    assert (fields["port"], fields["order"]) == (DISCHARGE, order)


def test_an_authority_at_the_port_of_loading_freezes_too(customs: OfflineMember) -> None:
    title = customs.title(loading=DISCHARGE, discharge=LOADING)
    fields = fields_of(customs, "Freeze", title=title.id, legal_order=new_id())
    assert fields["port"] == DISCHARGE


def test_freezes_that_cannot_count_are_refused_at_once(customs: OfflineMember) -> None:
    order = new_id()
    cases: dict[str, dict[str, Any]] = {
        "OBJECT_UNKNOWN": {"title": new_id(), "legal_order": order},
        "NOT_ASSIGNED": {
            "title": customs.title(loading=9, discharge=8).id, "legal_order": order,
        },
        "ORDER_USED": frozen(customs, FreezeStage.LIFTED),
        "WRONG_STATE": {
            "title": customs.title(state=int(TitleState.PAPER)).id, "legal_order": order,
        },
    }  # fmt: skip
    assert {refused(customs, "Freeze", **body) for body in cases.values()} == set(cases)


def test_only_the_authority_that_froze_lifts_or_another_once_it_has_gone(
    customs: OfflineMember,
) -> None:
    assert fields_of(customs, "Lift", **frozen(customs))["port"] == DISCHARGE
    other = customs.other(Role.REGULATOR)
    gone = frozen(customs, member=other)
    assert fields_of(customs, "Lift", **gone)["order"] == gone["legal_order"]
    customs.assign(other, Role.REGULATOR)
    cases = {
        "NOT_THE_AUTHORITY": frozen(customs, member=other),
        "NOT_FROZEN_UNDER": frozen(customs, FreezeStage.LIFTED),
    }
    assert {refused(customs, "Lift", **body) for body in cases.values()} == set(cases)


def test_a_transfer_is_proposed_once_the_freeze_has_waited(customs: OfflineMember) -> None:
    to = customs.other()
    fields = fields_of(customs, "ProposeTransfer", **frozen(customs), to=to, ends_lien=True)
    assert (fields["to"], fields["endsLien"], fields["counter"]) == (to, 1, 0)
    bank = customs.other(Role.BANK)
    terms = {"to": to, "ends_lien": False}
    cases: dict[str, dict[str, Any]] = {
        "TOO_EARLY": frozen(customs, transferable_from=int(time.time()) + 600) | terms,
        "ORDER_USED": {k: v for k, v in proposed(customs).items() if k != "proposal"} | terms,
        "NOT_FROZEN_UNDER": frozen(customs) | {"legal_order": new_id()} | terms,
        "PLEDGEE_NEVER_HOLDS": frozen(customs, pledgee=bank) | terms | {"to": bank},
        "MEMBER_UNKNOWN": frozen(customs) | terms | {"to": new_id()},
    }
    assert {refused(customs, "ProposeTransfer", **body) for body in cases.values()} == set(cases)


def test_a_second_authority_confirms_the_proposal(customs: OfflineMember) -> None:
    named = proposed(customs)
    assert fields_of(customs, "ConfirmTransfer", **named)["proposal"] == named["proposal"]
    cases = {
        "SECOND_AUTHORITY_NEEDED": proposed(customs, proposed_by=customs.id),
        "PROPOSAL_MISMATCH": proposed(customs) | {"proposal": new_id()},
        "NOT_FROZEN_UNDER": named | {"legal_order": new_id()},
    }
    assert {refused(customs, "ConfirmTransfer", **body) for body in cases.values()} == set(cases)


def test_whoever_is_no_authority_orders_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stranger = OfflineMember(tmp_path_factory.mktemp("stranger"), "stranger", Role.SHIPPER)
    named = frozen(stranger, member=stranger.other())
    transfer = {"to": stranger.other(), "ends_lien": False}
    try:
        assert refused(stranger, "Freeze", **named) == "NOT_ASSIGNED"
        assert refused(stranger, "Lift", **named) == "NOT_THE_AUTHORITY"
        assert refused(stranger, "ProposeTransfer", **named, **transfer) == "NOT_ASSIGNED"
        confirmed = refused(stranger, "ConfirmTransfer", **named, proposal=new_id())
        assert confirmed == "SECOND_AUTHORITY_NEEDED"
    finally:
        stranger.node.close()
