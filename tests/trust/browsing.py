"""A web server inside the test's own transaction, and what a browser complains about."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        return


@dataclass
class Site:
    """A server that answers while ``open``, so that it never uses the test's connection beside the test."""

    address: str = ""
    turn: threading.Lock = field(default_factory=threading.Lock)
    is_open: bool = False

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        self.is_open = True
        try:
            yield
        finally:
            with self.turn:  # whoever is being answered still is
                self.is_open = False


@contextlib.contextmanager
def served() -> Iterator[Site]:
    """Serves Ringback from this thread's connection, one request after the other."""
    site = Site()
    shared, application = connections["default"], get_wsgi_application()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with site.turn:
            if not site.is_open:
                start("503 Service Unavailable", [])
                return []
            connections["default"] = shared
            response = application(environ, start)
            try:
                return [b"".join(response)]
            finally:
                response.close()

    shared.inc_thread_sharing()
    shared.close_if_unusable_or_obsolete = lambda: None  # the end of a request is not the end of the test
    server = make_server("127.0.0.1", 0, answer, server_class=_Server, handler_class=_Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        site.address = f"http://127.0.0.1:{server.server_port}"
        yield site
    finally:
        server.shutdown()
        server.server_close()
        del shared.close_if_unusable_or_obsolete
        shared.dec_thread_sharing()


WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => {
  window.violations.push(`${e.violatedDirective} ${e.blockedURI}`);
});
"""
OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return "";
  const over = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
  return `${wide} px: ` + over.slice(0, 3).map((e) => e.tagName.toLowerCase() + "." + e.className).join(", ");
}"""


class Tab:
    """One browser tab of one person, in a language and a colour scheme."""

    def __init__(self, browser: Any, site: Site, session: str, language: str, scheme: str, axe: Any) -> None:
        locale = {"en": "en-GB", "ru": "ru-RU"}[language]
        self.context = browser.new_context(locale=locale, color_scheme=scheme, base_url=site.address)
        self.context.add_init_script(WATCH)
        self.context.add_init_script(axe.axe_script)  # there when a page opens: cheaper than to send it to each page
        if session:
            self.context.add_cookies([{"name": "sessionid", "value": session, "url": site.address}])
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.site, self.language = site, language

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def complaints(self, path: str) -> list[str]:
        """What is wrong with a page, in sentences."""
        with self.site.open():
            found = self._complaints(path)
        self.page.goto("about:blank")
        return found

    def _complaints(self, path: str) -> list[str]:
        self.said.clear()
        self.page.set_viewport_size({"width": 1440, "height": 900})
        answer = self.page.goto(path)
        found = [] if answer.status == 200 else [f"answered {answer.status}"]
        if self.page.locator("html").get_attribute("lang") != self.language:
            found.append(f"is not in {self.language}")
        found += [f"axe at 1440: {one}" for one in broken_rules(self.page)]
        for width in (1440, 390):
            self.page.set_viewport_size({"width": width, "height": 800})
            if wide := self.page.evaluate(OVERFLOW):
                found.append(f"scrolls sideways at {width}: {wide}")
        found += [f"content policy: {one}" for one in self.page.evaluate("window.violations")]
        return found + [f"console: {one}" for one in self.said]


BROKEN_RULES = """() => axe.run({resultTypes: ["violations"]}).then((found) => found.violations.map(
  (rule) => `${rule.id} (${rule.nodes.length}×): ${rule.nodes[0].html.slice(0, 160)}`))"""
"""Details of violations only, and of these no more than is said."""


def broken_rules(page: Any) -> list[str]:
    """What axe finds on a page of a ``Tab``."""
    return page.evaluate(BROKEN_RULES)
