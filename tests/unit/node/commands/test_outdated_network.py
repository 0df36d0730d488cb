"""Acts wait while network.json does not know the contracts that are in force."""

from collections.abc import Iterator

import pytest
from support.offline import OfflineMember, new_id

from identity.acts.objects import VERSIONS
from identity.acts.words import Role
from node.store.commands import Command
from node.store.council_projections import ContractVersion


@pytest.fixture
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("outdated"), "member", Role.SHIPPER)
    yield member
    member.node.close()


def test_nothing_is_signed_for_contracts_that_were_succeeded(member: OfflineMember) -> None:
    command = member.ask(
        "AddKey", key="0x" + "00" * 12 + new_id()[2:42], purpose="act", valid_from=0
    )
    member.put(ContractVersion(id="0x" + VERSIONS.hex(), counter=2))
    assert member.node.signing_desk().step()
    assert [row.state for row in member.rows(Command)] == ["accepted"]
    (row,) = member.work_for(command)
    assert row.last_error is not None
    assert "NETWORK_OUTDATED" in row.last_error
