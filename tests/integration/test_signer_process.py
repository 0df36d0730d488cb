"""The signer as its own process: what it signs, what it refuses, and what it survives."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from identity.acts.typed import Act, Domain, act_to_json, digest
from identity.errors import (
    ActMalformed,
    AuditUnavailable,
    BillNumberMalformed,
    ExpiryRefused,
    NumberingRefused,
    PrincipalRefused,
    RateExceeded,
    SignerUnavailable,
    VerbRefused,
)
from identity.keys import secp256k1
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import SigningKey
from identity.signatures import numbering
from identity.signatures.statements import sign_statement
from identity.signer.client import Signer
from identity.signer.service import MAX_LINE_BYTES

PASSPHRASE = "a test's passphrase"
MEMBER = b"\x0a" * 32
KEY = SigningKey(b"\x07" * 32)
NETWORK_ID = b"\x22" * 32
TITLES = b"\x33" * 20
COUNCIL = {b"\xc0" * 32: SigningKey(b"\x10" * 32), b"\xc1" * 32: SigningKey(b"\x11" * 32)}


def network() -> dict:
    seats = [
        {"member": f"0x{seat.hex()}", "key": f"0x{key.address.hex()}"}
        for seat, key in COUNCIL.items()
    ]
    body = {
        "network": 2,
        "versions": [],
        "chain_id": 31337,
        "network_id": "0x" + NETWORK_ID.hex(),
        "contracts": {
            "Titles": {"address": "0x" + TITLES.hex(), "code_hash": "0x" + "00" * 32},
            "Membership": {"address": "0x" + "44" * 20, "code_hash": "0x" + "00" * 32},
        },
        "council": {"threshold": 2, "seats": seats},
    }
    signatures = [
        {"member": f"0x{seat.hex()}", "signature": sign_statement("network", body, key)}
        for seat, key in COUNCIL.items()
    ]
    return {**body, "signatures": signatures}


def lay_out(directory: Path, **settings: object) -> Path:
    directory.mkdir(mode=0o700)
    given = {"signer": 1, "member": "0x" + MEMBER.hex(), "verbs": ["Offer", "Accept"], **settings}
    (directory / "signer.json").write_text(json.dumps(given))
    (directory / "network.json").write_text(json.dumps(network()))
    store = Keystore.create(directory / "signer.keys.json", PASSPHRASE)
    store.add("act", KeyKind.SECP256K1, "act", KEY.private)
    return directory


def start(directory: Path, passphrase: str = PASSPHRASE) -> subprocess.Popen:
    environment = {**os.environ, "LADING_KEYSTORE_PASSPHRASE": passphrase}
    command = [sys.executable, "-m", "identity.signer", "--dir", str(directory)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def wait_until_ready(process: subprocess.Popen) -> None:
    assert b"ready" in process.stderr.readline()


def refused_at_start(directory: Path, passphrase: str = PASSPHRASE) -> dict:
    process = start(directory, passphrase)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 78
    return json.loads(said)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., tuple[Path, subprocess.Popen]]]:
    processes = []

    def begin(directory: Path | None = None, **settings: object) -> tuple[Path, subprocess.Popen]:
        directory = directory or lay_out(tmp_path / "member", **settings)
        process = start(directory)
        processes.append(process)
        wait_until_ready(process)
        return directory, process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def offer(**changes: object) -> Act:
    fields = {
        "principal": MEMBER,
        "delegation": bytes(32),
        "object": b"\x02" * 32,
        "counter": 3,
        "expires": int(time.time()) + 3600,
        "companion": bytes(32),
        "to": b"\x03" * 32,
        "capacity": 2,
        "endorsement": 0,
        "deadline": int(time.time()) + 86400,
        "root": b"\x04" * 32,
    }
    return Act("Offer", {**fields, **changes})


def audit_lines(directory: Path) -> list[dict]:
    text = (directory / "signer.audit.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def send(directory: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(directory / "signer.sock"))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answers:
            return answers.read()


def test_an_act_is_signed_for_this_network_and_said_in_words_first(run) -> None:
    directory, _ = run()
    signer = Signer(directory / "signer.sock")
    act = offer()
    signed = signer.sign_act(act)
    assert signed.digest == digest(Domain(31337, TITLES, NETWORK_ID), act)
    assert secp256k1.recover(signed.digest, signed.signature) == KEY.address == signed.key
    assert signer.sign_act(act) == signed
    line = audit_lines(directory)[0]
    assert (line["did"], line["verb"]) == ("signed", "Offer")
    assert "capacity pledgee" in line["says"]
    assert line["digest"] == "0x" + signed.digest.hex()
    assert signed.signature.hex() not in (directory / "signer.audit.jsonl").read_text()


def test_what_it_must_not_sign_is_refused_with_its_own_code(run) -> None:
    directory, _ = run()
    signer = Signer(directory / "signer.sock")
    now = int(time.time())
    header = {n: offer().fields[n] for n in list(offer().fields)[:6]}
    lane = {"order": bytes(32), "container": bytes(32), "lane": bytes(32), "deviceCounter": 1}
    gate_out = Act("GateOut", {**header, **lane, "time": now, "reports": bytes(32)})
    for act, error in (
        (offer(principal=b"\x0b" * 32), PrincipalRefused),
        (offer(expires=now - 1), ExpiryRefused),
        (offer(expires=now + 8 * 86400), ExpiryRefused),
        (Act("Decline", {**header, "offer": bytes(32)}), VerbRefused),
        (gate_out, VerbRefused),
    ):
        with pytest.raises(error) as caught:
            signer.sign_act(act)
        assert caught.value.code == error.code
        assert caught.value.what_to_do
    assert {line["did"] for line in audit_lines(directory)} == {"refused"}


def test_a_malformed_line_gets_a_coded_error_and_the_next_is_answered(run) -> None:
    directory, _ = run()
    malformed = [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b"1e999",
        b'{"method": "sign_digest", "digest": "0x00"}',
        b'{"method": ["status"]}',
        b'{"method": "status", "more": 1}',
        b'{"method": "status", "method": "status"}',
        b'{"method": "sign_act"}',
        b'{"method": "sign_act", "act": NaN}',
        b"\xff\xfe",
        b"[" * 30_000,
        b"9" * 30_000,
    ]
    for line in malformed:
        first, second = send(directory, line + b'\n{"method": "status"}\n').splitlines()
        assert json.loads(first)["error"]["code"] == "REQUEST_MALFORMED"
        assert json.loads(second)["result"]["member"] == "0x" + MEMBER.hex()


def test_a_hostile_act_is_refused(run) -> None:
    directory, _ = run()
    good = act_to_json(offer())
    for change in (
        {"name": "Transfer"},
        {"domain": {"chain_id": 1}},
        {"fields": {**good["fields"], "counter": "03"}},
        {"fields": {**good["fields"], "to": "0x" + "AA" * 32}},
        {"fields": {**good["fields"], "extra": 1}},
    ):
        request = {"method": "sign_act", "act": {**good, **change}}
        answer = json.loads(send(directory, json.dumps(request).encode() + b"\n"))
        assert answer["error"]["code"] == ActMalformed.code


def test_an_endless_line_is_cut_off_and_others_are_still_answered(run) -> None:
    directory, _ = run()
    with socket.socket(socket.AF_UNIX) as hostile:
        hostile.connect(str(directory / "signer.sock"))
        hostile.sendall(b"x" * (MAX_LINE_BYTES + 1))
        with hostile.makefile("rb") as answers:
            assert json.loads(answers.readline())["error"]["code"] == "REQUEST_MALFORMED"
            assert answers.read() == b""
    assert Signer(directory / "signer.sock").status()["chain_id"] == 31337


def test_several_clients_are_answered_at_once(run) -> None:
    directory, _ = run()
    signer = Signer(directory / "signer.sock")
    idle = socket.socket(socket.AF_UNIX)
    idle.connect(str(directory / "signer.sock"))
    signed = []
    threads = [
        threading.Thread(target=lambda n=n: signed.append(signer.sign_act(offer(counter=n))))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    idle.close()
    assert sorted(one.act.counter for one in signed) == list(range(20))


def test_too_many_signatures_at_once_are_refused(run) -> None:
    directory, _ = run(burst=3, rate_per_second=0.01)
    signer = Signer(directory / "signer.sock")
    for counter in range(3):
        signer.sign_act(offer(counter=counter))
    with pytest.raises(RateExceeded) as caught:
        signer.sign_act(offer(counter=3))
    assert caught.value.facts["retry_after_seconds"] > 0
    assert len(audit_lines(directory)) == 3


def test_a_full_disk_refuses_to_sign_and_a_freed_one_signs_again(run) -> None:
    directory, process = run()
    signer = Signer(directory / "signer.sock")
    first = signer.sign_act(offer(counter=1))
    size = (directory / "signer.audit.jsonl").stat().st_size
    hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 40, hard))
    for _ in range(2):
        with pytest.raises(AuditUnavailable):
            signer.sign_act(offer(counter=2))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    signer.sign_act(offer(counter=2))
    assert [line["did"] for line in audit_lines(directory)] == ["signed", "signed"]
    assert audit_lines(directory)[0]["digest"] == "0x" + first.digest.hex()


def test_killed_and_started_again_it_gives_the_same_bytes(run) -> None:
    directory, process = run()
    signer = Signer(directory / "signer.sock")
    act = offer()
    signed = signer.sign_act(act)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with pytest.raises(SignerUnavailable):
        signer.sign_act(act)
    with (directory / "signer.audit.jsonl").open("a") as file:
        file.write('{"at": "cut')  # the line that a kill may leave half written
    run(directory)
    assert signer.sign_act(act) == signed
    lines = (directory / "signer.audit.jsonl").read_text().splitlines()
    assert [line[:6] == '{"at":' for line in lines] == [True] * 3
    assert json.loads(lines[-1])["did"] == "signed"


def test_a_directory_has_one_signer(run) -> None:
    directory, _ = run()
    assert "Another signer" in refused_at_start(directory)["message"]
    Signer(directory / "signer.sock").sign_act(offer())


def test_it_leaves_quietly_when_asked(run) -> None:
    directory, process = run()
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == b""
    assert not (directory / "signer.sock").exists()


def test_it_opens_no_network_socket_and_its_own_is_its_owners_alone(run) -> None:
    directory, process = run()
    Signer(directory / "signer.sock").sign_act(offer())
    open_files = []
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            open_files.append(str(link.readlink()))
    inodes = {name[8:-1] for name in open_files if name.startswith("socket:[")}
    network_sockets = set()
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        lines = Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]
        network_sockets |= {line.split()[9] for line in lines}
    assert inodes
    assert not inodes & network_sockets
    assert (directory / "signer.sock").stat().st_mode & 0o777 == 0o600
    assert (directory / "signer.audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_carriers_signer_numbers_bills_and_forgets_the_number(tmp_path: Path, run) -> None:
    directory = lay_out(tmp_path / "carrier")
    store = Keystore.open(directory / "signer.keys.json", PASSPHRASE)
    modulus = store.add("numbering", KeyKind.RSA3072, "numbering").public
    run(directory)
    signer = Signer(directory / "signer.sock")
    signature = signer.number("MAEU123")
    numbering.verify(modulus, MEMBER, "MAEU123", signature)
    assert signer.number("MAEU123") == signature
    with pytest.raises(BillNumberMalformed):
        signer.number(" ")
    text = (directory / "signer.audit.jsonl").read_text()
    assert numbering.tag(signature).hex() in text
    assert "MAEU123" not in text


def test_a_member_without_a_numbering_key_numbers_nothing(run) -> None:
    directory, _ = run()
    with pytest.raises(NumberingRefused):
        Signer(directory / "signer.sock").number("MAEU123")


def test_a_wrong_passphrase_is_refused_at_start(tmp_path: Path) -> None:
    directory = lay_out(tmp_path / "member")
    assert refused_at_start(directory, "wrong")["code"] == "WRONG_PASSPHRASE"
    assert refused_at_start(directory, "")["code"] == "KEYSTORE_UNAVAILABLE"


def test_a_path_too_long_for_a_socket_is_said_clearly(tmp_path: Path) -> None:
    directory = lay_out(tmp_path / ("m" * 100))
    answer = refused_at_start(directory)
    assert answer["code"] == "SETTINGS_UNUSABLE"
    assert "107 are the most" in answer["message"]


def test_a_network_file_changed_after_signing_is_refused(tmp_path: Path) -> None:
    directory = lay_out(tmp_path / "member")
    changed = network()
    changed["contracts"]["Titles"]["address"] = "0x" + "66" * 20
    (directory / "network.json").write_text(json.dumps(changed))
    assert "0 valid council signatures" in refused_at_start(directory)["message"]


def test_many_acts_are_signed_at_one_call_and_one_refused_hurts_no_other(run) -> None:
    directory, _ = run()
    signer = Signer(directory / "signer.sock")
    acts = [offer(counter=n) for n in range(3)]
    acts[1] = offer(principal=b"\x0b" * 32)
    first, refused, last = signer.sign_acts(acts)
    assert (first, last) == (signer.sign_act(acts[0]), signer.sign_act(acts[2]))
    assert isinstance(refused, PrincipalRefused)
    assert [line["did"] for line in audit_lines(directory)[:3]] == ["signed", "refused", "signed"]


def test_each_of_many_acts_counts_against_the_rate(run) -> None:
    directory, _ = run(burst=3, rate_per_second=0.01)
    answers = Signer(directory / "signer.sock").sign_acts([offer(counter=n) for n in range(5)])
    kinds = [type(answer).__name__ for answer in answers]
    assert kinds == ["SignedAct"] * 3 + ["RateExceeded"] * 2


@pytest.mark.parametrize("acts", [[], [{}] * 51, {}, None])
def test_a_list_of_acts_that_is_none_is_malformed(run, acts: object) -> None:
    directory, _ = run()
    line = json.dumps({"method": "sign_acts", "acts": acts}).encode() + b"\n"
    assert json.loads(send(directory, line))["error"]["code"] == "REQUEST_MALFORMED"
