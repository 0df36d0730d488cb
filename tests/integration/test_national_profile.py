"""The national profile between whole members: co-signed, delivered, demanded, shown in evidence."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.members import NODE_PARTS, RunningMember, running_members, wait_for
from support.peers import PASSPHRASE, bill_number, make_bill

from identity.certificates.authority import Authority, Issued
from identity.certificates.naming import Subject
from identity.certificates.purposes import Kind
from identity.errors import IdentityError
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.signatures.algorithms import Curve, VerifyingKey
from node.companions.errors import CompanionMissing
from node.evidence.errors import CompanionNotProved
from node.evidence.exporting import export_title
from node.evidence.file import read
from node.evidence.report import in_words, to_json
from node.evidence.verify import verify
from node.member import NewMember, write_json
from node.store.companions import CompanionRow
from node.store.projections import NOBODY, Title

NAMES = ["carrier", "shipper", "bank", "customs"]
COSIGNING = {"carrier", "shipper"}
Members = dict[str, RunningMember]


def equip(name: str, new: NewMember) -> NewMember:
    """Give carrier and shipper an SM2 authority and a certified key for acts."""
    if name not in COSIGNING:
        return new
    directory, now = new.directory, int(time.time())
    authority = Authority.create(directory, "sm2", PASSPHRASE, new.hex_id, name, now)
    store = Keystore.open(directory / "signer.keys.json", PASSPHRASE)
    key = VerifyingKey(Curve.SM2, store.add("national", KeyKind.SM2, "act").public)
    issued: Issued = authority.issue(Kind.ACTS, Subject("acts"), key, now)
    (directory / "national.pem").write_bytes(issued.pem)
    given = json.loads((directory / "signer.json").read_bytes())
    write_json(directory / "signer.json", {**given, "national": True})
    root = authority.certificate("root").der
    profile = replace(new.profile, certificate_authorities=(root,))
    write_json(directory / "profile.json", profile.to_json())
    return replace(new, profile=profile)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    demands = {name: {"national_profile": True} for name in ("carrier", "shipper", "bank")}
    folder = tmp_path_factory.mktemp("national")
    with running_members(folder, NAMES, settings=demands, equip=equip) as members:
        for member in members.values():
            member.run_parts(*NODE_PARTS)
        for member in members.values():
            member.knows(*members.values())
        yield members


def offered(member: RunningMember, title: str) -> Title:
    """Wait until the offer to ``member`` is seen, and its co-signature has come."""

    def there() -> bool:
        row = member.row(Title, title)
        return row is not None and row.counterparty == member.id

    wait_for(there, "the offer is seen")
    row: Title = member.row(Title, title)
    return row


def with_companion(member: RunningMember, title: str) -> Title:
    row = offered(member, title)
    wait_for(lambda: member.row(CompanionRow, row.offer_act), "the co-signature has come")
    return row


@pytest.fixture(scope="module")
def title(members: Members) -> str:
    """A title that the carrier issued and the shipper accepted, both co-signed."""
    carrier, shipper = members["carrier"], members["shipper"]
    issue = carrier.do("Issue", document=make_bill(bill_number()), holder=shipper.id)
    row = with_companion(shipper, str(issue.object))
    shipper.do("Accept", title=row.id, offer=row.offer)
    return str(row.id)


def test_a_co_signed_offer_is_accepted_by_who_demands_it(members: Members, title: str) -> None:
    shipper, bank = members["shipper"], members["bank"]
    shipper.do("Offer", title=title, to=bank.id, capacity="pledgee")
    row = with_companion(bank, title)
    bank.do("Accept", title=title, offer=row.offer)
    wait_for(lambda: bank.row(Title, title).pledgee == bank.id, "the bank has its pledge")


def test_an_act_without_its_co_signature_is_not_accepted(members: Members, title: str) -> None:
    """The bank has no SM2 key; what it offers to who demands a co-signature stays an offer."""
    shipper, bank = members["shipper"], members["bank"]
    bank.do("ReleasePledge", title=title)
    wait_for(lambda: shipper.row(Title, title).pledgee == NOBODY, "the pledge is released")
    shipper.do("Offer", title=title, to=bank.id, endorsement="blank")
    row = with_companion(bank, title)
    bank.do("Accept", title=title, offer=row.offer)
    wait_for(lambda: bank.row(Title, title).controller == bank.id, "the bank holds it")
    bank.do("Offer", title=title, to=shipper.id)
    back = offered(shipper, title)
    with pytest.raises(CompanionMissing):
        shipper.ask("Accept", title=title, offer=back.offer)


def test_evidence_holds_and_shows_the_co_signatures(members: Members, title: str) -> None:
    shipper = members["shipper"]
    file = export_title(shipper.node, title)
    assert read(file.to_bytes()) == file
    verdict = verify(file, shipper.node.network)
    by_verb = {
        proved.act.name: verdict.cosigned[proved.digest].member
        for proved in verdict.acts
        if proved.digest in verdict.cosigned
    }
    assert by_verb["Issue"] == members["carrier"].id
    assert by_verb["Accept"] == shipper.id
    told = in_words(verdict)
    assert "SM2 co-signature of carrier" in told
    assert "valid, certificate until 20" in told
    cosigned = [act["cosigned"] for act in to_json(verdict)["acts"] if act["cosigned"]]
    assert {each["algorithm"] for each in cosigned} == {"SM2"}


def test_a_co_signature_that_was_changed_is_not_proved(members: Members, title: str) -> None:
    file = export_title(members["shipper"].node, title)
    digest, companion = file.companions[0]
    changed = replace(companion, signature=companion.signature[:-1] + b"\x00")
    for pair in ((digest, changed), (bytes(32), companion), (digest, companion.with_lists([]))):
        forged = replace(file, companions=(pair,))
        with pytest.raises((CompanionNotProved, IdentityError)):
            verify(forged, members["shipper"].node.network)


def test_a_file_without_them_says_that_acts_name_them(members: Members, title: str) -> None:
    file = replace(export_title(members["shipper"].node, title), companions=())
    told = in_words(verify(file, members["shipper"].node.network))
    assert "names an SM2 co-signature that the file does not show" in told
