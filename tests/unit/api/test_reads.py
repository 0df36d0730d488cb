"""What the doors show of the tables: words, and nothing crowded out."""

from support.office_node import OTHER, Office

from api.http.reads.events import MAX_REFUSALS, event_json, events_of
from api.http.reads.refusals import by_contract
from api.http.reads.titles import title_json
from api.http.reads.wording import moment, roles
from identity.acts.words import Role
from node.documents.rulebook import default_rulebook
from node.store.projections import ACTED, NOBODY, REFUSED, LedgerEvent, Title

OBJECT = "0x" + "0c" * 32


def event(block: int, kind: str, **more: object) -> LedgerEvent:
    given: dict[str, object] = {
        "verb": "Offer", "principal": OTHER, "digest": "0x" + "0d" * 32, "counter": 1, "outcome": 0,
        "state": 0, "key": "", "act": "", "reason": "", "refusal": "",
    }  # fmt: skip
    return LedgerEvent(
        block=block, log_index=0, tx_hash="0x", block_hash="0x", block_time=block,
        contract="Titles", kind=kind, object=OBJECT, **(given | more),
    )  # fmt: skip


def test_refusals_by_the_thousand_do_not_crowd_out_the_acts(member: Office) -> None:
    with member.node.db.begin() as session:
        session.add(event(1, ACTED))
        for block in range(2, 2 + 2 * MAX_REFUSALS):
            session.add(event(block, REFUSED, refusal="StaleCounter", reason="0x"))
        session.add(event(5_000, ACTED))
    with member.node.db.read() as session:
        found = events_of(session, [OBJECT])
    assert [row.block for row in found if row.kind == ACTED] == [1, 5_000]
    assert len(found) == MAX_REFUSALS + 2
    assert [row.block for row in found] == sorted(row.block for row in found)


def test_an_event_whose_words_this_release_cannot_read_is_told_without_them() -> None:
    told = event_json(event(1, ACTED, act="0x00"))
    assert (told["verb"], told["act"], told["outcome"]) == ("Offer", None, "done")
    assert event_json(event(1, ACTED, verb="250"))["says"] is None


def test_a_refusal_of_an_error_this_release_does_not_know_has_a_code() -> None:
    told = by_contract(event(1, REFUSED, refusal="SomethingNew", reason="0x12345678"))
    assert told["code"]
    assert told["sentence"]


def test_an_offer_says_whether_it_has_lapsed() -> None:
    row = Title(
        id=OBJECT, state=2, kind=2, counter=3, version=1, carrier=OTHER, holder=OTHER,
        pledgee=NOBODY, controller=OTHER, party=NOBODY, counterparty=OBJECT, offer=OBJECT,
        offer_act=OBJECT,
        offer_capacity=1, offer_endorsement=2, offer_purpose=0, deadline=100, amended=NOBODY,
        consented=False, enforceable_from=0, freezes=0, loading=1, discharge=9999,
        root=OBJECT, last_digest=OBJECT, issued_block=1, last_block=2,
    )  # fmt: skip
    book = default_rulebook()
    open_, lapsed = (title_json(row, None, book, now)["offer"] for now in (100, 101))
    assert (open_["lapsed"], lapsed["lapsed"]) == (False, True)
    told = title_json(row, None, book, 1)
    assert (told["pledgee"], told["party"], told["state"]) == (None, None, "live")
    assert told["port_names"]["discharge"] == "9999"


def test_times_that_no_calendar_holds_are_none() -> None:
    assert (moment(0), moment(2**63 - 1)) == (None, None)
    assert moment(1_777_629_600) == "2026-05-01T10:00:00Z"


def test_roles_are_words() -> None:
    assert roles(int(Role.BANK | Role.CUSTOMS)) == ["bank", "customs"]
