"""Files beside documents, legal holds and deletion, over HTTP."""

import secrets
import time
from contextlib import suppress
from hashlib import sha256
from typing import Any

import httpx
import pytest
from sqlmodel import select
from support.office_node import OTHER, Office
from support.peers import bill_number, make_bill, title_row

from identity.acts.words import TitleState
from node.documents.keeping import erase
from node.documents.registry import TRANSPORT_DOCUMENT
from node.exchange import lines
from node.store.audit import AuditRow
from node.store.commands import OutboxRow
from node.store.documents import (
    AttachmentRow,
    DeliveryRow,
    DisclosedContainerRow,
    DisclosureRow,
    DocumentRow,
    GivenReceiptRow,
)

FILE = b"%PDF-1.7 a survey " * 20_000
ELEVEN_YEARS = 11 * 366 * 86_400


@pytest.fixture
def root(member: Office) -> str:
    """The root of a bill that this member holds."""
    with member.node.db.begin() as session:
        bill = make_bill(bill_number())
        return member.node.documents.store_own(session, bill, TRANSPORT_DOCUMENT).root


def upload(
    client: httpx.Client, member: Office, root: str, content: Any = FILE, role: str = "clerk",
    key: str | None = None, name: str = "检验 survey.pdf", **headers: str,
) -> httpx.Response:  # fmt: skip
    return client.post(
        f"/v1/documents/{root}/attachments",
        params={"name": name},
        content=content,
        headers=member.bearer(role)
        | {"Idempotency-Key": key or secrets.token_hex(16), "Content-Type": "application/pdf"}
        | headers,
    )


def operate(
    client: httpx.Client, member: Office, path: str, role: str = "admin", **body: str
) -> httpx.Response:
    body = body or {"reason": "case 2026/17"}
    return client.post(f"/v1/documents/{path}", json=body, headers=member.bearer(role))


def age(member: Office, root: str, seconds: int) -> None:
    with member.node.db.begin() as session:
        row = session.get_one(DocumentRow, root)
        row.received_at = int(time.time()) - seconds
        session.add(row)


def vault_files(member: Office) -> set[str]:
    return {path.name for path in member.node.settings.vault_directory.iterdir()}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_file_is_kept_listed_and_fetched(client: httpx.Client, member: Office, root: str) -> None:
    kept = upload(client, member, root)
    assert kept.status_code == 201, kept.text
    assert kept.json()["sha256"] == "0x" + sha256(FILE).hexdigest()
    reader = member.bearer("auditor")
    listed = client.get(f"/v1/documents/{root}/attachments", headers=reader).json()
    assert listed == {"attachments": [kept.json()]}
    fetched = client.get(f"/v1/documents/{root}/attachments/{kept.json()['id']}", headers=reader)
    assert fetched.content == FILE
    assert fetched.headers["content-type"] == "application/pdf"
    assert fetched.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E6")
    assert fetched.headers["x-content-type-options"] == "nosniff"


def test_a_file_beside_no_document_and_of_no_file_is_not_found(
    client: httpx.Client, member: Office, root: str
) -> None:
    assert code(upload(client, member, OTHER)) == (404, "NOT_FOUND")
    stream = upload(client, member, root).json()["id"]
    for path in (f"{root}/attachments/{OTHER}", f"{OTHER}/attachments/{stream}"):
        answer = client.get(f"/v1/documents/{path}", headers=member.bearer("auditor"))
        assert code(answer) == (404, "NOT_FOUND")


def test_who_may_not_is_refused_and_nothing_is_kept(
    client: httpx.Client, member: Office, root: str
) -> None:
    before = vault_files(member)
    assert code(upload(client, member, root, role="auditor")) == (403, "ROLE_NOT_ALLOWED")
    assert code(upload(client, member, root, role="gate")) == (403, "ROLE_NOT_ALLOWED")
    listed = client.get(f"/v1/documents/{root}/attachments", headers=member.bearer("gate"))
    assert code(listed) == (403, "ROLE_NOT_ALLOWED")
    assert client.post(f"/v1/documents/{root}/attachments", content=FILE).status_code == 401
    assert vault_files(member) == before


def test_the_same_key_gives_the_same_file_and_another_file_is_refused(
    client: httpx.Client, member: Office, root: str
) -> None:
    key = secrets.token_hex(16)
    first = upload(client, member, root, key=key)
    before = vault_files(member)
    assert upload(client, member, root, key=key).json() == first.json()
    conflict = upload(client, member, root, FILE + b"x", key=key)
    assert code(conflict) == (409, "IDEMPOTENCY_CONFLICT")
    assert code(upload(client, member, root, key=key, name="b")) == (409, "IDEMPOTENCY_CONFLICT")
    assert vault_files(member) == before


