"""PostgreSQL and Redis that go away, come back, forget, or give no more."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import psycopg
import redis
from faults.kinds import kind
from faults.world import PARTS, Item, Member, World, wait_for

from node.store.postgresql import LOCK, POOL_CONNECTIONS, POOL_OVERFLOW

WRITES = 3


@contextmanager
def again_and_again(act: Callable[[], object], pause_seconds: float) -> Iterator[list[int]]:
    """Do ``act`` until the body ends; gives a list that counts how often."""
    stop, times = threading.Event(), [0]

    def run() -> None:
        while not stop.is_set():
            act()
            times[0] += 1
            stop.wait(pause_seconds)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield times
    finally:
        stop.set()
        thread.join()


@kind("database: restarted")
def database_restarted(world: World) -> None:
    """PostgreSQL is stopped and started while writes are under way; others come meanwhile."""
    items = [world.issue() for _ in range(WRITES)]
    world.postgresql.stop()
    late = world.issuing()
    try:
        answer = world.carrier.send(late)
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "STORAGE_UNAVAILABLE", answer.text
    finally:
        world.postgresql.start()
    for item in [*items, world.take(late)]:
        world.final(item)


@kind("database: killed at a commit")
def database_killed(world: World) -> None:
    """PostgreSQL is killed with -9 when a commit is on its way to it."""
    trap = world.carrier.database_doors["api"].trap(
        "INSERT INTO command ", "committing", world.postgresql.kill
    )
    item = world.issuing()
    answer = world.carrier.send(item)
    trap.wait()
    world.postgresql.start()
    assert answer.status_code == 503, answer.text
    world.final(world.take(item))


@kind("connection: lost at each commit")
def connection_lost(world: World) -> None:
    """Each part's connection breaks when its transaction is committed and before it hears so."""
    places = {
        "api": "INSERT INTO command ",
        "jobs": "UPDATE document SET",
        "work": "UPDATE command AS old SET",  # many at once, as the desk does
        "send": "INSERT INTO relay_transaction",
        "follow": "INSERT INTO ledger_event",
    }
    doors = world.carrier.database_doors
    traps = [doors[part].trap(sql, "committed", lambda: None) for part, sql in places.items()]
    item = world.issuing()
    answer = world.carrier.send(item)
    assert answer.status_code == 503, answer.text
    world.final(world.take(item))
    for trap in traps:
        trap.wait(1)


@kind("connections: cut and refused")
def connections_cut(world: World) -> None:
    """Every connection to PostgreSQL is cut twice a second, for 6 s no new one is let in."""
    doors = world.carrier.database_doors
    cut = 0

    def cut_all() -> None:
        nonlocal cut
        cut += sum(door.cut() for door in doors.values())

    with again_and_again(cut_all, 0.5):
        items = [world.issue()]
    for door in doors.values():
        door.refuses = True
    try:
        cut_all()
        time.sleep(6)
        late = world.issuing()
        assert world.carrier.send(late).status_code == 503
    finally:
        for door in doors.values():
            door.refuses = False
    assert cut > 2 * len(PARTS), f"only {cut} connections were cut"
    for item in [*items, world.take(late)]:
        world.final(item)


@kind("database: deadlock")
def deadlock(world: World) -> None:
    """A stranger holds a command's row and asks for the writers' lock, which a part of the node
    holds while it waits for that row: PostgreSQL ends the node's transaction, and it is done
    again."""
    before = _deadlocks(world)
    item = world.issuing()
    url = world.postgresql.address(world.carrier.database.engine.url.database or "")
    with psycopg.connect(url) as stranger:
        stranger.execute("SET deadlock_timeout = '60s'")  # so that it is never the victim
        stranger.commit()
        world.take(item)
        stranger.execute("SELECT 1 FROM command WHERE id = %s FOR UPDATE", [item.id])
        me = stranger.info.backend_pid
        wait_for(lambda: _waits_for(world, me), "a part of the node waits for the row", 30)
        stranger.execute(LOCK)
        stranger.rollback()
    wait_for(lambda: _deadlocks(world) > before, "PostgreSQL has found the deadlock", 30)
    world.final(item)


