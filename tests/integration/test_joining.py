"""A further member of a running network: it joins, trades, loses its keys, is recovered, leaves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.joining import Newcomer, Seat, lading, run
from support.members import wait_for
from support.offices import Office, running_offices, see
from support.peers import bill_number, make_bill

CODE = "91110000600037341L"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("j")


@pytest.fixture(scope="module")
def offices(folder: Path) -> Iterator[dict[str, Office]]:
    with running_offices(folder, ["carrier", "shipper"]) as offices:
        yield offices


@pytest.fixture(scope="module")
def seats(folder: Path, offices: dict[str, Office]) -> list[Seat]:
    return [Seat(folder, office) for office in offices.values()]


def carry(seats: list[Seat], verb: str, *arguments: object) -> None:
    """Have a motion put by the first seat and carried by the second."""
    first, second = seats
    first("propose", first.directory, verb, "--yes", *arguments)
    motion = second.motion(verb)
    file = [each for each in arguments if str(each).endswith("application.json")]
    more = ["--application", *file] if file else []
    second("approve", second.directory, motion, "--yes", *more)


def status(office: Office | Newcomer, member: str) -> str | None:
    members = office.get("/v1/members").json()["members"]
    return next((each["status"] for each in members if each["id"] == member), None)


def know(offices: dict[str, Office], newcomer: Newcomer, file: Path) -> None:
    """Give every member the newcomer's profile, and the newcomer theirs."""
    for office in offices.values():
        lading("know", office.directory, file)
        lading("know", newcomer.directory, office.directory / "profile.json")


def conforms(newcomer: Newcomer) -> list[dict[str, Any]]:
    tried: list[dict[str, Any]] = lading("conformance", newcomer.directory)
    assert {each["state"] for each in tried} <= {"ok", "look"}, tried
    return tried


@pytest.fixture(scope="module")
def newcomer(folder: Path, offices: dict[str, Office], seats: list[Seat]) -> Iterator[Newcomer]:
    """A member that was admitted by the council while the network runs."""
    carrier = offices["carrier"]
    ledger = json.loads((carrier.directory / "settings.json").read_bytes())["ledger_url"]
    network = carrier.directory / "network.json"
    made = Newcomer(folder / "newcomer", ledger, network, "--credit-code", CODE)
    licence = folder / "licence.pdf"
    licence.write_bytes(b"a scanned business licence")
    file = folder / "application.json"
    lading("apply", made.directory, file, "--document", licence)
    told = seats[0]("check", file, "--documents", folder)
    assert told["passed"]
    assert {"credit code", "key proofs", "document here"} <= {
        each["what"] for each in told["findings"] if each["state"] == "ok"
    }
    carry(seats, "AdmitMember", "--application", file)
    know(offices, made, file)
    try:
        made.serve()
        wait_for(lambda: status(made, made.id) == "active", "the newcomer is a member")
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def title(offices: dict[str, Office], newcomer: Newcomer) -> str:
    """A title that the carrier issued to the newcomer, who accepted it."""
    wait_for(lambda: status(offices["carrier"], newcomer.id) == "active", "the carrier knows it")
    body = {"document": make_bill(bill_number()), "holder": newcomer.id}
    command = offices["carrier"].do("/v1/titles", body, "issuer")
    told = see(newcomer, command["object"], "issued")  # type: ignore[arg-type]
    newcomer.do(f"/v1/titles/{told['id']}/accept", {"offer": told["offer"]["digest"]}, "clerk")
    return str(told["id"])


def test_a_newcomer_conforms_with_every_member(newcomer: Newcomer) -> None:
    tried = conforms(newcomer)
    done = [each["what"] for each in tried]
    for what in ("TLS", "message", "call back", "another signature", "clock", "published profile"):
        assert done.count(what) == 2  # once a peer


def test_an_application_that_fails_is_not_put(
    folder: Path, seats: list[Seat], newcomer: Newcomer
) -> None:
    file = folder / "application.json"
    again = run("council", "check", file, **seats[0].environment)
    assert again.exit_code == 1
    said = {f["what"]: f["state"] for f in again.told["findings"]}
    assert said["member"] == said["keys"] == "fail"
    changed = json.loads(file.read_bytes())
    changed["documents"][0]["size"] += 1
    (folder / "changed.json").write_text(json.dumps(changed))
    found = run("council", "check", folder / "changed.json", **seats[0].environment)
    proofs = [f for f in found.told["findings"] if f["what"] == "key proofs"]
    assert proofs[0]["state"] == "fail"
    code = seats[0].refused(
        "propose", seats[0].directory, "AdmitMember", "--application", file, "--yes"
    )
    assert code == "APPLICATION_FAILS"


