"""Bad input at a running member's door: a stable code, a sentence, what to do; nothing half done.

Each case is one request to one member's API. What the contracts refuse by themselves, past every
node, is in test_bad_acts.py.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import rfc8785
from deals import (
    accept,
    bill,
    do,
    ended,
    live_title,
    offer,
    offered_to,
    post,
    standing,
    title_without_document,
)
from story.consortium import Consortium, Json

NO_ONE = "0x" + "5f" * 32
DOCUMENT_BYTES = 10_000_000
BODY_BYTES = 12_000_000
CLAUSE_CHARACTERS = 19_000
SENTENCE = re.compile(r"[A-Z].{10,}\.", re.DOTALL)


@dataclass(frozen=True)
class Scene:
    """Where something can be done wrong: a title held, one offered on, one without a document."""

    consortium: Consortium
    live: str
    offered: str
    digest: str
    unheld: str

    def id(self, member: str) -> str:
        return self.consortium[member].id

    def standing(self, asked: str) -> Json:
        """What the node that is asked tells, and the bank's, which only reads the ledger."""
        titles = (self.live, self.offered, self.unheld)
        return standing(self.consortium, {asked, "bank"}, titles)


@pytest.fixture(scope="module")
def scene(consortium: Consortium) -> Scene:
    live, offered = live_title(consortium), live_title(consortium)
    digest = offer(consortium, offered, "shipper", "consignee")
    return Scene(consortium, live, offered, digest, title_without_document(consortium, live))


def issue(scene: Scene, **changes: Any) -> Json:
    return {"document": bill(**changes), "holder": scene.id("shipper")}


def with_container(number: str) -> Json:
    """The bill's equipment and goods under another container number."""
    return json.loads(
        json.dumps(
            {name: bill()[name] for name in ("utilizedTransportEquipments", "consignmentItems")}
        ).replace("MAEU6543213", number)
    )


def of_length(size: int) -> Json:
    """A bill that follows its schema and has ``size`` bytes of canonical JSON."""
    rest = size - len(rfc8785.dumps(bill(carrierClauses=[""])))
    full, last = divmod(rest, CLAUSE_CHARACTERS + len('"",'))
    return bill(carrierClauses=["x" * CLAUSE_CHARACTERS] * full + ["x" * last])


@dataclass(frozen=True)
class Case:
    """One write that must be refused: who sends what where, and the code it is refused with."""

    says: str
    by: str
    role: str
    path: str
    body: Callable[[Scene], Any]
    status: int
    code: str


