"""Commands of real members on a real ledger, through kill -9 at the worst moments."""

from collections.abc import Iterator

import pytest
from sqlmodel import select
from support.members import RunningMember, running_members, wait_for
from support.peers import bill_number, make_bill

from identity.acts.words import TitleState
from node.store.commands import OutboxRow, RelayTransaction
from node.store.projections import Title


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningMember]]:
    folder = tmp_path_factory.mktemp("consortium")
    with running_members(folder, ["carrier", "shipper"]) as members:
        for member in members.values():
            member.start_parts("peers", "follow", "work")
        for member in members.values():
            member.knows(*members.values())
        yield members


def test_a_title_is_issued_and_accepted_though_the_sender_is_killed_each_time(
    members: dict[str, RunningMember],
) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    send = carrier.start_parts("send")
    shipper_send = shipper.start_parts("send")

    issue = carrier.ask("Issue", document=make_bill(bill_number()), holder=shipper.id)
    wait_for(lambda: carrier.read(issue).state != "accepted", "the issue is signed")
    send.kill()
    send.wait()
    carrier.start_parts("send")
    issued = carrier.end_of(issue)
    assert (issued.state, issued.refusal) == ("final", None)

    title = issued.object
    assert title is not None
    wait_for(lambda: shipper.row(Title, title), "the shipper sees the title")
    offer = shipper.row(Title, title).offer
    assert offer == issued.digest
    accept = shipper.ask("Accept", title=title, offer=offer)
    wait_for(lambda: shipper.read(accept).relay is not None, "the acceptance is relayed")
    shipper_send.kill()
    shipper_send.wait()
    shipper.start_parts("send")
    assert shipper.end_of(accept).state == "final"
    wait_for(lambda: carrier.row(Title, title).state == TitleState.LIVE, "the carrier sees it")
    assert carrier.row(Title, title).holder == shipper.id
    _no_nonce_is_skipped(carrier)
    _no_nonce_is_skipped(shipper)


def test_with_the_signer_stopped_a_write_waits_and_then_goes_on(
    members: dict[str, RunningMember],
) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    carrier.stop_signer()
    issue = carrier.ask("Issue", document=make_bill(bill_number()), holder=shipper.id)

    def tried() -> bool:
        with carrier.node.db.read() as session:
            rows = session.exec(select(OutboxRow)).all()
        return any("SIGNER_UNAVAILABLE" in (row.last_error or "") for row in rows)

    wait_for(tried, "the signer was asked in vain")
    assert carrier.read(issue).state == "accepted"
    carrier.start_signer()
    assert carrier.end_of(issue).state == "final"


def _no_nonce_is_skipped(member: RunningMember) -> None:
    def rows() -> list[RelayTransaction]:
        with member.node.db.read() as session:
            return list(session.exec(select(RelayTransaction)))

    wait_for(lambda: all(row.state == "done" for row in rows()), "all relays are final")
    assert sorted(row.nonce for row in rows()) == list(range(len(rows())))
