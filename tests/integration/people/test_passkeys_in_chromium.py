"""People at a browser: enrolling, signing in and out by passkey, in Chromium."""

from collections.abc import Callable

from support.browsers import Person
from support.office_node import Office


def enrol(someone: Person, code: str) -> None:
    someone.plug_in()
    someone.go(f"/enrol#{code}")
    someone.press("Go on")
    someone.page.fill("#label", "a key of a test")
    someone.press("Add a passkey")


def test_a_person_opens_an_account_and_signs_in_by_passkey(
    person: Callable[[], Person], account: Callable[[str], str], office: Office
) -> None:
    ada = person()
    enrol(ada, account("ada"))
    assert ada.path() == "/sign-in"
    ada.press("Sign in with a passkey")
    assert ada.path() == "/", ada.text()
    assert "No title concerns this member yet" in ada.text()
    ada.go("/security")
    assert "a key of a test" in ada.text()
    ada.press("Sign out")
    ada.go("/security")
    assert ada.path() == "/sign-in?next=/security"
    ada.press("Sign in with a passkey")
    assert ada.path() == "/security"
    assert ada.said == []
