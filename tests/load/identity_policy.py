"""What a decision costs with 10,000 subjects, and how soon what was taken away is refused.

A decision is what a request pays: has the file changed, whose role and limits, may it. A
revocation is timed from the moment the new file, or the new token list, has its name until each
process of the member has refused what it let through before.
"""

import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

import httpx
from line import Bar
from support.mandates import Administrators, certificate_key, p256_key, subject
from support.members import ENVIRONMENT
from support.offline import OfflineMember
from support.peers import free_port

from identity.acts.typed import Act
from identity.acts.words import Role
from identity.authority.file import read
from identity.authority.loader import Authority
from identity.errors import AskerRefused, IdentityError
from identity.policy.decide import Facts, decide
from identity.policy.mandate import Money, Terms
from identity.signer.asked import Asked
from identity.signer.client import Signer
from node.member import write_json

SUBJECTS = 10_000
DECISIONS = 50_000
REVOCATIONS = 10
VALUE = Money.of("400.00", "USD")
LADING = Path(sys.executable).with_name("lading")


def measure() -> tuple[list[Bar], dict[str, Any]]:
    """Return the two bars, and what a reader may want beside them."""
    with tempfile.TemporaryDirectory() as folder:
        p50, p99, load_ms = _decisions(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        took = _revocations(Path(folder))
    slowest = max(value for values in took.values() for value in values)
    bars = [
        Bar("policy.p50_us", p50, "us a decision, of 10,000 subjects", "less", 50),
        Bar("revoke.effect_s", slowest, "s until every process refuses", "less", 1.0),
    ]
    also = {
        "policy.p99_us": round(p99, 2),
        "policy.file_load_ms": round(load_ms, 1),
        "revoke.slowest_s": {name: round(max(values), 4) for name, values in took.items()},
        "revoke.times": REVOCATIONS,
    }
    return bars, also


def _decisions(folder: Path) -> tuple[float, float, float]:
    """Return p50 and p99 in microseconds, and how long the file takes to be read anew."""
    administrators = Administrators()
    limit = {
        "verbs": ["Offer", "Pledge", "Accept"],
        "ports": ["CNSHA", "CNNGB"],
        "max_value": {"amount": "500.00", "currency": "USD"},
        "until": 2**33,
    }
    roles = ("clerk", "finance", "issuer")
    people = [
        subject(f"person-{n}", roles[n % 3], "auditor", limits=[limit]) for n in range(SUBJECTS)
    ]
    rules = [{"verbs": ["Pledge"], "approvals": 1}]
    draft = administrators.draft(subjects=people, rules=rules)
    path = folder / "authority.json"
    write_json(path, administrators.signed(draft))
    member = read(draft).member
    authority = Authority(path, member)
    began = time.perf_counter()
    authority.current()
    load_ms = (time.perf_counter() - began) * 1000
    facts = Facts(
        member,
        controller=member,
        counterparty=member,
        terms=Terms("Offer", 1, frozenset({"CNSHA", "USLAX"}), VALUE),
    )
    chosen = Random(1).choices(range(SUBJECTS), k=DECISIONS)
    times = []
    for n in chosen:
        name = f"person-{n}"
        start = time.perf_counter_ns()
        decide(authority.actor(name, frozenset()), "Offer", facts)
        times.append((time.perf_counter_ns() - start) / 1000)
    points = quantiles(times, n=100)
    return points[49], points[98], load_ms


def _revocations(folder: Path) -> dict[str, list[float]]:
    """Take a role away, and a token, with API and signer running as processes of their own."""
    member = OfflineMember(folder, "m", Role.SHIPPER)
    directory, port = member.new.directory, free_port()
    settings = json.loads((directory / "settings.json").read_bytes())
    write_json(directory / "settings.json", {**settings, "api_port": port})
    act = _act(member)
    member.node.close()
    administrators = Administrators(member.id)
    token = secrets.token_urlsafe(32)
    commands = ([LADING, "serve", directory, "--part", "api"], [LADING, "sign", directory])
    _give(directory, token)
    _install(directory, administrators, 1, granted=True)
    processes = [
        subprocess.Popen(command, env=os.environ | ENVIRONMENT, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=10) as http:
            bearer = {"Authorization": f"Bearer {token}"}
            signer = Signer(directory / "signer.sock")

            def api() -> bool:
                return http.get("/v1/titles", headers=bearer).status_code == 200

            def signs() -> bool:
                try:
                    signer.sign_act(act, Asked("li"))
                except AskerRefused:
                    return False
                return True

            _wait(lambda: _quietly(api) and _quietly(signs))
            return _times(directory, administrators, token, api, signs)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _times(
    directory: Path,
    administrators: Administrators,
    token: str,
    api: Callable[[], bool],
    signs: Callable[[], bool],
) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {"role at the API": [], "role at the signer": [], "token": []}
    number = 1
    for _ in range(REVOCATIONS):
        number += 1
        began = _install(directory, administrators, number, granted=False)
        with ThreadPoolExecutor(1) as beside:
            signer = beside.submit(_until_refused, signs, began)
            took["role at the API"].append(_until_refused(api, began))
            took["role at the signer"].append(signer.result())
        number += 1
        _install(directory, administrators, number, granted=True)
        assert api()
        assert signs()
        write_json(directory / "tokens.json", [])
        took["token"].append(_until_refused(api, time.perf_counter()))
        _give(directory, token)
    return took


def _install(
    directory: Path, administrators: Administrators, number: int, *, granted: bool
) -> float:
    role = "clerk" if granted else "gate"
    others = [subject(f"person-{n}", "clerk", "auditor") for n in range(SUBJECTS)]
    people = [*others, subject("li", role, approval_keys=[certificate_key(_KEY)])]
    signed = administrators.signed(administrators.draft(number, subjects=people))
    write_json(directory / "signer.authority.json", signed)
    write_json(directory / "authority.json", signed)
    return time.perf_counter()


def _give(directory: Path, token: str) -> None:
    digest = hashlib.sha256(token.encode()).hexdigest()
    write_json(directory / "tokens.json", [{"subject": "li", "roles": ["clerk"], "sha256": digest}])


def _act(member: OfflineMember) -> Act:
    """An act that li may have signed, of the next hours."""
    fields = {
        "principal": bytes.fromhex(member.id[2:]),
        "delegation": bytes(32),
        "object": b"\x02" * 32,
        "counter": 1,
        "expires": int(time.time()) + 86_400,
        "companion": bytes(32),
        "offer": b"\x03" * 32,
    }
    return Act("Decline", fields)


def _until_refused(tries: Callable[[], bool], began: float) -> float:
    while tries():
        if time.perf_counter() - began > 10:
            raise TimeoutError("nothing was refused in ten seconds")
    return time.perf_counter() - began


def _quietly(tries: Callable[[], bool]) -> bool:
    try:
        return tries()
    except (httpx.HTTPError, IdentityError):  # the processes are still starting
        return False


def _wait(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not there():
        if time.monotonic() > end:
            raise TimeoutError("the member's processes do not answer")
        time.sleep(0.2)


_KEY = p256_key()