def test_a_seat_counts_once_and_a_stranger_not_at_all(
    folder: Path, seats: list[Seat], newcomer: Newcomer
) -> None:
    minutes = folder / "minutes.txt"
    minutes.write_text("The council talked of it.")
    first, second = seats
    put = ("SuspendMember", "--member", newcomer.id, "--reason", minutes, "--yes")
    first("propose", first.directory, *put)
    motion = second.motion("SuspendMember")
    assert second("show", motion)["needed"] == 2
    assert first.refused("approve", first.directory, motion, "--yes") == "SEAT_ASSENTED"
    stranger = folder / "stranger"
    lading("council", "init", stranger, "--member", newcomer.id, "--network",
           first.directory / "network.json")  # fmt: skip
    assert first.refused("approve", stranger, motion, "--yes") == "NOT_A_COUNCIL_SEAT"


def test_a_member_with_a_title_cannot_leave_and_is_told_which(
    folder: Path, seats: list[Seat], newcomer: Newcomer, title: str
) -> None:
    ties = seats[0]("ties", newcomer.id)["ties"]
    assert [(tie["object"], tie["capacity"]) for tie in ties] == [(title, "holder")]
    minutes = folder / "leave.txt"
    minutes.write_text("It wants to leave.")
    code = seats[0].refused(
        "propose", seats[0].directory, "ExitMember", "--member", newcomer.id, "--reason", minutes,
        "--yes",
    )  # fmt: skip
    assert code == "MEMBER_HAS_TIES"


def test_a_member_that_lost_its_keys_is_recovered_hands_its_title_on_and_leaves(
    folder: Path, offices: dict[str, Office], seats: list[Seat], newcomer: Newcomer, title: str
) -> None:
    newcomer.stop()  # its directory is lost, with every key
    carrier, shipper = offices["carrier"], offices["shipper"]
    ledger = json.loads((carrier.directory / "settings.json").read_bytes())["ledger_url"]
    again = Newcomer(
        folder / "again", ledger, carrier.directory / "network.json", "--recover", newcomer.id,
        "--credit-code", CODE,
    )  # fmt: skip
    assert again.id == newcomer.id
    file = folder / "recovery application.json"
    lading("apply", again.directory, file, "--recovery")
    assert seats[1]("check", file)["passed"]
    carry(seats, "RecoverKeys", "--application", file)
    know(offices, again, file)
    again.serve()
    try:
        wait_for(lambda: again.get(f"/v1/titles/{title}").status_code == 200, "it has followed")
        profile = json.loads((again.directory / "admission.json").read_bytes())["profile"]
        again.do("/v1/profile", {"profile": profile}, "admin")
        for office in (carrier, shipper):
            wait_for(lambda o=office: _profile(o, again.id) == profile, "the new profile")  # type: ignore[misc]
        conforms(again)
        terms = {"to": shipper.id, "capacity": "holder", "endorsement": "blank"}
        refused = again.post(f"/v1/titles/{title}/offers", terms, "clerk").json()
        assert refused["code"] == "DOCUMENT_NOT_HELD"  # it was lost with the vault
        _bring_back(carrier, again, title)
        offer = again.do(f"/v1/titles/{title}/offers", terms, "clerk")
        wait_for(lambda: _offer(shipper, title) == offer["digest"], "the shipper sees the offer")
        shipper.do(f"/v1/titles/{title}/accept", {"offer": offer["digest"]}, "clerk")
        wait_for(lambda: seats[0]("ties", again.id)["ties"] == [], "it is free")
        minutes = folder / "farewell.txt"
        minutes.write_text("It may leave.")
        carry(seats, "ExitMember", "--member", again.id, "--reason", minutes)
        wait_for(lambda: status(carrier, again.id) == "left", "it has left")
        assert seats[0].motion("SuspendMember")  # what was never carried is open still
    finally:
        again.stop()


def _profile(office: Office, member: str) -> str | None:
    members = office.get("/v1/members").json()["members"]
    return next((each["profile"] for each in members if each["id"] == member), None)


def _offer(office: Office, title: str) -> str | None:
    offer = office.get(f"/v1/titles/{title}").json()["offer"]
    return None if offer is None else offer["digest"]


def _bring_back(carrier: Office, again: Newcomer, title: str) -> None:
    """Have the carrier deliver the document once more."""
    root = carrier.get(f"/v1/titles/{title}").json()["root"]
    answer = carrier.http.post(
        f"/v1/documents/{root}/deliveries", json={"to": again.id}, headers=carrier.bearer("issuer")
    )
    assert answer.status_code == 202, answer.text
    wait_for(lambda: again.get(f"/v1/documents/{root}", "clerk").status_code == 200, "the document")
