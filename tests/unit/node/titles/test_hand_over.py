"""Offering, accepting, taking back and giving up a title: the act's terms, and early refusals."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.offline import OfflineMember, new_id
from support.peers import bill_number

from identity.acts.words import Capacity, Endorsement, Role, SurrenderPurpose, TitleKind, TitleState
from node.commands.bodies import NOBODY
from node.documents.errors import DocumentNotHeld
from node.errors import ContractRefused, NotAllowed
from node.store.documents import DeliveryRow
from node.store.projections import Member


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    holder = OfflineMember(tmp_path_factory.mktemp("titles"), "holder", Role.SHIPPER)
    yield holder
    holder.node.close()


def refused(member: OfflineMember, verb: str, **body: Any) -> str:
    """Return the code with which a command is refused."""
    with pytest.raises((ContractRefused, NotAllowed)) as refusal:
        member.ask(verb, **body)
    return refusal.value.code


def fields_of(member: OfflineMember, verb: str, **body: Any) -> dict[str, Any]:
    act = member.ask(verb, **body).act
    assert act is not None
    fields: dict[str, Any] = act["fields"]
    return fields


def test_an_offer_names_its_terms_and_waits_for_the_documents_receipt(
    holder: OfflineMember,
) -> None:
    title = holder.title(root=holder.bill(bill_number()))
    to = holder.other(Role.BANK)
    command = holder.ask("Offer", title=title.id, to=to, capacity="pledgee", deadline_seconds=600)
    assert command.act is not None
    fields = command.act["fields"]
    assert (fields["object"], fields["counter"], fields["root"]) == (title.id, 2, title.root)
    assert (fields["to"], fields["capacity"]) == (to, Capacity.PLEDGEE)
    assert fields["endorsement"] == Endorsement.NONE
    assert abs(fields["deadline"] - time.time() - 600) < 30
    (delivery,) = [row for row in holder.rows(DeliveryRow) if row.to_member == to]
    assert (delivery.root, delivery.purpose) == (title.root, "document")
    (row,) = holder.work_for(command)
    assert (row.kind, row.payload["deliveries"]) == ("sign", [delivery.id])


def test_a_document_that_is_not_here_is_not_offered(holder: OfflineMember) -> None:
    with pytest.raises(DocumentNotHeld):
        holder.ask("Offer", title=holder.title().id, to=holder.other())


def test_offers_that_cannot_be_made_are_refused_at_once(holder: OfflineMember) -> None:
    to, bank = holder.other(), holder.other(Role.BANK)
    soon = int(time.time()) + 600
    cases = {
        "OBJECT_UNKNOWN": {"title": new_id(), "to": to},
        "NOT_THE_CONTROLLER": {"title": holder.title(controller=bank).id, "to": to},
        "OFFER_TO_SELF": {"title": holder.title().id, "to": holder.id},
        "MEMBER_UNKNOWN": {"title": holder.title().id, "to": new_id()},
        "ROLE_MISSING": {"title": holder.title().id, "to": to, "capacity": "pledgee"},
        "WRONG_STATE": {"title": holder.title(state=int(TitleState.SURRENDERED)).id, "to": to},
        "TITLE_PLEDGED": {"title": holder.title(pledgee=holder.id).id, "to": to},
        "OFFER_OPEN": {"title": holder.title(counterparty=bank, deadline=soon).id, "to": to},
    }
    assert {refused(holder, "Offer", **body) for body in cases.values()} == set(cases)


def test_a_lapsed_offer_is_no_hindrance_to_the_next(holder: OfflineMember) -> None:
    lapsed = {"counterparty": holder.other(), "deadline": int(time.time()) - 1}
    title = holder.title(root=holder.bill(bill_number()), **lapsed)
    assert holder.ask("Offer", title=title.id, to=holder.other()).state == "accepted"


def test_acceptances_that_cannot_count_are_refused_at_once(holder: OfflineMember) -> None:
    title = holder.offered()
    lapsed = holder.offered(deadline=int(time.time()) - 1)
    elsewhere = holder.offered(counterparty=holder.other())
    cases = {
        "NO_OPEN_OFFER": {"title": holder.title().id, "offer": title.offer},
        "NOT_THE_COUNTERPARTY": {"title": elsewhere.id, "offer": elsewhere.offer},
        "OFFER_MISMATCH": {"title": title.id, "offer": new_id()},
        "ROOT_MISMATCH": {"title": title.id, "offer": title.offer, "root": new_id()},
        "OFFER_LAPSED": {"title": lapsed.id, "offer": lapsed.offer},
    }
    assert {refused(holder, "Accept", **body) for body in cases.values()} == set(cases)


def test_a_title_is_not_accepted_without_its_document(holder: OfflineMember) -> None:
    title = holder.offered()
    with pytest.raises(DocumentNotHeld):
        holder.ask("Accept", title=title.id, offer=title.offer)


def test_a_surrender_is_accepted_and_names_offer_and_root(holder: OfflineMember) -> None:
    title = holder.offered(carrier=holder.id, offer_purpose=int(SurrenderPurpose.DELIVERY))
    fields = fields_of(holder, "Accept", title=title.id, offer=title.offer, root=title.root)
    assert (fields["offer"], fields["root"]) == (title.offer, title.root)


def test_a_surrender_to_an_absent_carrier_is_answered_by_its_successor(
    holder: OfflineMember,
) -> None:
    purpose = int(SurrenderPurpose.DELIVERY)
    absent = holder.other(Role.CARRIER, successor=holder.id)
    title = holder.offered(carrier=absent, counterparty=absent, offer_purpose=purpose)
    assert fields_of(holder, "Accept", title=title.id, offer=title.offer)["offer"] == title.offer
    replaced = holder.offered(carrier=holder.id, counterparty=holder.id, offer_purpose=purpose)
    (row,) = [row for row in holder.rows(Member) if row.id == holder.id]
    row.successor = absent
    holder.put(row)
    with pytest.raises(NotAllowed):
        holder.ask("Accept", title=replaced.id, offer=replaced.offer)
    row.successor = NOBODY
    holder.put(row)


def test_a_frozen_title_is_not_moved(holder: OfflineMember) -> None:
    frozen, offered = holder.title(freezes=1), holder.offered(freezes=1)
    bodies: dict[str, dict[str, Any]] = {
        "Offer": {"title": frozen.id, "to": holder.other()},
        "Surrender": {"title": frozen.id},
        "Accept": {"title": offered.id, "offer": offered.offer},
        "ReleasePledge": {"title": holder.title(freezes=1, pledgee=holder.id).id},
        "VoidTitle": {
            "title": holder.title(freezes=1, state=int(TitleState.ISSUED), carrier=holder.id).id
        },
    }
    assert {refused(holder, verb, **body) for verb, body in bodies.items()} == {"TITLE_FROZEN"}


def test_a_pledgee_moves_a_title_only_once_it_may_enforce(holder: OfflineMember) -> None:
    terms = {"holder": holder.other(), "pledgee": holder.id}
    early = holder.title(**terms, enforceable_from=int(time.time()) + 3600)
    assert refused(holder, "Surrender", title=early.id) == "TITLE_PLEDGED"
    assert refused(holder, "Surrender", title=holder.title(**terms).id) == "TITLE_PLEDGED"
    title = holder.title(**terms, enforceable_from=1)
    assert fields_of(holder, "Surrender", title=title.id)["root"] == title.root


def test_an_offer_is_declined_or_taken_back_by_its_digest(holder: OfflineMember) -> None:
    offered = holder.offered()
    assert fields_of(holder, "Decline", title=offered.id, offer=offered.offer)["offer"]
    own = holder.title(counterparty=holder.other(), offer=new_id())
    assert fields_of(holder, "Withdraw", title=own.id, offer=own.offer)["offer"] == own.offer
    assert refused(holder, "Withdraw", title=own.id, offer=new_id()) == "OFFER_MISMATCH"
    assert refused(holder, "Withdraw", title=holder.title().id, offer=new_id()) == "NO_OPEN_OFFER"


def test_only_the_pledgee_releases(holder: OfflineMember) -> None:
    pledged = holder.title(pledgee=holder.id)
    assert fields_of(holder, "ReleasePledge", title=pledged.id)["root"] == pledged.root
    assert refused(holder, "ReleasePledge", title=holder.title().id) == "NOT_THE_PLEDGEE"


def test_a_surrender_is_for_delivery_and_to_the_carrier(holder: OfflineMember) -> None:
    fields = fields_of(holder, "Surrender", title=holder.title().id)
    assert (fields["purpose"], fields["amended"]) == (SurrenderPurpose.DELIVERY, NOBODY)


def test_surrenders_that_cannot_count_are_refused_at_once(holder: OfflineMember) -> None:
    named = holder.title(kind=int(TitleKind.STRAIGHT), party=holder.other())
    issued = holder.title(state=int(TitleState.ISSUED))
    cases = {"NOT_THE_PARTY": named, "WRONG_STATE": issued}
    assert {refused(holder, "Surrender", title=row.id) for row in cases.values()} == set(cases)


def test_a_carrier_voids_a_title_that_nobody_has_accepted(holder: OfflineMember) -> None:
    issued = holder.title(carrier=holder.id, state=int(TitleState.ISSUED))
    assert fields_of(holder, "VoidTitle", title=issued.id)["reason"] == NOBODY
    live = holder.title(carrier=holder.id)
    assert refused(holder, "VoidTitle", title=live.id) == "WRONG_STATE"
    assert refused(holder, "VoidTitle", title=holder.title().id) == "NOT_THE_CARRIER"
