"""Four eyes: a command waits for another person, and the signer believes nobody but that person.

The node is real and offline; the signer is a process of its own.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from support.mandates import Administrators, certificate_key, p256_key, subject
from support.members import ENVIRONMENT
from support.offline import OfflineMember, new_id

from identity.acts.typed import Act, act_from_json
from identity.acts.words import Role
from identity.approvals.approval import Approval, challenge
from identity.errors import (
    ApprovalMissing,
    ApprovalRefused,
    AskerRefused,
    AuthorityFileUnavailable,
    IdentityError,
)
from identity.policy.decide import Actor
from identity.signatures.person import sign_by
from identity.signer.asked import Asked
from node.approvals.errors import ApprovalUnknown
from node.approvals.giving import approve, decline, pending
from node.approvals.holding import lapse
from node.commands.operating import explain
from node.errors import NotAllowed
from node.store.approvals import ApprovalRequest
from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow

KEYS = {name: p256_key() for name in ("wang", "zhao", "chen", "intruder")}
USD = {"amount": "1000.00", "currency": "USD"}
PARTS: dict[str, Any] = {
    "subjects": [
        subject("li", "clerk"),
        subject("wang", "clerk", "finance", approval_keys=[certificate_key(KEYS["wang"])]),
        subject("zhao", "gate", approval_keys=[certificate_key(KEYS["zhao"])]),
        subject("chen", "clerk", approval_keys=[certificate_key(KEYS["chen"], until=1)]),
        subject("robot", "clerk", kind="service"),
    ],
    "rules": [{"verbs": ["Decline"], "approvals": 1}],
}


class Desk:
    """A member with an authority file in both directories, and its signer."""

    def __init__(self, folder: Path) -> None:
        self.member = OfflineMember(folder, "m", Role.SHIPPER)
        self.node = self.member.node
        self.administrators = Administrators(self.member.id)
        self.number = 0
        self.install()
        directory = self.member.new.directory
        self.process = subprocess.Popen(
            [sys.executable, "-m", "identity.signer", "--dir", str(directory)],
            env=os.environ | ENVIRONMENT,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        assert b"ready" in self.process.stderr.readline()

    def install(self, **parts: Any) -> None:
        self.number += 1
        draft = self.administrators.draft(self.number, **(PARTS | parts))
        for name in ("authority.json", "signer.authority.json"):
            path = self.member.new.directory / name
            new = path.with_suffix(".new")
            new.write_text(json.dumps(self.administrators.signed(draft)))
            new.replace(path)

    def actor(self, name: str) -> Actor:
        return self.node.handler.standing(Actor(self.member.id, name, frozenset()))

    def ask(self, name: str = "li", verb: str = "Decline") -> Command:
        title = self.member.offered()
        body = {"title": title.id, "offer": title.offer}
        return self.node.handler.submit(self.actor(name), secrets.token_hex(8), verb, body)

    def proof(self, command: Command, name: str) -> dict[str, str]:
        with self.node.db.read() as session:
            request = session.get_one(ApprovalRequest, command.id)
        assert request.digest is not None
        digest = bytes.fromhex(request.digest[2:])
        signed = challenge(digest, request.expires, request.terms)
        return {"signature": "0x" + sign_by(KEYS[name], signed).hex()}

    def approve(self, command: Command, name: str, key: str | None = None) -> None:
        proof = self.proof(command, key or name)
        approve(self.node, self.actor(name), command.id, "certificate", proof)

    def sign(self) -> None:
        desk = self.node.signing_desk()
        while desk.step():
            pass

    def read(self, command: Command) -> Command:
        with self.node.db.read() as session:
            return session.exec(select(Command).where(Command.id == command.id)).one()

    def held(self, command: Command) -> tuple[Act, Approval]:
        """Return the act that waits, and an approval of it that counts."""
        with self.node.db.read() as session:
            request = session.get_one(ApprovalRequest, command.id)
        proof = self.proof(command, "wang")
        terms = request.terms
        approval = Approval("wang", "certificate", request.expires, terms, proof)
        return act_from_json(self.read(command).act), approval

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.node.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def test_a_command_waits_for_another_person_and_then_is_signed(desk: Desk) -> None:
    command = desk.ask()
    assert (command.state, command.result) == ("accepted", {"approvals_needed": 1})
    desk.sign()
    assert desk.read(command).state == "accepted"
    with desk.node.db.read() as session:
        (reason,) = explain(session, desk.read(command))
        (found,) = pending(session, desk.actor("wang"))
    assert reason["code"] == "APPROVAL_NEEDED"
    assert (found.command.id, found.given, found.refused) == (command.id, (), None)
    desk.approve(command, "wang")
    desk.sign()
    signed = desk.read(command)
    assert (signed.state, signed.refusal) == ("signed", None)
    assert signed.expires == command.expires
    rows = [row for row in desk.member.rows(AuditRow) if row.verb == "Approve"]
    assert [(row.subject, row.outcome) for row in rows] == [("wang", "accepted")]
    lines = (desk.member.new.directory / "signer.audit.jsonl").read_text().splitlines()
    line = json.loads(lines[-1])
    assert (line["asked_by"], line["approved_by"]) == ("li", ["wang"])


@pytest.mark.parametrize(
    ("who", "key", "error"),
    [
        ("li", "wang", NotAllowed),  # who asked
        ("zhao", "zhao", NotAllowed),  # a colleague without the role
        ("nobody", "wang", NotAllowed),  # a stranger to the file
        ("wang", "intruder", ApprovalRefused),  # another key
        ("chen", "chen", ApprovalRefused),  # a key that has ended
        ("robot", "wang", ApprovalRefused),  # no person
    ],
)
def test_nobody_else_approves(desk: Desk, who: str, key: str, error: type[Exception]) -> None:
    command = desk.ask()
    with pytest.raises(error):
        desk.approve(command, who, key)
    desk.sign()
    assert desk.read(command).state == "accepted"
    refused = [row for row in desk.member.rows(AuditRow) if row.verb == "Approve"]
    assert [(row.subject, row.outcome) for row in refused] == [(who, "refused")]


def test_two_approvals_are_two_persons(desk: Desk) -> None:
    desk.install(rules=[{"verbs": ["Decline"], "approvals": 2}])
    command = desk.ask()
    desk.approve(command, "wang")
    desk.approve(command, "wang")
    desk.sign()
    assert desk.read(command).state == "accepted"


def test_an_approver_can_say_no(desk: Desk) -> None:
    command = desk.ask()
    with pytest.raises(NotAllowed):
        decline(desk.node, desk.actor("li"), command.id)
    decline(desk.node, desk.actor("wang"), command.id)
    ended = desk.read(command)
    assert ended.state == "refused"
    assert ended.refusal is not None
    assert ended.refusal["code"] == "APPROVAL_DECLINED"
    with pytest.raises(ApprovalUnknown):
        desk.approve(command, "wang")


def test_a_command_that_nobody_approves_lapses(desk: Desk) -> None:
    command = desk.ask()
    (row,) = [row for row in desk.member.rows(OutboxRow) if row.kind == "lapse"]
    assert row.due == command.expires + 1
    lapse(desk.node, row.payload)
    assert desk.read(command).state == "expired"
    with pytest.raises(ApprovalUnknown):
        desk.approve(command, "wang")


def test_the_signer_believes_no_approval_that_the_approver_did_not_sign(desk: Desk) -> None:
    act, approval = desk.held(desk.ask())
    sign = desk.node.signer.sign_act
    other = Act(act.name, {**act.fields, "offer": b"\x01" * 32})
    longer = Act(act.name, {**act.fields, "expires": act.expires + 60})
    shown = {**approval.terms, "stated": USD}
    forged: list[tuple[Act, Asked | None, type[IdentityError]]] = [
        (act, None, AskerRefused),
        (act, Asked("li"), ApprovalMissing),
        (act, Asked("nobody", (approval,)), ApprovalRefused),
        (act, Asked("robot", (approval,)), ApprovalRefused),  # what li asked for
        (other, Asked("li", (approval,)), ApprovalRefused),
        (longer, Asked("li", (approval,)), ApprovalRefused),
        (act, Asked("li", (approval, approval)), ApprovalRefused),
        (act, Asked("li", (_changed(approval, subject="li"),)), ApprovalRefused),
        (act, Asked("li", (_changed(approval, subject="zhao"),)), ApprovalRefused),
        (act, Asked("li", (_changed(approval, expires=approval.expires + 1),)), ApprovalRefused),
        (act, Asked("li", (_changed(approval, expires=1),)), ApprovalRefused),
        (act, Asked("li", (_changed(approval, terms=shown),)), ApprovalRefused),
    ]
    for tried, asked, error in forged:
        with pytest.raises(error):
            sign(tried, asked)
    assert sign(act, Asked("li", (approval,))).act == act


def test_a_role_taken_away_counts_at_the_next_signature(desk: Desk) -> None:
    act, approval = desk.held(desk.ask())
    command = desk.ask()
    desk.approve(command, "wang")
    desk.install(subjects=[subject("li", "clerk"), subject("wang", "gate")])
    began = time.monotonic()
    with pytest.raises(ApprovalRefused):
        desk.node.signer.sign_act(act, Asked("li", (approval,)))
    assert time.monotonic() - began < 1
    desk.sign()
    ended = desk.read(command)
    assert ended.refusal is not None
    assert (ended.state, ended.refusal["code"]) == ("refused", "APPROVAL_REFUSED")


def test_who_asked_needs_the_role_at_the_signer_too(desk: Desk) -> None:
    act, approval = desk.held(desk.ask())
    desk.install(subjects=[subject("li", "gate"), PARTS["subjects"][1]])
    with pytest.raises(AskerRefused):
        desk.node.signer.sign_act(act, Asked("li", (approval,)))


def test_a_file_that_was_taken_away_stops_node_and_signer(desk: Desk) -> None:
    act, approval = desk.held(desk.ask())
    for name in ("authority.json", "signer.authority.json"):
        (desk.member.new.directory / name).unlink()
    with pytest.raises(AuthorityFileUnavailable):
        desk.node.signer.sign_act(act, Asked("li", (approval,)))
    with pytest.raises(AuthorityFileUnavailable):
        desk.ask()


def test_an_unrestricted_verb_is_signed_at_once_and_names_who_asked(desk: Desk) -> None:
    desk.install(rules=[])
    command = desk.ask()
    assert command.result == {}
    desk.sign()
    assert desk.read(command).state == "signed"


def test_each_of_several_commands_waits_for_itself(desk: Desk) -> None:
    first, second = desk.ask(), desk.ask()
    desk.approve(second, "wang")
    desk.sign()
    assert (desk.read(first).state, desk.read(second).state) == ("accepted", "signed")


def test_a_limit_of_value_needs_a_value_and_an_approver_vouches_for_a_stated_one(
    desk: Desk,
) -> None:
    limit = {"verbs": ["Accept"], "max_value": USD}
    subjects = [
        subject("li", "clerk", limits=[limit]),
        subject("wang", "finance", approval_keys=[certificate_key(KEYS["wang"])]),
    ]
    desk.install(subjects=subjects, rules=[])
    title = desk.member.offered(offer_capacity=2, root=new_id())
    body = {"title": title.id, "offer": title.offer}
    handler, li = desk.node.handler, desk.actor("li")
    with pytest.raises(NotAllowed) as caught:
        handler.submit(li, "k1", "Accept", {**body, "value": USD})
    assert caught.value.code == "LIMIT_FACT_MISSING"


def _changed(approval: Approval, **parts: Any) -> Approval:
    return Approval(**{**vars(approval), **parts})
