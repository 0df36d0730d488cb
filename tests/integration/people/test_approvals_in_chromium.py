"""The second person: reads at the page what would be signed, and approves it with a passkey."""

import json
import secrets
import time
from collections.abc import Callable, Iterator

import pytest
from sqlmodel import select
from support.browsers import Person
from support.mandates import Administrators, subject
from support.office_node import Office
from test_passkeys_in_chromium import enrol
from webauthn.helpers import base64url_to_bytes

from identity.acts.typed import act_from_json
from identity.approvals.approval import Approval, approval_digest
from identity.authority.drafting import with_approval_key
from identity.authority.file import ApprovalKey
from identity.errors import ApprovalRefused
from identity.policy.decide import Actor
from identity.signer.asked import Asked, check_asked
from node.people.people import party_at
from node.store.approvals import ApprovalRow
from node.store.commands import Command, OutboxRow
from node.store.people import PasskeyRow


@pytest.fixture
def administrators(office: Office) -> Iterator[Administrators]:
    yield Administrators(office.id)
    settings = office.node.settings
    settings.authority_file.unlink(missing_ok=True)
    office.node.authority = office.node.authority_of(settings)


def install(office: Office, pages: str, administrators: Administrators, number: int) -> None:
    draft = administrators.draft(
        number,
        subjects=[subject("li", "admin"), subject("chen", "admin"), subject("ada", "admin")],
        rules=[{"verbs": ["RevokeKey"], "approvals": 1}],
    )
    party = party_at(pages)
    with office.node.db.read() as session:
        for row in session.exec(select(PasskeyRow)):
            key = ApprovalKey(
                "passkey", row.public_key, credential=base64url_to_bytes(row.id), rp=party.id,
                origin=party.origin,
            )  # fmt: skip
            draft = with_approval_key(draft, row.account, key)
    path = office.node.settings.authority_file
    path.with_suffix(".new").write_text(json.dumps(administrators.signed(draft)))
    path.with_suffix(".new").replace(path)


def ask(office: Office) -> Command:
    li = Actor(office.id, "li", frozenset())
    body = {"key": "0x" + secrets.token_hex(32)}
    return office.node.handler.submit(li, secrets.token_hex(8), "RevokeKey", body)


def signed_in(person: Callable[[], Person], code: str) -> Person:
    someone = person()
    enrol(someone, code)
    someone.press("Sign in with a passkey")
    return someone


def test_a_second_person_reads_the_act_and_approves_it_with_a_passkey(
    person: Callable[[], Person], account: Callable[[str], str], office: Office, pages: str,
    administrators: Administrators,
) -> None:  # fmt: skip
    chen = signed_in(person, account("chen"))
    install(office, pages, administrators, 1)
    command = ask(office)
    chen.go("/approvals")
    chen.page.get_by_role("link", name="Key revoked").click()
    said = chen.text()
    assert "A member revokes a key of its own." in said
    assert "吊销本单位密钥" in said
    assert "Asked by 申请人" in said
    assert str((command.act or {})["fields"]["key"]) in said
    assert "Aarhus Export House" in said
    chen.press("Approve with a passkey")
    assert chen.path() == "/approvals", chen.text()
    assert "Nothing waits" in chen.text()
    with office.node.db.read() as session:
        (row,) = session.exec(select(ApprovalRow)).all()
        sign = session.exec(select(OutboxRow).where(OutboxRow.kind == "sign")).all()
    assert (row.command, row.subject, row.kind) == (command.id, "chen", "passkey")
    assert [one.payload["commands"] for one in sign] == [[command.id]]
    the_signer_takes_it_for_this_act_alone(office, command, Approval.from_json(row.approval))
    assert chen.said == []


def the_signer_takes_it_for_this_act_alone(
    office: Office, command: Command, approval: Approval
) -> None:
    file = office.node.authority.current()
    assert file is not None
    act, now = act_from_json(command.act), int(time.time())
    digest = approval_digest(office.node.network.domain(command.contract), act)
    check_asked(file, act, digest, Asked("li", (approval,)), now)
    for other, asker in ((bytes(32), "li"), (digest, "ada")):
        with pytest.raises(ApprovalRefused):
            check_asked(file, act, other, Asked(asker, (approval,)), now)


def test_who_asked_sees_why_it_is_not_theirs_to_approve_and_another_declines(
    person: Callable[[], Person], account: Callable[[str], str], office: Office, pages: str,
    administrators: Administrators,
) -> None:  # fmt: skip
    ada = signed_in(person, account("ada"))
    li = signed_in(person, account("li"))
    install(office, pages, administrators, 1)
    command = ask(office)
    li.go(f"/approvals/{command.id}")
    assert "You cannot approve this: OWN_REQUEST." in li.text()
    assert li.page.get_by_role("button", name="Approve").count() == 0
    ada.go(f"/approvals/{command.id}")
    ada.press("Decline")
    assert ada.path() == "/approvals"
    with office.node.db.read() as session:
        ended = session.exec(select(Command).where(Command.id == command.id)).one()
    assert ended.state == "refused"
    assert li.said == ada.said == []
