"""People who sign in at their company's own provider: npm oidc-provider, in Chromium."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.browsers import Person
from support.office_node import Office
from support.peers import free_port

from node.people import accounts
from node.people.company import CompanyProvider
from node.settings import Company

HERE = Path(__file__).parent / "provider"
SECRET = "a secret of a test's client"
NODE = Path(sys.executable).with_name("node")


@pytest.fixture(scope="module")
def provider(office: Office, pages: str) -> Iterator[str]:
    """The provider, running, and known to the member."""
    assert (HERE / "node_modules").exists(), "tools/setup dev installs it"
    port = free_port()
    arguments = [str(port), f"{pages}/sign-in/company/return", SECRET]
    node = str(NODE) if NODE.exists() else shutil.which("node")
    running = subprocess.Popen(
        [str(node), "provider.mjs", *arguments],
        cwd=HERE, env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    assert "ready" in running.stdout.readline()
    issuer = f"http://localhost:{port}"
    people = office.node.people
    settings = Company(issuer=issuer, client_id="lading")
    people.company = CompanyProvider(settings, people.box, SECRET)
    with office.node.db.begin() as session:
        accounts.add(session, "hedy", "Hedy", ["clerk"], int(time.time()), "hedy@company")
    yield issuer
    people.company.close()
    people.company = None
    running.terminate()
    running.wait(10)
    running.stdout.close()


def sign_in_there(someone: Person, login: str) -> None:
    someone.go("/sign-in?next=/security")
    someone.page.get_by_role("link", name="Sign in with the company").click()
    someone.page.fill("input[name=login]", login)
    someone.page.fill("input[name=password]", "anything")
    someone.page.click("button[type=submit]")
    someone.page.wait_for_selector("button[type=submit]:has-text('Continue')")
    someone.page.click("button[type=submit]")


def test_a_person_signs_in_with_the_companys_account(
    person: Callable[[], Person], provider: str
) -> None:
    hedy = person()
    sign_in_there(hedy, "hedy@company")
    hedy.page.wait_for_url("**/security")
    assert "the company's sign-in" in hedy.text()
    hedy.go("/")
    assert hedy.path() == "/"


def test_somebody_whom_the_company_knows_and_this_member_does_not_is_refused(
    person: Callable[[], Person], provider: str
) -> None:
    stranger = person()
    sign_in_there(stranger, "eve@company")
    stranger.page.wait_for_url("**/sign-in/company/return**")
    assert "This was not accepted." in stranger.text()
    stranger.go("/")
    assert stranger.path().startswith("/sign-in")
