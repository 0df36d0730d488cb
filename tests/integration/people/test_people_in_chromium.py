"""Passwords, second factors, sessions and refusals, as people meet them in Chromium."""

from collections.abc import Callable
from time import time

from sqlmodel import delete
from support.browsers import Person, code_of
from support.office_node import Office

from node.people import accounts, sessions
from node.store.people import FailedAttempts, PasswordRow

PASSWORD = "a ship that sails at dawn"


def open_account(someone: Person, code: str) -> None:
    someone.go(f"/enrol#{code}")
    someone.press("Go on")


def set_password(someone: Person, password: str = PASSWORD) -> str:
    """Set a password on the security page; return the second factor as the page spells it."""
    spelled = someone.page.inner_text("#factor")
    someone.page.fill("#password", password)
    someone.page.fill("#code", code_of(spelled, time()))
    someone.press("Set the password")
    return spelled


def sign_in(someone: Person, name: str, password: str, code: str) -> None:
    someone.page.fill("#name", name)
    someone.page.fill("#password", password)
    someone.page.fill("#code", code)
    someone.press("Sign in 登录")


def forget_used_codes(office: Office) -> None:
    """As if half a minute had gone by."""
    with office.node.db.begin() as session:
        for row in session.exec(PasswordRow.__table__.select()):  # type: ignore[attr-defined]
            found = session.get_one(PasswordRow, row.account)
            found.step = -1
        session.exec(delete(FailedAttempts))


def test_a_person_sets_a_password_and_signs_in_with_the_apps_code(
    person: Callable[[], Person], account: Callable[[str], str], office: Office
) -> None:
    bob = person()
    open_account(bob, account("bob"))
    set_password(bob, "bob-bob-bob-1")
    assert "too easily guessed" in bob.text()
    spelled = set_password(bob)
    assert bob.path() == "/sign-in"
    sign_in(bob, "bob", PASSWORD, "000000")
    assert "This was not accepted." in bob.text()
    forget_used_codes(office)
    sign_in(bob, "bob", PASSWORD, code_of(spelled, time()))
    assert bob.path() == "/", bob.text()
    assert not [each for each in bob.said if "401" not in each and "422" not in each]


def test_sessions_are_listed_and_ended_from_elsewhere(
    person: Callable[[], Person], account: Callable[[str], str], office: Office
) -> None:
    desk, phone = person(), person()
    code = account("carol")
    open_account(desk, code)
    spelled = set_password(desk)
    for each in (desk, phone):
        forget_used_codes(office)
        each.go("/sign-in?next=/security")
        sign_in(each, "carol", PASSWORD, code_of(spelled, time()))
        assert each.path() == "/security", each.text()
    assert desk.context.cookies()[0]["sameSite"] == "Strict"
    desk.page.reload()
    assert "this one" in desk.text()
    desk.press("End 结束")
    phone.go("/security")
    assert phone.path() == "/sign-in?next=/security"
    desk.go("/security")
    assert desk.path() == "/security"


def test_an_operator_throws_a_person_out(
    person: Callable[[], Person], account: Callable[[str], str], office: Office
) -> None:
    dan = person()
    dan.plug_in()
    open_account(dan, account("dan"))
    dan.page.fill("#label", "key")
    dan.press("Add a passkey")
    dan.press("Sign in with a passkey")
    assert dan.path() == "/"
    with office.node.db.begin() as session:
        accounts.set_enabled(session, "dan", False, int(time()))
    dan.go("/")
    assert dan.path() == "/sign-in"
    dan.press("Sign in with a passkey")
    assert "This was not accepted." in dan.text()


def test_an_authenticator_that_does_not_know_its_person_opens_nothing(
    person: Callable[[], Person], account: Callable[[str], str]
) -> None:
    eve = person()
    eve.plug_in(verifies=False)
    open_account(eve, account("eve"))
    eve.page.fill("#label", "key")
    eve.page.get_by_role("button", name="Add a passkey").click()
    eve.page.wait_for_selector(".no-passkey:visible")
    assert eve.path() == "/security"


def test_another_sites_page_can_neither_use_a_session_nor_frame_the_pages(
    person: Callable[[], Person], account: Callable[[str], str], office: Office
) -> None:
    fay = person()
    fay.plug_in()
    open_account(fay, account("fay"))
    fay.page.fill("#label", "key")
    fay.press("Add a passkey")
    fay.press("Sign in with a passkey")
    action = f"{fay.address}/security/sessions/end-others"
    fay.page.route(
        "http://attacker.example/**",
        lambda route: route.fulfill(
            body=f'<form method=post action="{action}"><button>win</button></form>'
            f'<iframe src="{fay.address}/security"></iframe>',
            content_type="text/html",
        ),
    )
    fay.page.goto("http://attacker.example/")
    framed = fay.page.frames[1]
    assert "Security" not in framed.content()
    fay.press("win")
    assert fay.page.url == f"{fay.address}/sign-in"
    with office.node.db.read() as session:
        assert len(sessions.open_sessions(session, "fay", int(time()))) == 1
