"""Letting another member act: which verbs, for how long, and its end."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.offline import OfflineMember, fields_of, new_id, refused

from identity.acts.types import ACT_TYPES
from identity.acts.words import MemberStatus, Role
from node.commands.bodies import NOBODY
from node.errors import BodyInvalid
from node.store.council_projections import Delegation

SOON = int(time.time()) + 86_400


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("delegations"), "member", Role.SHIPPER)
    yield member
    member.node.close()


def test_a_delegation_names_delegate_verbs_title_and_end(member: OfflineMember) -> None:
    delegate, title = member.other(), new_id()
    verbs = ["Accept", "Surrender"]
    fields = fields_of(member, "Delegate", delegate=delegate, verbs=verbs, title=title, until=SOON)
    assert (fields["object"], fields["delegate"]) == (member.id, delegate)
    assert (fields["title"], fields["until"]) == (title, SOON)
    assert int(fields["verbs"]) == sum(1 << ACT_TYPES[verb].code for verb in verbs)


def test_delegations_that_cannot_count_are_refused_at_once(member: OfflineMember) -> None:
    good = {"delegate": member.other(), "verbs": ["Accept"], "until": SOON}
    cases: dict[str, dict[str, Any]] = {
        "VERBS_NOT_DELEGABLE": {"verbs": ["Accept", "AddKey"]},
        "DELEGATE_IS_PRINCIPAL": {"delegate": member.id},
        "MEMBER_UNKNOWN": {"delegate": new_id()},
        "MEMBER_NOT_ACTIVE": {"delegate": member.other(status=MemberStatus.SUSPENDED)},
        "DELEGATION_PERIOD_MALFORMED": {"until": SOON + 400 * 86_400},
    }
    assert {refused(member, "Delegate", **good | case) for case in cases.values()} == set(cases)
    for verbs in (["GateOut"], ["AdmitMember"], ["Freeze"], ["Nothing"]):
        assert refused(member, "Delegate", **good | {"verbs": verbs}) == "VERBS_NOT_DELEGABLE"
    with pytest.raises(BodyInvalid):
        member.ask("Delegate", **good | {"verbs": []})


def test_a_member_ends_a_delegation_of_its_own_once(member: OfflineMember) -> None:
    def given(principal: str, ended_block: int | None = None) -> str:
        row = Delegation(
            id=new_id(), principal=principal, delegate=member.other(), verbs=NOBODY,
            title=NOBODY, until=SOON, ended_block=ended_block,
        )  # fmt: skip
        member.put(row)
        return row.id

    own = given(member.id)
    assert fields_of(member, "EndDelegation", given=own)["given"] == own
    assert refused(member, "EndDelegation", given=given(member.id, 3)) == "DELEGATION_ENDED"
    assert refused(member, "EndDelegation", given=given(member.other())) == "DELEGATION_UNKNOWN"
    assert refused(member, "EndDelegation", given=new_id()) == "DELEGATION_UNKNOWN"
