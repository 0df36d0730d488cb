"""The pages: sessions, the words in two languages, no resource from elsewhere."""

import json
import re
from pathlib import Path

import httpx
import pytest
from support.office_node import OTHER, Office

import api.web
from api.web.words import say
from identity.acts import words
from identity.acts.types import ACT_TYPES
from node.member import write_json
from node.store.projections import NOBODY, Title, TitleFreeze

TEMPLATES = Path(api.web.__file__).parent / "templates"
SHOWN = ("TitleState", "TitleKind", "Capacity", "Endorsement", "SurrenderPurpose", "OrderState",
         "ConditionKind", "RightState", "FreezeStage", "Outcome")  # fmt: skip


def test_no_session_starts_without_a_token_of_this_member(client: httpx.Client) -> None:
    answer = client.post("/sign-in", data={"token": "another member's token"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_session_stands_for_the_token_it_was_started_with(
    client: httpx.Client, member: Office
) -> None:
    answer = client.post("/sign-in", data={"token": member.tokens["clerk"]})
    assert member.tokens["clerk"] not in answer.headers["set-cookie"]
    assert "clerk@shipper" in client.get("/").text


def test_a_token_that_ends_takes_its_sessions_with_it(client: httpx.Client, member: Office) -> None:
    client.post("/sign-in", data={"token": member.tokens["auditor"]})
    assert client.get("/").status_code == 200
    path = member.directory / "tokens.json"
    kept = path.read_text()
    rows = [row for row in json.loads(kept) if row["roles"] != ["auditor"]]
    write_json(path, rows)
    assert client.get("/").status_code == 303
    path.write_text(kept)


@pytest.mark.parametrize("kind", SHOWN)
def test_every_word_of_the_ledger_stands_in_english_and_chinese(kind: str) -> None:
    for item in getattr(words, kind):
        if item.name == "NONE" and kind != "Endorsement":
            continue
        told = say(kind, item.name.lower())
        assert re.search(r"[一-鿿]", told.zh), (kind, item.name)
        assert told.en


def test_every_verb_stands_in_english_and_chinese() -> None:
    for name in ACT_TYPES:
        assert re.search(r"[一-鿿]", say("Verb", name).zh), name


def test_the_pages_load_nothing_from_elsewhere_and_run_no_script_of_their_own() -> None:
    for template in TEMPLATES.iterdir():
        text = template.read_text()
        assert "<script" not in text.replace(
            '<script src="/static/webauthn.js" defer></script>', ""
        )
        assert not re.search(r"\son[a-z]+=", text)
        assert "style=" not in text
        assert "//" not in text
        for table in re.findall(r"<table>.*?</table>", text, re.DOTALL):
            assert "<caption>" in table
            assert 'scope="col"' in table


def test_a_form_sent_from_another_site_is_refused(client: httpx.Client, member: Office) -> None:
    answer = client.post(
        "/sign-in",
        data={"token": member.tokens["clerk"]},
        headers={"Origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_title_that_is_not_known_is_a_page_that_says_so(
    client: httpx.Client, member: Office
) -> None:
    client.post("/sign-in", data={"token": member.tokens["clerk"]})
    page = client.get(f"/titles/{OTHER}")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "NOT_FOUND" in page.text
    assert "No title concerns this member yet" in client.get("/").text


def test_a_titles_page_says_what_binds_it(client: httpx.Client, member: Office) -> None:
    title, order = "0x" + "a1" * 32, "0x" + "a2" * 32
    with member.node.db.begin() as session:
        session.merge(
            Title(
                id=title, state=2, kind=2, counter=3, version=1, carrier=OTHER, holder=OTHER,
                pledgee=OTHER, controller=OTHER, party=NOBODY, counterparty=OTHER, offer=order,
                offer_act=order, offer_capacity=0, offer_endorsement=0, offer_purpose=2,
                deadline=2**33, amended=order, consented=False, enforceable_from=1_800_000_000,
                freezes=1, loading=1, discharge=2, root=order, last_digest=order, issued_block=1,
                last_block=2,
            )
        )  # fmt: skip
        session.merge(
            TitleFreeze(
                title=title, order=order, stage=1, member=OTHER, port=2,
                transferable_from=1_800_000_000, proposal=NOBODY, proposed_by=NOBODY,
                proposed_to=NOBODY, ends_lien=False, frozen_block=2, last_block=2,
            )
        )  # fmt: skip
    client.post("/sign-in", data={"token": member.tokens["clerk"]})
    page = client.get(f"/titles/{title}").text
    for said in (
        "已冻结", "已记录违约", "2027-01-15T08:00:00Z", "待质权人同意", "Orders of authorities",
    ):  # fmt: skip
        assert said in page


def test_a_role_that_may_not_read_titles_is_told_so(client: httpx.Client, member: Office) -> None:
    client.post("/sign-in", data={"token": member.tokens["gate"]})
    assert client.get("/").status_code == 403


def test_the_style_sheet_is_open_and_css(client: httpx.Client) -> None:
    assert client.get("/static/page.css").headers["content-type"].startswith("text/css")