def test_a_file_that_is_too_long_is_refused_before_and_while_it_is_read(
    client: httpx.Client, member: Office, root: str
) -> None:
    before = vault_files(member)
    piece = bytes(1024 * 1024)
    said = {"Content-Length": str(300 * len(piece))}
    with suppress(httpx.WriteError):  # the node answers and closes while more is on the way
        answer = upload(client, member, root, (piece for _ in range(300)), **said)
        assert code(answer) == (413, "BODY_TOO_LARGE")
    with suppress(httpx.WriteError):
        answer = upload(client, member, root, (piece for _ in range(101)))
        assert code(answer) == (413, "BODY_TOO_LARGE")
    assert vault_files(member) == before


@pytest.mark.parametrize(("name", "media_type"), [("a/b", "text/plain"), ("a", "text")])
def test_a_name_or_type_that_cannot_be_one_is_refused(
    client: httpx.Client, member: Office, root: str, name: str, media_type: str
) -> None:
    answer = upload(client, member, root, name=name, **{"Content-Type": media_type})
    assert code(answer) == (422, "ATTACHMENT_MALFORMED")


def test_a_damaged_file_is_refused_and_not_served(
    client: httpx.Client, member: Office, root: str
) -> None:
    stream = upload(client, member, root).json()["id"]
    file = member.node.settings.vault_directory / stream[2:]
    changed = bytearray(file.read_bytes())
    changed[-100] ^= 1
    file.write_bytes(changed)
    answer = client.get(
        f"/v1/documents/{root}/attachments/{stream}", headers=member.bearer("auditor")
    )
    assert code(answer) == (503, "VAULT_DAMAGED")


def test_a_file_is_sent_to_no_member_without_the_document(
    client: httpx.Client, member: Office, root: str
) -> None:
    stream = upload(client, member, root).json()["id"]
    path = f"{root}/attachments/{stream}/deliveries"
    assert code(operate(client, member, path, "clerk", to=OTHER)) == (409, "READER_NOT_ENTITLED")
    with member.node.db.begin() as session:
        session.add(DeliveryRow(root=root, to_member=OTHER, purpose="document"))
    sent = operate(client, member, path, "clerk", to=OTHER)
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    assert operate(client, member, path, "clerk", to=OTHER).json() == sent.json()


def test_a_document_is_kept_ten_years_or_as_the_settings_say(
    client: httpx.Client, member: Office, root: str
) -> None:
    assert code(operate(client, member, f"{root}/delete")) == (409, "RETENTION_NOT_OVER")
    listed = client.get("/v1/documents", headers=member.bearer("auditor")).json()["documents"]
    (kept,) = [row for row in listed if row["root"] == root]
    assert int(kept["keep_until"][:4]) == int(kept["received_at"][:4]) + 10
    assert kept["holds"] == 0


def test_a_held_document_is_not_deleted_until_every_hold_is_lifted(
    client: httpx.Client, member: Office, root: str
) -> None:
    age(member, root, ELEVEN_YEARS)
    holds = [operate(client, member, f"{root}/holds").json()["id"] for _ in range(2)]
    for hold in holds:
        refused = operate(client, member, f"{root}/delete")
        assert code(refused) == (409, "ON_LEGAL_HOLD")
        lifted = operate(client, member, f"{root}/holds/{hold}/lift", reason="settled")
        assert lifted.json()["lifted_by"] == f"admin@{member.directory.name}"
    assert code(operate(client, member, f"{root}/holds/{holds[0]}/lift")) == (409, "HOLD_LIFTED")
    assert code(operate(client, member, f"{root}/holds/{'0' * 32}/lift")) == (409, "HOLD_UNKNOWN")
    listed = client.get(f"/v1/documents/{root}/holds", headers=member.bearer("auditor")).json()
    assert {hold["lifted_reason"] for hold in listed["holds"]} == {"settled"}
    assert operate(client, member, f"{root}/delete").status_code == 200
    with member.node.db.read() as session:
        verbs = session.exec(select(AuditRow.verb).where(AuditRow.object == root)).all()
    assert verbs.count("HoldDocument") == verbs.count("LiftDocumentHold") == 2
    assert verbs.count("DeleteDocument") == 1


def test_a_living_titles_document_is_not_deleted(
    client: httpx.Client, member: Office, root: str
) -> None:
    age(member, root, ELEVEN_YEARS)
    title = "0x" + secrets.token_hex(32)
    with member.node.db.begin() as session:
        session.get_one(DocumentRow, root).title = title
        session.add(title_row(member, member, title, root, state=int(TitleState.LIVE)))
    assert code(operate(client, member, f"{root}/delete")) == (409, "TITLE_NOT_ENDED")
    with member.node.db.begin() as session:
        session.merge(title_row(member, member, title, root, state=int(TitleState.DELIVERED)))
    assert operate(client, member, f"{root}/delete").status_code == 200


