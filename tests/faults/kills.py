"""kill -9 of one process at one exact place; whoever was cut off is started again."""

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from faults.doors import Moment, NotSprung, Trap
from faults.kinds import kind
from faults.tracing import injected
from faults.world import Member, World, wait_for
from rpc_server import PASS

from node.chain.errors import RpcRefused
from node.chain.rpc import Rpc


def killed_at(world: World, part: str, statement: str, moment: Moment) -> None:
    """Issue a title while ``part`` of the carrier is to die at a moment of a transaction."""
    trap = trap_for(world.carrier, part, statement, moment)
    item = world.issue()
    trap.wait()
    world.carrier.programs[part].start()
    world.final(item)


def trap_for(member: Member, part: str, statement: str, moment: Moment) -> Trap:
    """Have a part killed at a moment of its next transaction with the statement."""
    return member.database_doors[part].trap(statement, moment, member.programs[part].kill)


@kind("api: stored, not replied")
def api_between_store_and_reply(world: World) -> None:
    """The database has committed a command and the API dies before it hears of it; the caller
    asks again with its key and is told the same command."""
    trap = trap_for(world.carrier, "api", "INSERT INTO command ", "committed")
    item = world.issuing()
    try:
        answer = world.carrier.send(item)
    except httpx.TransportError:
        pass
    else:
        raise NotSprung(f"the API answered: {answer.status_code}")
    trap.wait()
    world.carrier.programs["api"].start()
    world.take(item)
    world.final(item)


@kind("api: not stored")
def api_before_store(world: World) -> None:
    """The API dies when it asks for the commit: nothing is stored, the same key does it anew."""
    trap = trap_for(world.carrier, "api", "INSERT INTO command ", "committing")
    item = world.issuing()
    with suppress(httpx.TransportError):
        world.carrier.send(item)
    trap.wait()
    world.carrier.programs["api"].start()
    world.take(item)
    world.final(item)


@kind("sender: nonce, not signed")
def sender_between_nonce_and_sign(world: World) -> None:
    """The sender dies when the database has told it the next nonce."""
    killed_at(world, "send", r"SELECT max\(relay_transaction\.nonce\)", "answered")


@kind("sender: signed, not stored")
def sender_between_sign_and_store(world: World) -> None:
    """The sender dies with a signed transaction in its hands that is not stored yet."""
    killed_at(world, "send", "INSERT INTO relay_transaction", "asked")


@kind("sender: stored, not sent")
def sender_between_store_and_send(world: World) -> None:
    """The sender dies when transaction and nonce are committed, before anything is sent."""
    killed_at(world, "send", "INSERT INTO relay_transaction", "committed")


@kind("sender: at sending")
def sender_at_sending(world: World) -> None:
    """The sender dies while it sends, and the ledger never gets the transaction."""
    killed_at_ledger(world, "eth_sendRawTransaction", reaches=False)


@kind("sender: sent, no answer")
def sender_between_send_and_answer(world: World) -> None:
    """The sender dies when the ledger has taken the transaction and before it hears so."""
    killed_at_ledger(world, "eth_sendRawTransaction", reaches=True)


@kind("sender: receipt, not noted")
def sender_at_receipt(world: World) -> None:
    """The sender dies when the ledger gives the receipt, before it is noted."""
    killed_at_ledger(world, "eth_getTransactionReceipt", reaches=True)


def killed_at_ledger(world: World, method: str, reaches: bool) -> None:
    """Have the carrier's sender killed when it calls ``method``, but for an answer of None."""
    door, sender = world.carrier.ledger_doors["send"], world.carrier.programs["send"]
    trap = Trap(method, "answered", sender.kill)
    ledger = Rpc(world.ledger_url)

    def fault(asked: str, params: list[Any]) -> Any:
        if asked != method:
            return PASS
        answer = ledger.call(asked, *params) if reaches else "killed"
        if answer is None or not trap.spring():
            return answer if reaches else PASS
        raise RpcRefused("nobody hears this", -32000)

    door.fault = fault
    try:
        item = world.issue()
        trap.wait()
    finally:
        door.fault = lambda _method, _params: PASS
        ledger.close()
    sender.start()
    world.final(item)