def _waits_for(world: World, backend: int) -> bool:
    with psycopg.connect(world.postgresql.url, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        return bool(connection.execute(query, [backend]).fetchone()[0])  # type: ignore[index]


def _deadlocks(world: World) -> int:
    with psycopg.connect(world.postgresql.url, autocommit=True) as connection:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = %s"
        name = world.carrier.database.engine.url.database
        return int(connection.execute(query, [name]).fetchone()[0])  # type: ignore[index]


@kind("pool: exhausted")
def pool_exhausted(world: World) -> None:
    """Somebody locks a table until every connection of the API's pool waits for it and eighty
    requests are under way; some are told to come again, and all are done in the end."""
    door, most = world.carrier.database_doors["api"], POOL_CONNECTIONS + POOL_OVERFLOW
    items = [world.issuing() for _ in range(8)]
    with psycopg.connect(plain(world.carrier.database.url)) as stranger:
        stranger.execute("LOCK TABLE command IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(88) as crowd:
            asked = [crowd.submit(_asked, world.carrier, item) for item in items]
            asked += [crowd.submit(_asked, world.carrier, None) for _ in range(80)]
            try:
                wait_for(lambda: door.open_count >= most, f"{most} connections are in use", 60)
                time.sleep(12)
            finally:
                stranger.rollback()
            answers = [each.result() for each in asked]
    assert 503 in answers, sorted(answers)
    assert set(answers) <= {202, 404, 503}, sorted(answers)
    for item in items:
        world.final(world.take(item))


def _asked(member: Member, item: Item | None) -> int:
    """Send a write, or read a command; return the status."""
    with httpx.Client(base_url=member.http.base_url, timeout=60, trust_env=False) as client:
        if item is None:
            headers = {"Authorization": f"Bearer {member.tokens['clerk']}"}
            return client.get("/v1/commands/" + "0" * 32, headers=headers).status_code
        headers = {
            "Authorization": f"Bearer {member.tokens[item.role]}",
            "Idempotency-Key": item.key,
        }
        return client.post(item.path, json=item.body, headers=headers).status_code


@kind("server: no connection left")
def server_exhausted(world: World) -> None:
    """Strangers take every connection that PostgreSQL gives, and the node's own are cut."""
    before = errors_of(world.carrier, "api", "exhausted")
    first = world.issue()
    late = world.issuing()
    with ExitStack() as strangers:
        for door in world.carrier.database_doors.values():
            door.refuses = True
            door.cut()
        _take_all(world, strangers)
        for door in world.carrier.database_doors.values():
            door.refuses = False
        answer = world.carrier.send(late)
        assert answer.status_code == 503, answer.text
        assert errors_of(world.carrier, "api", "exhausted") > before, "it was another trouble"
        time.sleep(3)
    for item in (first, world.take(late)):
        world.final(item)


def _take_all(world: World, held: ExitStack) -> None:
    """Connect until the server refuses; connections that end meanwhile are taken too."""
    refusals = 0
    while refusals < 3:
        try:
            held.enter_context(psycopg.connect(world.postgresql.url))
        except psycopg.OperationalError as error:
            if "too many" not in str(error):
                raise
            refusals += 1
            time.sleep(0.3)


def plain(url: str) -> str:
    """A URL as PostgreSQL's own programs read it."""
    return url.replace("+psycopg", "")


def errors_of(member: Member, part: str, kind_of_error: str) -> float:
    """How often a part had a trouble of a kind with its database, by its own metrics."""
    port = member.programs[part].environment["LADING_METRICS_PORT"]
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    name = f'lading_database_errors_total{{kind="{kind_of_error}"}}'
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name)]
    return float(found[0]) if found else 0.0


@kind("redis: flushed")
def redis_flushed(world: World) -> None:
    """Redis forgets everything twenty times a second while writes are under way."""
    client = redis.Redis.from_url(world.redis.url)
    with again_and_again(client.flushall, 0.05) as times:
        items = [world.issue() for _ in range(WRITES)]
        for item in items:
            world.final(item)
    assert times[0] > WRITES, "Redis was hardly flushed"


@kind("redis: killed")
def redis_killed(world: World) -> None:
    """Redis is killed with work in it; the part work does the jobs itself until it is back."""
    items = [world.issue()]
    world.redis.kill()
    try:
        items.append(world.issue())
        world.final(items[1])
    finally:
        world.redis.start()
    items.append(world.issue())
    for item in items:
        world.final(item)


@kind("redis: hung")
def redis_hung(world: World) -> None:
    """Redis keeps its connections and answers nobody for ten seconds."""
    os.kill(world.redis.pid, signal.SIGSTOP)
    try:
        item = world.issue()
        time.sleep(10)
    finally:
        os.kill(world.redis.pid, signal.SIGCONT)
    world.final(item)
