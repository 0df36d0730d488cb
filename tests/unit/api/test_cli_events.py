"""``lading events follow``: what the stream tells, a line an event."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from support.office_node import Office
from test_event_doors import read, subscriber, tell

FOLLOW = "from api.cli.main import main; main()"


@contextmanager
def following(address: str, member: Office, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOW, "events", "follow", *options],
        env={"LADING_API": address, "LADING_TOKEN": member.tokens["clerk"]},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_events_are_printed_as_they_come(address: str, member: Office) -> None:
    last = tell(member, verb="Freeze", state="live")
    with following(address, member, "--after", str(last - 1)) as process:
        assert line(process).split() == [
            str(last), "2030-03-17T17:46:40Z", "acted", "Freeze", "live",
        ]  # fmt: skip
        tell(member, kind="refused", code="StaleCounter")
        assert "refused Offer StaleCounter" in line(process)


def test_a_subscribers_events_are_acknowledged_once_they_are_printed(
    address: str, client: httpx.Client, member: Office
) -> None:
    mine = subscriber(client, member, filter={"kinds": ["refused"]}).json()["id"]
    tell(member)
    first, second = (tell(member, kind="refused") for _ in range(2))
    with following(address, member, "--subscriber", mine, "--kind", "acted") as process:
        assert process.wait(20) == 2, "a subscriber has its own filter"
    with following(address, member, "--subscriber", mine, "--json") as process:
        assert json.loads(line(process))["position"] == first
        assert json.loads(line(process))["position"] == second
        third = tell(member, kind="refused")
        assert json.loads(line(process))["position"] == third
    left = read(client, member, subscriber=mine)["events"]
    assert [event["position"] for event in left] in ([], [third])