@kind("follower: mid-block")
def follower_mid_block(world: World) -> None:
    """The follower dies when it has written a block's events and not committed them."""
    killed_at(world, "follow", "INSERT INTO ledger_event", "committing")


@kind("follower: block noted")
def follower_after_block(world: World) -> None:
    """The follower dies when a block is committed, before it hears so."""
    killed_at(world, "follow", "INSERT INTO ledger_event", "committed")


@kind("webhook: sent, not taken")
def webhook_between_send_and_answer(world: World) -> None:
    """The node dies when a webhook's receiver has its message and has not answered: the message
    comes again, under its id."""
    work = world.carrier.programs["work"]
    trap = Trap("a webhook's message", "answered", work.kill)
    world.receiver.before = lambda _message: trap.spring() and None
    try:
        item = world.issue()
        trap.wait()
    finally:
        world.receiver.before = lambda _message: None
    sent = world.receiver.messages[-1].id
    work.start()
    wait_for(
        lambda: [m.id for m in world.receiver.messages].count(sent) > 1, "the message comes again"
    )
    world.final(item)


@kind("event stream: told, not taken")
def stream_between_send_and_acknowledgement(world: World) -> None:
    """The API dies when a subscriber has read events and not acknowledged them: they come again;
    it dies when the acknowledgement is stored and not answered: they do not."""
    carrier, api = world.carrier, world.carrier.programs["api"]
    body = {"name": f"reader {len(world.items)}"}
    made = carrier.ask("POST", "/v1/subscribers", json=body)
    assert made.status_code == 201, made.text
    path = f"/v1/subscribers/{made.json()['id']}/ack"
    item = world.issue()
    world.final(item)
    told = streamed(carrier, made.json()["id"], api.kill)
    api.start()
    wait_for(carrier.well, "the API answers")
    assert streamed(carrier, made.json()["id"], lambda: None) == told
    trap = trap_for(carrier, "api", "UPDATE subscriber SET acked", "committed")
    with pytest.raises(httpx.TransportError):
        carrier.ask("POST", path, json={"position": told})
    trap.wait()
    api.start()
    wait_for(carrier.well, "the API answers")
    events = carrier.get("/v1/events", subscriber=made.json()["id"])["events"]
    assert all(event["position"] > told for event in events), events


def streamed(member: Member, subscriber: str, meanwhile: Callable[[], None]) -> int:
    """Open a subscriber's stream, read its first event, do something, and return its position."""
    headers = {"Authorization": f"Bearer {member.tokens['clerk']}"}
    with member.http.stream(
        "GET", "/v1/events/stream", params={"subscriber": subscriber}, headers=headers
    ) as stream:
        position = 0
        for line in stream.iter_lines():
            if line.startswith("id:"):
                position = int(line[3:])
            elif line.startswith("event:"):
                meanwhile()
                return position
    raise AssertionError("the stream tells nothing")


@kind("worker: mid-job")
def worker_mid_job(world: World) -> None:
    """A Celery worker dies with a job that it has claimed; the row is claimed again."""
    killed_at(world, "jobs", "UPDATE outbox SET due", "committed")


@kind("worker: job done, not noted")
def worker_after_job(world: World) -> None:
    """A Celery worker dies when its job's result is committed and the row still stands."""
    killed_at(world, "jobs", "UPDATE document SET", "committed")


@kind("desk: signed, not stored")
def desk_between_signature_and_store(world: World) -> None:
    """The part work dies with a signature in its hands; the signer gives the same again."""
    killed_at(world, "work", "UPDATE command AS old SET", "committing")


@kind("signer: mid-signature")
def signer_mid_signature(world: World) -> None:
    """The signer dies in the fsync of its audit line, before it gives the signature."""
    signer = world.carrier.programs["sign"]
    with injected(signer.pid, "fsync", "signal=SIGKILL:when=1") as trace:
        item = world.issue()
        signer.ended_by(signal.SIGKILL)
    assert trace.hits, "the signer died elsewhere"
    signer.start()
    world.final(item)
