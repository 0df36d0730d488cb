"""network.json as the ledger stands now, for the seats to sign: later contracts, all witnesses."""

from dataclasses import replace

from sqlmodel import Session, col, select

from identity.acts.words import KeyPurpose
from node.chain.network import DeployedContract, Network, Version, Witness, code_hash
from node.chain.rpc import Ledger, read_bytes
from node.store.council_projections import ContractPlace
from node.store.projections import MemberKey


def draft(session: Session, ledger: Ledger, network: Network) -> Network:
    """Return ``network`` with every version and witness key that was followed, unsigned.

    A witness key counts from the block it was added in to the one before it was revoked.

    Raises: LedgerUnavailable, RpcRefused.
    """
    return replace(
        network,
        versions=tuple(_versions(session, ledger, network)),
        witnesses=tuple(_witnesses(session)),
        signatures=(),
    )


def _versions(session: Session, ledger: Ledger, network: Network) -> list[Version]:
    before = {name: contract.address for name, contract in network.contracts.items()}
    found: dict[int, Version] = {}
    places = session.exec(
        select(ContractPlace)
        .where(col(ContractPlace.version) > 1)
        .order_by(col(ContractPlace.version), col(ContractPlace.name))
    )
    for place in places:
        version = found.setdefault(place.version, Version(place.version, place.from_block, {}))
        if before[place.name] != place.address:
            before[place.name] = place.address
            code = read_bytes(str(ledger.call("eth_getCode", place.address, "latest")))
            contracts = {
                **version.contracts,
                place.name: DeployedContract(place.address, code_hash(code)),
            }
            found[place.version] = replace(version, contracts=contracts)
    return [found[number] for number in sorted(found)]


def _witnesses(session: Session) -> list[Witness]:
    rows = session.exec(
        select(MemberKey)
        .where(MemberKey.purpose == int(KeyPurpose.WITNESS))
        .order_by(col(MemberKey.added_block), col(MemberKey.member), col(MemberKey.key))
    )
    return [
        Witness(
            row.member,
            "0x" + row.key[-40:],
            row.added_block,
            None if row.revoked_block is None else row.revoked_block - 1,
        )
        for row in rows
    ]