def test_a_deleted_document_is_gone_with_its_files_and_can_come_again(
    client: httpx.Client, member: Office, root: str
) -> None:
    before = vault_files(member)
    stream = upload(client, member, root).json()["id"]
    with member.node.db.begin() as session:
        document = session.get_one(DocumentRow, root).vault_digest
        session.add(GivenReceiptRow(kind="attachment", root=stream, to_member=OTHER, receipt={}))
    age(member, root, ELEVEN_YEARS)
    deleted = operate(client, member, f"{root}/delete")
    assert (deleted.status_code, deleted.json()["attachments"]) == (200, 1)
    reader = member.bearer("auditor")
    for path in ("", f"/attachments/{stream}"):
        assert client.get(f"/v1/documents/{root}{path}", headers=reader).status_code == 404
    assert code(operate(client, member, f"{root}/delete")) == (404, "NOT_FOUND")
    with member.node.db.begin() as session:
        work = session.exec(select(OutboxRow).where(OutboxRow.kind == "erase")).all()[-1]
        assert session.exec(select(AttachmentRow).where(AttachmentRow.root == root)).all() == []
        assert session.get(GivenReceiptRow, ("attachment", stream, OTHER)) is None
    for _ in range(2):
        erase(member.node, work.payload)
    assert vault_files(member) == before - {document}


@pytest.mark.parametrize("role", ["clerk", "officer", "auditor", "issuer"])
def test_only_an_operator_holds_lifts_and_deletes(
    client: httpx.Client, member: Office, root: str, role: str
) -> None:
    for path in (f"{root}/holds", f"{root}/holds/{'0' * 32}/lift", f"{root}/delete"):
        assert code(operate(client, member, path, role)) == (403, "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 1001}])
def test_an_operators_step_needs_a_reason(
    client: httpx.Client, member: Office, root: str, body: dict[str, str]
) -> None:
    answer = client.post(f"/v1/documents/{root}/holds", json=body, headers=member.bearer("admin"))
    assert code(answer) == (422, "BODY_INVALID")


def test_a_readable_copy_is_made_of_a_held_document_alone(
    client: httpx.Client, member: Office, root: str
) -> None:
    reader = member.bearer("auditor")
    copies = [client.get(f"/v1/documents/{root}/pdf", headers=reader) for _ in range(2)]
    assert copies[0].content == copies[1].content
    assert copies[0].headers["content-type"] == "application/pdf"
    assert root.encode() in copies[0].content
    absent = client.get(f"/v1/documents/{OTHER}/pdf", headers=reader)
    assert code(absent) == (404, "NOT_FOUND")
    refused = client.get(f"/v1/documents/{root}/pdf", headers=member.bearer("gate"))
    assert code(refused) == (403, "ROLE_NOT_ALLOWED")


def test_what_waits_for_other_members_is_listed(
    client: httpx.Client, member: Office, root: str
) -> None:
    other = "0x" + secrets.token_hex(32)
    with member.node.db.begin() as session:
        session.add(DeliveryRow(root=root, to_member=other, purpose="document"))
        lines.put_off_line(session, other, "PEER_UNAVAILABLE", time.time(), asked=0)
    told = client.get("/v1/deliveries", headers=member.bearer("auditor")).json()["queues"]
    (queue,) = [queue for queue in told if queue["member"] == other]
    assert (queue["waiting"], queue["code"]) == (1, "PEER_UNAVAILABLE")
    assert queue["away_since"] is not None
    assert f'peer="{other}"' in client.get("/v1/metrics", headers=member.bearer("auditor")).text


def test_what_an_authority_was_told_is_kept_held_and_deleted_like_a_document(
    client: httpx.Client, member: Office
) -> None:
    told, digest = "0x" + secrets.token_hex(32), member.node.vault.put(b"{}", b"a test").hex()
    with member.node.db.begin() as session:
        session.add(
            DisclosureRow(
                root=told, title=OTHER, from_member=OTHER, vault_digest=digest,
                received_at=int(time.time()),
            )
        )  # fmt: skip
        session.add(DisclosedContainerRow(number="MAEU6543213", title=OTHER, root=told))
    listed = client.get("/v1/disclosures", headers=member.bearer("admin")).json()["disclosures"]
    assert [(row["root"], row["holds"]) for row in listed if row["root"] == told] == [(told, 0)]
    assert code(operate(client, member, f"{told}/delete")) == (409, "RETENTION_NOT_OVER")
    with member.node.db.begin() as session:
        row = session.exec(select(DisclosureRow).where(DisclosureRow.root == told)).one()
        row.received_at = int(time.time()) - ELEVEN_YEARS
        session.add(row)
    hold = operate(client, member, f"{told}/holds").json()["id"]
    assert code(operate(client, member, f"{told}/delete")) == (409, "ON_LEGAL_HOLD")
    operate(client, member, f"{told}/holds/{hold}/lift")
    deleted = operate(client, member, f"{told}/delete")
    assert (deleted.status_code, deleted.json()["title"]) == (200, OTHER)
    with member.node.db.read() as session:
        assert session.exec(select(DisclosureRow).where(DisclosureRow.root == told)).all() == []
        containers = select(DisclosedContainerRow).where(DisclosedContainerRow.root == told)
        assert session.exec(containers).all() == []
    assert code(operate(client, member, f"{told}/delete")) == (404, "NOT_FOUND")