CASES = (
    Case("an unknown member as the holder", "carrier", "issuer", "/v1/titles",
         lambda s: issue(s) | {"holder": NO_ONE}, 409, "MEMBER_UNKNOWN"),
    Case("an unknown member as the next holder", "shipper", "clerk", "/v1/titles/{live}/offers",
         lambda s: {"to": NO_ONE}, 409, "MEMBER_UNKNOWN"),
    Case("a person without the role", "carrier", "clerk", "/v1/titles",
         issue, 403, "ROLE_NOT_ALLOWED"),
    Case("a person who may only read", "shipper", "auditor", "/v1/titles/{live}/offers",
         lambda s: {"to": s.id("bank")}, 403, "ROLE_NOT_ALLOWED"),
    Case("a member that is no carrier", "shipper", "issuer", "/v1/titles",
         lambda s: issue(s) | {"holder": s.id("bank")}, 409, "ROLE_MISSING"),
    Case("a pledge to who is no bank", "shipper", "clerk", "/v1/titles/{live}/offers",
         lambda s: {"to": s.id("consignee"), "capacity": "pledgee"}, 409, "ROLE_MISSING"),
    Case("a member that does not control the title", "bank", "clerk", "/v1/titles/{live}/offers",
         lambda s: {"to": s.id("consignee")}, 403, "NOT_THE_CONTROLLER"),
    Case("a member that the offer is not made to", "bank", "clerk", "/v1/titles/{offered}/accept",
         lambda s: {"offer": s.digest}, 403, "NOT_THE_COUNTERPARTY"),
    Case("another offer while one is open", "shipper", "clerk", "/v1/titles/{offered}/offers",
         lambda s: {"to": s.id("bank")}, 409, "OFFER_OPEN"),
    Case("the acceptance of another offer", "consignee", "clerk", "/v1/titles/{offered}/accept",
         lambda s: {"offer": NO_ONE}, 409, "OFFER_MISMATCH"),
    Case("the acceptance of another document", "consignee", "clerk", "/v1/titles/{offered}/accept",
         lambda s: {"offer": s.digest, "root": NO_ONE}, 409, "ROOT_MISMATCH"),
    Case("an acceptance of what is not offered", "shipper", "clerk", "/v1/titles/{live}/accept",
         lambda s: {"offer": NO_ONE}, 409, "NO_OPEN_OFFER"),
    Case("an acceptance without the document", "shipper", "clerk", "/v1/titles/{unheld}/accept",
         lambda s: {"offer": offered_to(s.consortium["shipper"], s.unheld)},
         409, "DOCUMENT_NOT_HELD"),
    Case("a title that does not exist", "shipper", "clerk", f"/v1/titles/{NO_ONE}/offers",
         lambda s: {"to": s.id("bank")}, 409, "OBJECT_UNKNOWN"),
    Case("a document that breaks its schema", "carrier", "issuer", "/v1/titles",
         lambda s: issue(s, isElectronic="yes"), 422, "SCHEMA_REFUSED"),
    Case("a document that is no title", "carrier", "issuer", "/v1/titles",
         lambda s: issue(s, transportDocumentTypeCode="SWB"), 409, "BILL_NOT_A_TITLE"),
    Case("a wrong check digit in the bill", "carrier", "issuer", "/v1/titles",
         lambda s: issue(s, **with_container("MAEU6543210")), 422, "CONTAINER_CHECK_DIGIT_WRONG"),
    Case("a document of one byte over the bound", "carrier", "issuer", "/v1/titles",
         lambda s: issue(s) | {"document": of_length(DOCUMENT_BYTES + 1)},
         413, "DOCUMENT_TOO_LARGE"),
    Case("a 10 MB document that breaks its schema", "carrier", "issuer", "/v1/titles",
         lambda s: issue(s, termsAndConditions="x" * (DOCUMENT_BYTES - 10_000)),
         422, "SCHEMA_REFUSED"),
    Case("a field that no act has", "shipper", "clerk", "/v1/titles/{live}/offers",
         lambda s: {"to": s.id("bank"), "note": "as agreed"}, 422, "BODY_INVALID"),
    Case("a field too few", "shipper", "clerk", "/v1/titles/{live}/offers",
         lambda s: {}, 422, "BODY_INVALID"),
    Case("a body that is no object", "shipper", "clerk", "/v1/titles/{live}/offers",
         lambda s: [s.id("bank")], 422, "BODY_INVALID"),
    Case("a lane act cut short", "terminal", "gate", "/v1/lane-acts",
         lambda s: {"act": "0x42" + "00" * 100}, 422, "ACT_MALFORMED"),
    Case("a lane act of another verb", "terminal", "gate", "/v1/lane-acts",
         lambda s: {"act": "0x22" + "00" * (8 * 32 + 65)}, 422, "ACT_MALFORMED"),
    Case("a lane without its port", "terminal", "admin", "/v1/lanes",
         lambda s: {"key": "0x" + "7e" * 20, "port": 7, "calibrated_until": 1_893_456_000},
         409, "NOT_ASSIGNED"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_door_refuses(scene: Scene, case: Case) -> None:
    before = scene.standing(case.by)
    path = case.path.format(live=scene.live, offered=scene.offered, unheld=scene.unheld)
    answer = post(scene.consortium[case.by], path, case.body(scene), case.role)
    check_refusal(answer, case.status, case.code)
    assert scene.standing(case.by) == before


def check_refusal(answer: httpx.Response, status: int, code: str) -> Json:
    """A problem with its code, a sentence and what to do, small, and without what was sent."""
    told: Json = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text[:1000]
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["status"] == status
    for sentence in (told["detail"], told["what_to_do"]):
        assert SENTENCE.fullmatch(sentence), sentence
    assert len(answer.content) < 10_000
    return told


RAW = (
    ("a key twice", b'{"to": "%s", "to": "%s"}', 400, "DUPLICATE_KEY"),
    ("not a number", b'{"to": "%s", "deadline_seconds": NaN}', 400, "NOT_JSON"),
    ("an infinite number", b'{"to": "%s", "deadline_seconds": 1e999}', 422, "NUMBER_INEXACT"),
    ("a number no double holds", b'{"to": "%s", "deadline_seconds": 9007199254740993}',
     422, "NUMBER_INEXACT"),
    ("100,000 levels", b"[" * 100_000, 400, "DOCUMENT_TOO_DEEP"),
    ("65 levels", b"[" * 65 + b"]" * 65, 400, "DOCUMENT_TOO_DEEP"),
    ("half a surrogate", b'{"to": "\\ud800"}', 422, "TEXT_INVALID"),
    ("no UTF-8", b'{"to": "\xff"}', 400, "NOT_JSON"),
    ("an end too early", b'{"to": ', 400, "NOT_JSON"),
    ("one byte too many", b" " * (BODY_BYTES + 1), 413, "BODY_TOO_LARGE"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status", "code"), [row[1:] for row in RAW], ids=[row[0] for row in RAW]
)
def test_the_door_refuses_json_that_two_readers_could_read_differently(
    scene: Scene, sent: bytes, status: int, code: str
) -> None:
    before = scene.standing("shipper")
    content = sent.replace(b"%s", scene.id("bank").encode())
    answer = raw_offer(scene, content, {"Content-Type": "application/json"})
    check_refusal(answer, status, code)
    assert scene.standing("shipper") == before


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, 415, "BODY_NOT_JSON"),
        ({"Idempotency-Key": "short"}, 400, "IDEMPOTENCY_KEY_MALFORMED"),
        ({"Idempotency-Key": None}, 400, "IDEMPOTENCY_KEY_MISSING"),
        ({"Authorization": None}, 401, "CREDENTIAL_MISSING"),
        ({"Authorization": "Bearer of good news"}, 401, "CREDENTIAL_UNKNOWN"),
    ],
)
def test_the_door_refuses_a_write_without_what_every_write_needs(
    scene: Scene, headers: dict[str, str | None], status: int, code: str
) -> None:
    before = scene.standing("shipper")
    check_refusal(raw_offer(scene, b'{"to": "%s"}', headers), status, code)
    assert scene.standing("shipper") == before


