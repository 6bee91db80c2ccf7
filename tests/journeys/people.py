"""A person at a browser, who mostly uses keys."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
REFUSAL = re.compile(r"status of 4\d\d")
"""What Chromium says of an answer that refuses something, which is no trouble."""


class Person:
    """Somebody signed in at a window of their own. ``troubles``: what browser or server complained about."""

    def __init__(self, context: BrowserContext, address: str, user: str) -> None:
        context.set_default_timeout(PATIENCE_MS)
        self.address, self.user = address, user
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("response", self._look)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not REFUSAL.search(said.text):
            self.troubles.append(said.text)

    def _look(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} {response.url}")

    def sign_in(self, password: str) -> Person:
        """Types name and password; a supervisor puts the second factor off, as a demo allows."""
        self.open("/")
        self.page.get_by_label("Name or e-mail").fill(self.user)
        self.page.get_by_label("Password").fill(password)
        self.press("Enter")
        self.page.wait_for_url(re.compile(r"^(?!.*/accounts/login/)"))
        if "/second-factor/" in self.page.url:
            self.page.get_by_role("button", name="Later").click()
            self.page.wait_for_url(re.compile(r"^(?!.*/second-factor/)"))
        expect(self.page.locator("main")).to_be_visible()
        return self

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def arrives(self, address: str) -> None:
        """The page of this address (a glob) is there and takes keys; ones pressed earlier would go to the old page."""
        self.page.wait_for_url(address)

    def press(self, *keys: str) -> None:
        """One key after another, once the page in sight takes keys; ``"B 2"`` is a sequence."""
        self.page.wait_for_load_state()
        for one in keys:
            for key in one.split(" "):
                self.page.keyboard.press(key if len(key) > 1 else key.lower())

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def sees(self, *texts: str | re.Pattern[str], within: str = "main") -> None:
        """Each text is, or comes, into sight."""
        for text in texts:
            found = self.page.locator(within).get_by_text(text).filter(visible=True)
            expect(found.first).to_be_visible(timeout=PATIENCE_MS)

    def heading(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    @property
    def card(self) -> str:
        """Whom the open card is about."""
        name = self.page.locator("#card h1 a")
        expect(name).to_be_visible(timeout=PATIENCE_MS)
        return name.inner_text()

    def ring(self) -> str:
        """Enter on a card; whom it rings."""
        name = self.card
        self.press("Enter")
        self.sees("Talking")
        return name

    def ends(self, *keys: str) -> None:
        """The keys that say how the call ended; the next card, or the empty queue, is on the screen afterwards."""
        self.press(*keys)
        expect(self.page.locator("#card .state.talk")).to_have_count(0)

    def find(self, selector: str, **given: Any) -> Locator:
        return self.page.locator(selector, **given)
