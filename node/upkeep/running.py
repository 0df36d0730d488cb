"""What can be told about a member while its processes run: parts, signer, ledger, work, peers."""

import time
from collections.abc import Iterator

from sqlmodel import col, func, select

from identity.acts.words import MemberStatus
from identity.errors import IdentityError
from identity.signer.client import Signer
from node.chain.errors import LedgerDiffers, RpcRefused
from node.chain.network import check_ledger, load
from node.chain.rpc import Rpc
from node.engine.organisation import Organisation, is_engine
from node.engine.status import status
from node.errors import LedgerUnavailable, NodeError
from node.exchange.directory import Directory
from node.exchange.errors import ProfileNotHeld
from node.exchange.tls import tls_files
from node.member import ENGINE
from node.oversight.alarms import PATIENCE_SECONDS, standing
from node.oversight.configuration import differing
from node.serve import running_parts
from node.settings import Settings
from node.store.commands import OutboxRow, RelayTransaction
from node.store.database import Database
from node.store.documents import DeliveryRow
from node.store.errors import StorageUnavailable
from node.store.oversight import PeerView
from node.store.projections import Member
from node.upkeep.errors import DatabaseNotMade
from node.upkeep.findings import Finding, State, found
from node.upkeep.measures import WAITING, measure, opened
from node.upkeep.peers import ANSWER_SECONDS, CLOCK_SECONDS, peers

BEHIND_SECONDS = 30
RELAY_SECONDS = 300
STUCK_ATTEMPTS = 5
DELIVERY_SECONDS = 3600
VIEW_SECONDS = 3600
LOOK_ALARMS = ("RELAYER_POOR", "CROSS_CHECK_LACKS", "ALLOW_LIST_LACKS", "NOT_WATCHED")
"""Alarms with which the node still works as it should."""


def while_running(settings: Settings) -> Iterator[Finding]:
    """Look whether every part runs, is answered and keeps up."""
    runs = running_parts(settings.directory)
    stopped = [part for part, is_held in runs.items() if not is_held]
    said = f"Not running: {', '.join(stopped)}." if stopped else "Every part runs."
    yield found("PART_STOPPED", "fail" if stopped else "ok", said)
    yield _signer(settings)
    yield from _ledger(settings)
    try:
        with opened(settings) as database:
            yield from _tables(settings, database)
    except (StorageUnavailable, DatabaseNotMade) as error:
        yield found("DATABASE_UNREACHABLE", "fail", error.message)


def of_network(settings: Settings) -> Iterator[Finding]:
    """Look at each active member's profile, its node over TLS, the clocks, the engines."""
    try:
        with opened(settings) as database:
            directory = Directory(settings.profiles_directory, database)
            with database.read() as session:
                active = select(Member.id).where(Member.status == MemberStatus.ACTIVE)
                others = [member for member in session.exec(active) if member != settings.member]
            profiles = {}
            for member in sorted(others):
                try:
                    profiles[member] = directory.profile(member)
                except ProfileNotHeld:
                    said = f"The present profile of {member} is not here."
                    yield found("PROFILE_NOT_HELD", "fail", said)
            yield from peers(tls_files(settings.directory), profiles)
            yield from _views(settings, database, others)
    except (StorageUnavailable, DatabaseNotMade) as error:
        yield found("DATABASE_UNREACHABLE", "fail", error.message)
    if is_engine(settings.directory / ENGINE):
        yield from of_engine(Organisation(settings.directory / ENGINE))


def of_engine(organisation: Organisation) -> Iterator[Finding]:
    """Tell what is wrong with the network as this member's own validator sees it."""
    try:
        trouble = status(organisation)["trouble"]
    except NodeError as error:
        trouble = [error.message]
    for sentence in trouble:
        yield found("ENGINE_TROUBLE", "fail", sentence)
    if not trouble:
        yield found("ENGINE_TROUBLE", "ok", "The validator sees nothing wrong with the network.")