def raw_offer(scene: Scene, content: bytes, headers: dict[str, str | None]) -> httpx.Response:
    shipper = scene.consortium["shipper"]
    usual: dict[str, str | None] = {
        "Authorization": f"Bearer {shipper.tokens['clerk']}",
        "Idempotency-Key": uuid4().hex,
        "Content-Type": "application/json",
    }
    sent = {name: value for name, value in (usual | headers).items() if value is not None}
    path = f"/v1/titles/{scene.live}/offers"
    return shipper.client.post(path, content=content, headers=sent, timeout=90)


@pytest.mark.parametrize(
    ("by", "role", "path", "status", "code"),
    [
        ("carrier", "clerk", f"/v1/documents/{NO_ONE}", 404, "NOT_FOUND"),
        ("carrier", "clerk", f"/v1/titles/{NO_ONE}", 404, "NOT_FOUND"),
        ("carrier", "clerk", "/v1/titles/MAEU", 422, "REQUEST_INVALID"),
        ("carrier", "clerk", "/v1/nothing", 404, "NOT_FOUND"),
        ("carrier", "gate", f"/v1/documents/{NO_ONE}", 403, "ROLE_NOT_ALLOWED"),
        ("terminal", "gate", "/v1/pickups?container=MAEU6543210", 422,
         "CONTAINER_CHECK_DIGIT_WRONG"),
        ("customs", "officer", "/v1/containers/MAEU6543210/history", 422,
         "CONTAINER_CHECK_DIGIT_WRONG"),
        ("customs", "officer", "/v1/containers/maeu6543213/history", 422,
         "CONTAINER_NUMBER_MALFORMED"),
    ],
)  # fmt: skip
def test_the_door_refuses_to_read(
    consortium: Consortium, by: str, role: str, path: str, status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {consortium[by].tokens[role]}"}
    check_refusal(consortium[by].client.get(path, headers=headers), status, code)


def test_a_bill_number_is_issued_once_whatever_the_bill_says(scene: Scene) -> None:
    carrier = scene.consortium["carrier"]
    first = issue(scene)
    title = do(carrier, "/v1/titles", first, "issuer")["object"]
    changed = first | {"document": first["document"] | {"freightPaymentTermCode": "COL"}}
    told = check_refusal(post(carrier, "/v1/titles", changed, "issuer"), 409, "BILL_ALREADY_ISSUED")
    assert told["facts"]["title"] == title


def test_an_idempotency_key_with_another_body_is_refused_and_the_first_write_stands(
    scene: Scene,
) -> None:
    carrier, key = scene.consortium["carrier"], uuid4().hex
    first, other = issue(scene), issue(scene)
    command = post(carrier, "/v1/titles", first, "issuer", key).json()["id"]
    told = check_refusal(
        post(carrier, "/v1/titles", other, "issuer", key), 409, "IDEMPOTENCY_CONFLICT"
    )
    assert told["facts"]["command"] == command
    assert post(carrier, "/v1/titles", first, "issuer", key).json()["id"] == command
    assert ended(carrier, command)["state"] == "final"


def test_a_refused_write_does_not_use_up_its_idempotency_key(scene: Scene) -> None:
    carrier, key = scene.consortium["carrier"], uuid4().hex
    wrong, right = issue(scene, isElectronic="yes"), issue(scene)
    check_refusal(post(carrier, "/v1/titles", wrong, "issuer", key), 422, "SCHEMA_REFUSED")
    accepted = post(carrier, "/v1/titles", right, "issuer", key)
    assert accepted.status_code == 202, accepted.text
    assert ended(carrier, accepted.json()["id"])["state"] == "final"


def test_a_document_of_ten_million_bytes_travels_and_is_accepted(scene: Scene) -> None:
    carrier, shipper = scene.consortium["carrier"], scene.consortium["shipper"]
    document = of_length(DOCUMENT_BYTES)
    command = do(carrier, "/v1/titles", issue(scene) | {"document": document}, "issuer")
    accept(shipper, command["object"])
    root = command["result"]["root"]
    assert shipper.get(f"/v1/documents/{root}")["document"] == document
