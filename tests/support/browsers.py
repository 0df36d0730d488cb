"""Debian's Chromium, driven by Playwright, with a virtual authenticator in the place of a key."""

import base64
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
TOOLS = Path(__file__).parents[2] / "tools"
WAIT_MS = 10_000


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run Chromium without a screen; fails with what must be installed."""
    subprocess.run([TOOLS / "packages", "chromium"], check=True, timeout=540)
    with sync_playwright() as play:
        # The sandbox needs a user of its own, which a test's machine may not have.
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody at a browser of their own; ``said`` are its complaints."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.address = address
        self.context = browser.new_context()
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.said: list[str] = []
        self.page.on("console", self._heard)
        self._devtools: CDPSession = self.context.new_cdp_session(self.page)
        self._devtools.send("WebAuthn.enable")
        self._authenticator = ""

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def plug_in(self, *, verifies: bool = True) -> None:
        """Give the browser an authenticator; without ``verifies`` it does not know its person."""
        made = self._devtools.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": verifies,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self._authenticator = made["authenticatorId"]

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.address + path)

    def press(self, words: str) -> None:
        """Press the first button that begins so, and wait for what follows."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=re.compile("^" + re.escape(words))).first.click()

    def path(self) -> str:
        """Where the browser is."""
        return self.page.url.removeprefix(self.address)

    def text(self) -> str:
        """What the page says."""
        return self.page.inner_text("main")

    def close(self) -> None:
        """Close the browser's window with all it knows."""
        self.context.close()


def code_of(spelled: str, at: float) -> str:
    """Return what an authenticator app shows for a key as the page spells it."""
    secret = base64.b32decode(spelled.replace(" ", ""))
    return TOTP(secret, 6, SHA1(), 30).generate(int(at)).decode()
