"""What a council seat does at its own desk: check, put into words, sign, hand to a node."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.cli.client import Member
from api.cli.errors import MemberRefused, UsageInvalid
from identity.acts.objects import COUNCIL, RULEBOOK, VERSIONS, assignment_id
from identity.acts.typed import Act, Value, act_from_json
from identity.acts.types import ACT_TYPES
from identity.acts.wording import describe
from identity.council.application import Application, parse
from identity.council.seat import Seat, opened
from identity.keys.keystore import passphrase_from
from node.chain.network import CouncilSignature, save
from node.chain.network import parse as parse_network

EXPIRES_SECONDS = 24 * 3600
WAIT_SECONDS = 60
CHECK_SECONDS = 60.0
DECIDED_BY_FILE = ("AdmitMember", "RecoverKeys")
Ask = Callable[[str], bool]


@dataclass(frozen=True)
class Wanted:
    """A motion as it is asked for on the command line."""

    verb: str
    application: Path | None
    member: str | None
    reason: Path | None
    given: tuple[str, ...]


def checked(file: Path, documents: Path | None) -> dict[str, Any]:
    """Return what a member's node and this desk find of an application.

    Raises: ApplicationMalformed, UsageInvalid, MemberRefused, NotAnswered.
    """
    application = _application(file)
    told: dict[str, Any] = Member().call(
        "/v1/applications/check", application.to_json(), CHECK_SECONDS
    )
    if documents is not None:
        told["findings"] += _compared(application, documents)
    told["passed"] = all(finding["state"] != "fail" for finding in told["findings"])
    return told


def proposed(directory: Path, wanted: Wanted, ask: Ask) -> dict[str, Any]:
    """Sign a new motion as the seat in ``directory`` and have it relayed; return the command.

    Raises: UsageInvalid, MemberRefused, NotAnswered, and what the seat raises.
    """
    node = Member()
    object_id, counter, fields = _content(wanted, node.read("/v1/council"))
    with opened(directory, passphrase_from(os.environ)) as seat:
        act = seat.act(wanted.verb, object_id, counter, fields, _expiry())
        return _assent(node, seat, act, ask)


def approved(directory: Path, motion: str, file: Path | None, ask: Ask) -> dict[str, Any]:
    """Sign the motion that the ledger has under this id; return the command.

    What decides on an application is compared with the file, which is checked once more.

    Raises: as ``proposed``.
    """
    node = Member()
    told = node.read(f"/v1/motions/{motion}")
    theirs = act_from_json(told["act"])
    if theirs.name in DECIDED_BY_FILE:
        _require_same(theirs, file, node)
    with opened(directory, passphrase_from(os.environ)) as seat:
        own = {name: theirs.fields[name] for name in _own_names(theirs.name)}
        act = seat.act(theirs.name, theirs.object, theirs.counter, own, _expiry())
        return _assent(node, seat, act, ask)


def network_signed(directory: Path, file: Path, ask: Ask) -> dict[str, Any]:
    """Add the seat's signature to network.json as the node tells it now; return how many it has.

    Raises: UsageInvalid when the file says something else, NetworkMalformed, and as ``proposed``.
    """
    told = Member().read("/v1/network")["network"]
    network = parse_network(json.dumps({**told, "signatures": []}).encode())
    if file.exists():
        given = parse_network(_read(file))
        if given.body() != network.body():
            says = f"{file} is not what the ledger says now."
            raise UsageInvalid("NETWORK_DIFFERS", says, "Begin a new file.")
        network = given
    says = f"network.json of {network.network_id}: contracts of version {network.version}, "
    if not ask(says + f"{len(network.witnesses)} witness keys."):
        raise UsageInvalid("NOT_SIGNED", "Nothing was signed.", "Ask again when it is decided.")
    with opened(directory, passphrase_from(os.environ)) as seat:
        member = "0x" + seat.member.hex()
        others = tuple(each for each in network.signatures if each.member != member)
        own = CouncilSignature(member, seat.sign_network(network.body()))
        signed = replace(network, signatures=(*others, own))
    save(signed, file)
    return {
        "file": str(file),
        "version": signed.version,
        "signatures": len(signed.signatures),
        "needed": signed.threshold,
    }


def _assent(node: Member, seat: Seat, act: Act, ask: Ask) -> dict[str, Any]:
    if not ask(f"{act.name} of 0x{act.object.hex()}: {describe(act)}"):
        raise UsageInvalid("NOT_SIGNED", "Nothing was signed.", "Ask again when it is decided.")
    _, wire = seat.sign(act, int(time.time()))
    key = str(uuid.uuid4())
    command: dict[str, Any] = node.write(
        "/v1/council-acts", {"act": "0x" + wire.hex()}, key, WAIT_SECONDS
    )
    if command["refusal"] is not None:
        refusal = command["refusal"]
        raise MemberRefused(refusal["code"], refusal["sentence"], refusal["what_to_do"])
    return command


def _content(wanted: Wanted, council: Mapping[str, Any]) -> tuple[bytes, int, dict[str, Value]]:
    """Return object, counter and fields of the motion that is wanted."""
    kind = ACT_TYPES.get(wanted.verb)
    if kind is None or kind.signer != "council":
        known = ", ".join(sorted(n for n, t in ACT_TYPES.items() if t.signer == "council"))
        raise UsageInvalid("VERB_UNKNOWN", f"There is no motion {wanted.verb}.", f"Use {known}.")
    if wanted.verb in DECIDED_BY_FILE:
        return _by_application(wanted, council)
    fields = _fields(wanted)
    if wanted.verb == "AssignAuthority":
        port, role = fields["port"], fields["role"]
        if not isinstance(port, int) or not isinstance(role, int):
            raise _missing("port and role")
        return assignment_id(port, role), _assigned(council, port, role), fields
    if wanted.verb == "ChangeRulebook":
        return RULEBOOK, council["rulebook"]["number"], fields
    if wanted.verb == "RotateCouncil":
        return COUNCIL, council["epoch"], fields
    if wanted.verb == "ActivateVersion":
        return VERSIONS, council["version"], fields
    return _id(wanted.member), 0, fields


def _by_application(
    wanted: Wanted, council: Mapping[str, Any]
) -> tuple[bytes, int, dict[str, Value]]:
    application = _passed(wanted.application)
    verb, fields = application.motion(bytes.fromhex(council["rulebook"]["hash"][2:]))
    if verb != wanted.verb:
        says = f"The application is one for {verb}."
        raise UsageInvalid("APPLICATION_OTHER", says, "Name the verb it is made for.")
    return application.profile.member, 0, fields


def _passed(file: Path | None) -> Application:
    if file is None:
        raise _missing("--application")
    told = checked(file, None)
    failed = [each["says"] for each in told["findings"] if each["state"] == "fail"]
    if failed:
        raise MemberRefused(
            "APPLICATION_FAILS", f"The application fails: {failed[0]}", "See lading council check."
        )
    return _application(file)


def _require_same(theirs: Act, file: Path | None, node: Member) -> None:
    application = _passed(file)
    rulebook = bytes.fromhex(node.read("/v1/council")["rulebook"]["hash"][2:])
    verb, fields = application.motion(rulebook)
    own = {name: theirs.fields[name] for name in _own_names(theirs.name)}
    if (verb, application.profile.member, fields) != (theirs.name, theirs.object, own):
        raise MemberRefused(
            "MOTION_DIFFERS",
            "The motion is not what this application asks for.",
            "Do not approve it; ask the seat that put it.",
        )


def _fields(wanted: Wanted) -> dict[str, Value]:
    """Return the fields as they are given: ``--set``, and the minutes' hash as the reason."""
    kind = ACT_TYPES[wanted.verb]
    texts = dict(_pair(each) for each in wanted.given)
    if wanted.reason is not None:
        texts["reason"] = "0x" + hashlib.sha256(_read(wanted.reason)).hexdigest()
    if wanted.member is not None and "member" in _own_names(wanted.verb):
        texts.setdefault("member", wanted.member)
    names = set(_own_names(wanted.verb))
    if set(texts) != names:
        raise _missing(", ".join(sorted(names ^ set(texts))))
    values: dict[str, Any] = {}
    for field in kind.fields:
        if field.name in names:
            items = [_value(field.item, part) for part in texts[field.name].split(",")]
            values[field.name] = items if field.is_array else items[0]
    return values


