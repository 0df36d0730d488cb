"""The pages: sessions, the words in two languages, no resource from elsewhere."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from support.office_node import OTHER, Office

import api.web
from api.http.errors import CredentialMissing, CredentialUnknown
from api.http.tokens import Tokens
from api.web.sessions import COOKIE, SESSION_SECONDS, Sessions
from api.web.words import say
from identity.acts import words
from identity.acts.types import ACT_TYPES
from node.store.projections import NOBODY, Title, TitleFreeze

TEMPLATES = Path(api.web.__file__).parent / "templates"
SHOWN = ("TitleState", "TitleKind", "Capacity", "Endorsement", "SurrenderPurpose", "OrderState",
         "ConditionKind", "RightState", "FreezeStage", "Outcome")  # fmt: skip


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def request(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"{COOKIE}={cookie}".encode())]})


def sessions_of(member: Office, clock: Clock) -> Sessions:
    return Sessions(Tokens(member.directory / "tokens.json"), clock)


def test_a_session_stands_for_the_token_it_was_started_with(member: Office) -> None:
    sessions = sessions_of(member, Clock())
    cookie = sessions.sign_in(member.tokens["clerk"])
    assert member.tokens["clerk"] not in cookie
    assert sessions.of_request(request(cookie)).roles == ("clerk",)


def test_a_session_ends_by_signing_out_and_by_time(member: Office) -> None:
    clock = Clock()
    sessions = sessions_of(member, clock)
    cookie = sessions.sign_in(member.tokens["clerk"])
    sessions.sign_out(request(cookie))
    with pytest.raises(CredentialMissing):
        sessions.of_request(request(cookie))
    cookie = sessions.sign_in(member.tokens["clerk"])
    clock.now = SESSION_SECONDS + 1.0
    with pytest.raises(CredentialMissing):
        sessions.of_request(request(cookie))


def test_no_session_starts_without_a_token_of_this_member(member: Office) -> None:
    with pytest.raises(CredentialUnknown):
        sessions_of(member, Clock()).sign_in("another member's token")


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


def test_the_pages_load_nothing_from_elsewhere_and_run_no_script() -> None:
    for template in TEMPLATES.iterdir():
        text = template.read_text()
        assert "<script" not in text
        assert "style=" not in text
        assert "http" not in text
        for table in re.findall(r"<table>.*?</table>", text, re.DOTALL):
            assert "<caption>" in table
            assert 'scope="col"' in table


def test_a_form_sent_from_another_site_is_refused(client: httpx.Client, member: Office) -> None:
    answer = client.post(
        "/sign-in",
        data={"token": member.tokens["clerk"]},
        headers={"Sec-Fetch-Site": "cross-site"},
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