def _views(settings: Settings, database: Database, others: list[str]) -> Iterator[Finding]:
    """Compare what the members' engines are and how they are configured, as last told."""
    with database.read() as session:
        rows = {row.member: row for row in session.exec(select(PeerView))}
    ours = rows.get(settings.member)
    if ours is None:
        yield found("ENGINES_NOT_COMPARED", "warn", "This node has compared itself with none yet.")
        return
    for member in sorted(others):
        theirs = rows.get(member)
        if theirs is None or time.time() - theirs.at > VIEW_SECONDS:
            said = f"{member} has not told of its engine for {VIEW_SECONDS // 60} minutes."
            yield found("ENGINES_NOT_COMPARED", "warn", said)
            continue
        here, there = ours.view, theirs.view
        state: State = "ok" if here["engine"] == there["engine"] else "warn"
        said = f"{member} runs {there['engine']}, this member {here['engine']}."
        yield found("ENGINE_VERSIONS_DIFFER", state, said)
        places = differing(here["configuration"], there["configuration"])
        said = f"At {member}: {'; '.join(places)}." if places else f"{member}: the same."
        yield found("ENGINE_CONFIGURED_OTHERWISE", "fail" if places else "ok", said)


def _signer(settings: Settings) -> Finding:
    try:
        Signer(settings.signer_socket, ANSWER_SECONDS).status()
    except IdentityError as error:
        return found("SIGNER_SILENT", "fail", f"The signer does not answer: {error.code}.")
    return found("SIGNER_SILENT", "ok", "The signer answers.")


def _ledger(settings: Settings) -> Iterator[Finding]:
    ledger = Rpc(settings.ledger_url, ANSWER_SECONDS)
    try:
        check_ledger(ledger, load(settings.network_file))
        block = ledger.call("eth_getBlockByNumber", "latest", False)
    except LedgerDiffers as error:
        yield found("LEDGER_OTHER", "fail", error.message)
        return
    except (LedgerUnavailable, RpcRefused) as error:
        yield found("LEDGER_SILENT", "fail", error.message)
        return
    finally:
        ledger.close()
    yield found(
        "LEDGER_SILENT", "ok", f"The ledger answers; its height is {int(block['number'], 16)}."
    )
    # A block is never younger than this clock by more than the engine allows; idle ledgers are old.
    ahead = int(block["timestamp"], 16) - int(time.time())
    state: State = "fail" if ahead > CLOCK_SECONDS else "ok"
    yield found("CLOCK_OFF", state, f"The last block is {-ahead} s old by this clock.")


def _tables(settings: Settings, database: Database) -> Iterator[Finding]:
    now = time.time()
    with database.read() as session:
        member = session.get(Member, settings.member)
        measures = measure(session, now)
        stuck = session.exec(
            select(func.count())
            .select_from(OutboxRow)
            .where(col(OutboxRow.attempts) >= STUCK_ATTEMPTS, ~col(OutboxRow.waiting))
        ).one()
        relays = session.exec(
            select(func.count())
            .select_from(RelayTransaction)
            .where(RelayTransaction.state == "open")
            .where(col(RelayTransaction.created_at) < now - RELAY_SECONDS)
        ).one()
        late = session.exec(
            select(DeliveryRow.to_member)
            .where(DeliveryRow.state == WAITING)
            .where(col(DeliveryRow.created_at) < now - DELIVERY_SECONDS)
            .distinct()
        ).all()
    active = member is not None and member.status == MemberStatus.ACTIVE
    said = "is" if active else "is not"
    yield found("MEMBER_NOT_ACTIVE", "ok" if active else "warn", f"The member {said} active.")
    behind = measures.behind_seconds
    well = behind is not None and behind <= BEHIND_SECONDS
    said = "The tables hold nothing yet." if behind is None else f"They are {behind} s behind."
    yield found("TABLES_BEHIND", "ok" if well else "fail", said)
    yield from _alarms(database, now)
    said = f"{stuck} pieces of work have failed {STUCK_ATTEMPTS} times or more."
    yield found("WORK_STUCK", "warn" if stuck else "ok", said)
    said = f"{relays} transactions are not final after {RELAY_SECONDS} s."
    yield found("RELAY_STUCK", "warn" if relays else "ok", said)
    said = f"Owed for an hour: {', '.join(sorted(late)) or 'nothing'}."
    yield found("DELIVERY_STUCK", "warn" if late else "ok", said)


def _alarms(database: Database, now: float) -> Iterator[Finding]:
    """Tell each alarm about the ledger; of each code that has none, that it has none."""
    with database.read() as session:
        alarms = standing(session, now)
    for alarm in alarms:
        state: State = "warn" if alarm.code in LOOK_ALARMS else "fail"
        yield found(alarm.code, state, alarm.says)
    for code in PATIENCE_SECONDS.keys() - {alarm.code for alarm in alarms}:
        yield found(code, "ok", "No alarm.")