def _value(kind: str, text: str) -> int | bytes:
    try:
        if kind == "uint256":
            return int(text)
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        says = f"{text[:80]} is no {kind}."
        raise UsageInvalid("FIELD_INVALID", says, "Numbers are decimal, ids 0x hex.") from error
    return value.rjust(20 if kind == "address" else 32, b"\0")


def _own_names(verb: str) -> list[str]:
    header = {"principal", "delegation", "object", "counter", "expires", "companion"}
    return [field.name for field in ACT_TYPES[verb].fields if field.name not in header]


def _assigned(council: Mapping[str, Any], port: int, role: int) -> int:
    for row in council["assignments"]:
        if (row["port"], row["role"]) == (port, role):
            return int(row["counter"])
    return 0


def _compared(application: Application, folder: Path) -> list[dict[str, str]]:
    found = []
    for document in application.documents:
        path = folder / document.name
        same = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == document.sha256
        says = f"{document.name} is the one that is named." if same else f"{document.name} is not."
        found.append({"what": "document here", "state": "ok" if same else "fail", "says": says})
    return found


def _application(file: Path) -> Application:
    return parse(_read(file))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageInvalid("FILE_UNREADABLE", f"{file} cannot be read.", "Name a file.") from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageInvalid("FIELD_INVALID", f"{text[:80]} is not name=value.", "Write name=value.")
    return name, value


def _id(text: str | None) -> bytes:
    if text is None:
        raise _missing("--member")
    value = _value("bytes32", text)
    if not isinstance(value, bytes) or len(value) != 32:
        raise UsageInvalid("FIELD_INVALID", "The member's id is 32 bytes.", "Copy it whole.")
    return value


def _missing(what: str) -> UsageInvalid:
    return UsageInvalid(
        "FIELD_MISSING", f"The motion's fields do not fit: {what}.", "Give each once."
    )


def _expiry() -> int:
    return int(time.time()) + EXPIRES_SECONDS
