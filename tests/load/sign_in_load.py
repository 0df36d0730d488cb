"""Clients of a member's API and pages, as processes of their own: python sign_in_load.py KIND …

``requests ADDRESS TOKEN SECONDS`` asks what people's programs ask, one after the other with short
pauses, and prints how long each answer took, in milliseconds. ``storm ADDRESS ACCOUNTS SECONDS
PEOPLE`` has so many people sign in with password and code at once, each account in turn, and
prints how many were let in and how many were not.
"""

import http.client
import json
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

PATHS = ("/v1/me", "/v1/titles", "/v1/members", "/v1/me", "/v1/commands")
PAUSE_SECONDS = 0.004
PASSWORD = "a sentence that nobody guesses"


def requests(address: str, token: str, seconds: float) -> dict[str, list[float]]:
    """Ask for ``seconds`` and return the milliseconds of each answer, by kind."""
    connection = http.client.HTTPConnection(address, timeout=30)
    headers = {"Authorization": f"Bearer {token}"}
    until, number = time.monotonic() + seconds, 0
    took: dict[str, list[float]] = {"read": [], "write": []}
    body = json.dumps({"position": 0})
    subscriber = _subscriber(connection, headers)
    while time.monotonic() < until:
        begun = time.perf_counter()
        if number % 10 == 9:
            path, kind = f"/v1/subscribers/{subscriber}/ack", "write"
            connection.request("POST", path, body, headers | {"Content-Type": "application/json"})
        else:
            kind = "read"
            connection.request("GET", PATHS[number % len(PATHS)], headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (200, 403), answer.status
        took[kind].append((time.perf_counter() - begun) * 1_000)
        number += 1
        time.sleep(PAUSE_SECONDS)
    return took


def _subscriber(connection: http.client.HTTPConnection, headers: dict[str, str]) -> str:
    body = json.dumps({"name": f"bench {time.monotonic_ns()}"})
    connection.request(
        "POST", "/v1/subscribers", body, headers | {"Content-Type": "application/json"}
    )
    return str(json.loads(connection.getresponse().read())["id"])


def storm(address: str, accounts: str, seconds: float, people: int) -> dict[str, int]:
    """Sign in for ``seconds``, ``people`` at once; return how often which status came."""
    secrets = json.loads(Path(accounts).read_text())
    names = iter(secrets.items())
    lock, counted = threading.Lock(), {}
    until = time.monotonic() + seconds

    def somebody() -> None:
        connection = http.client.HTTPConnection(address, timeout=60)
        while time.monotonic() < until:
            with lock:
                found = next(names, None)
            if found is None:
                return
            code = TOTP(bytes.fromhex(found[1]), 6, SHA1(), 30).generate(int(time.time()))
            form = {"name": found[0], "password": PASSWORD, "code": code.decode()}
            headers = {
                "Origin": f"http://{address}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            connection.request("POST", "/sign-in/password", urlencode(form), headers)
            answer = connection.getresponse()
            answer.read()
            with lock:
                counted[answer.status] = counted.get(answer.status, 0) + 1

    threads = [threading.Thread(target=somebody) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {str(status): count for status, count in counted.items()}


if __name__ == "__main__":
    kind, *given = sys.argv[1:]
    if kind == "requests":
        print(json.dumps(requests(given[0], given[1], float(given[2]))))
    else:
        print(json.dumps(storm(given[0], given[1], float(given[2]), int(given[3]))))
