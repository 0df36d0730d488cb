"""Compares the engine's allow lists with Membership, and the relayers' funds with what they need.

Only where the engine's profile says that there are lists, or that relayers need money. What it
finds becomes alarms; it changes no list: an operator of the council does (``lading network
allow``, ``disallow``).
"""

from sqlmodel import Session, col, select

from identity.acts.words import KeyPurpose, MemberStatus
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.relaying import TRANSACTION_GAS_LIMIT
from node.chain.rpc import Ledger
from node.oversight import judging
from node.oversight.alarms import Noticed, keep
from node.oversight.allow_lists import (
    DEPLOYERS,
    Change,
    Place,
    Role,
    read_changes,
    read_first,
    read_roles,
)
from node.oversight.judging import Facts
from node.store.council_projections import ContractPlace
from node.store.database import Database
from node.store.oversight import AllowListChange, OversightState
from node.store.projections import ChainCursor, Member, MemberKey

LIST_CODES = (judging.ADMIN, judging.MANAGER, judging.EXCEEDS, judging.LACKS, judging.CHANGED)
POOR = "RELAYER_POOR"
WORTH_TRANSACTIONS = 100
"""A relayer whose money is worth fewer of the largest transactions is said to be poor."""


def watch_lists(ledger: Ledger, db: Database, network: Network, now: int) -> None:
    """Read what changed on the lists, judge them, and keep their alarms at ``now`` (UTC seconds).

    Raises: LedgerUnavailable, RpcRefused, StorageUnavailable; nothing is changed then.
    """
    if not network.profile.allow_lists:
        return
    with db.read() as session:
        cursor = session.get(ChainCursor, 1)
    if cursor is None:
        return
    # What Membership knew at this block is in the tables; the lists are asked as of it.
    height = cursor.block
    changes = _read_changes(ledger, db, network, height)
    touched = {(change.which, change.account) for change in changes}
    facts = _facts(ledger, db, network, height, touched)
    with db.begin() as session:
        for change in changes:
            if session.get(AllowListChange, (change.block, change.log_index)) is None:
                session.add(AllowListChange(**vars(change), explained=False))
        session.merge(OversightState(id=1, block=height))
        session.flush()
        noticed = list(judging.differences(facts))
        for row in session.exec(select(AllowListChange).where(~col(AllowListChange.explained))):
            change = _change(row)
            row.explained = judging.is_explained(change, facts)
            if not row.explained:
                noticed.append(judging.unexplained(change))
        keep(session, LIST_CODES, noticed, now)


def watch_funds(ledger: Ledger, db: Database, network: Network, member: str, now: int) -> None:
    """Keep the alarm about the member's relay keys whose money runs out; raises as above."""
    engine = network.profile
    if not engine.relayers_need_balance:
        return
    with db.read() as session:
        relayers = _relayers(session)
    ours = sorted(key for key, whose in relayers.items() if whose == member)
    answers = ledger.batch([("eth_getBalance", [key, "latest"]) for key in ours])
    least = WORTH_TRANSACTIONS * TRANSACTION_GAS_LIMIT * engine.fee_per_gas_wei
    noticed = [
        Noticed(POOR, key, f"The relay key {key} has {int(answer, 16)} wei, less than {least}.")
        for key, answer in zip(ours, answers, strict=True)
        if not isinstance(answer, RpcRefused) and int(answer, 16) < least
    ]
    with db.begin() as session:
        keep(session, (POOR,), noticed, now)


def _read_changes(ledger: Ledger, db: Database, network: Network, height: int) -> list[Change]:
    with db.read() as session:
        state = session.get(OversightState, 1)
    first = 0 if state is None else state.block + 1
    return read_changes(ledger, network.profile, first, height)


def _facts(
    ledger: Ledger, db: Database, network: Network, height: int, touched: set[Place]
) -> Facts:
    first = read_first(ledger)
    with db.read() as session:
        relayers = _relayers(session)
        registered = frozenset(
            _address(key)
            for key in session.exec(
                select(MemberKey.key).where(MemberKey.purpose == KeyPurpose.RELAY)
            )
        )
        touched |= set(session.exec(select(AllowListChange.which, AllowListChange.account)))
        contracts = frozenset(session.exec(select(ContractPlace.address)))
    contracts |= {contract.address for contract in network.latest.values()}
    touched |= first.keys()
    accounts = {account for _, account in touched} | registered
    roles = read_roles(ledger, accounts, height)
    # Only these may have deployed; to look through a relayer's many transactions would take long.
    asked = {account for which, account in touched if which == DEPLOYERS}
    return Facts(
        roles=roles,
        first=first,
        relayers=relayers,
        registered=registered,
        deployers=_deployers(ledger, asked, contracts),
        founded_height=network.deployed_height,
    )


def _deployers(ledger: Ledger, accounts: set[str], contracts: frozenset[str]) -> frozenset[str]:
    names = sorted(accounts)
    counts = ledger.batch([("eth_getTransactionCount", [name, "latest"]) for name in names])
    return frozenset(
        name
        for name, count in zip(names, counts, strict=True)
        if not isinstance(count, RpcRefused)
        and judging.has_deployed(name, int(count, 16), contracts)
    )


def _relayers(session: Session) -> dict[str, str]:
    """Return the active relay keys of active members at the tables' last block → member."""
    cursor = session.get(ChainCursor, 1)
    now = 0 if cursor is None else cursor.block_time
    active = select(Member.id).where(Member.status == MemberStatus.ACTIVE)
    rows = session.exec(
        select(MemberKey)
        .where(MemberKey.purpose == KeyPurpose.RELAY, MemberKey.revoked_at == 0)
        .where(col(MemberKey.member).in_(active), col(MemberKey.valid_from) <= now)
        .where((col(MemberKey.valid_until) == 0) | (col(MemberKey.valid_until) >= now))
    )
    return {_address(row.key): row.member for row in rows}


def _address(key: str) -> str:
    return "0x" + key[-40:]


def _change(row: AllowListChange) -> Change:
    role = Role(row.role)
    return Change(row.block, row.log_index, row.which, row.account, role, row.sender)
