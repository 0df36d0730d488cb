"""A process that lets people in by password, one after the other, beside the API.

    python -m node.people.desk_process

The first line is JSON, ``{"database", "secret"}``: the database's URL and the secret of the sealing
key, hex. Each line after it is a question, ``{"name", "password", "code", "address", "agent",
"now"}`` or ``{"password"}``; a line answers it: ``{"secret", "reason", "wait_seconds"}`` or
``{"hash"}``, or ``{"error", "sentence"}`` with the code of an error of the store. It ends when its
input does, so it never outlives who started it.

Argon2 runs at the lowest priority. The transactions run at one little below the usual: a writer
that waits long for a core would hold up every other writer.
"""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from identity.people import passwords
from node.errors import NodeError
from node.people import signing_in
from node.people.people import People
from node.people.visits import Outcome, Visit
from node.store.database import Database

LOWEST, LOWER = 19, 5
RESTS, LONGEST_REST_SECONDS = 2, 0.2
"""After a question it rests so many times as long as it took, but no longer than this: it takes a
third of a core at most, and what it asks of the database leaves room for others."""


def main() -> None:
    """Answer lines until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for who started it
    os.nice(LOWER)
    given = json.loads(sys.stdin.readline())
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(given["secret"]))
    people, database = People(key, given["database"]), Database(given["database"])
    with ThreadPoolExecutor(1, "argon2", _take_lowest_priority) as argon2:
        for line in sys.stdin:
            begun, asked = time.monotonic(), json.loads(line)
            answer: dict[str, Any]
            if "name" in asked:
                answer = _signed_in(people, database, argon2, asked)
            else:
                answer = {
                    "hash": argon2.submit(passwords.hash_password, asked["password"]).result()
                }
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
            time.sleep(min(LONGEST_REST_SECONDS, RESTS * (time.monotonic() - begun)))
    database.close()


def _signed_in(
    people: People, database: Database, argon2: ThreadPoolExecutor, asked: dict[str, Any]
) -> dict[str, Any]:
    name, visit = asked["name"], Visit(asked["address"], asked["agent"], asked["now"])
    try:
        with database.read() as session:
            wait = signing_in.wait_for_name(session, name, visit)
            stored = signing_in.stored_password(session, name)
        if wait:  # not even compared: a locked name costs nothing
            return asdict(Outcome(reason=signing_in.ATTEMPTS, wait_seconds=wait))
        matched = argon2.submit(passwords.matches, stored, asked["password"]).result()
        compared = (stored, matched)
        return asdict(
            database.write(
                lambda session: signing_in.by_password(
                    session, people, name, compared, asked["code"], visit
                )
            )
        )
    except NodeError as error:
        return {"error": error.code, "sentence": str(error)}


def _take_lowest_priority() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST)  # on Linux, of this thread alone


if __name__ == "__main__":
    main()
