"""Pages for a browser without the system behind them: templates, static files and the strict policy."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'"
)
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
STATIC = Path(settings.BASE_DIR) / "config" / "static"
CLUB = SimpleNamespace(slug="riverside", name="Riverside", currency="EUR", timezone="Europe/Berlin")
NAV = [
    {"label": "Desk", "url": "/desk", "current": True, "key": "g d"},
    {"label": "Members", "url": "/members", "current": False, "key": "g m"},
]
USER = SimpleNamespace(
    is_authenticated=True, get_full_name="Anna Keller", get_username="anna", theme="system", shortcut_keys=True
)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    own = shutil.which("chromium") or shutil.which("chromium-browser")
    return {"executable_path": own, "args": ["--no-sandbox", "--disable-dev-shm-usage"]}


def asked(path: str = "/") -> HttpRequest:
    """A stranger's request, as the context processors want it."""
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


def write(source: str, /, language: str = "en", **context: object) -> str:
    """A page from template source, in the frame that every page has."""
    request = asked()
    given = {
        "request": request,
        "user": USER,
        "club": CLUB,
        "clubs": [CLUB, CLUB],
        "nav": NAV,
        "search_url": "/members",
    }
    given["csrf_token"] = "x"
    with translation.override(language):
        return Template(source).render(Context(given | context))


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    return {}


@pytest.fixture(scope="session")
def server(pages: dict[str, str]) -> Iterator[str]:
    """Serves what is put into ``pages`` by its path, and the static files."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            file = STATIC / path.removeprefix("/static/")
            if path.startswith("/static/") and file.is_file():
                self.answer(file.read_bytes(), KINDS.get(file.suffix, "text/plain"))
            elif path == "/broken":
                self.answer(b"broken", "text/plain", 500)
            elif path == "/signed-out":
                self.send_response(302)
                self.send_header("Location", "/accounts/login/")
                self.end_headers()
            else:
                self.answer(pages.get(path, f"<title>{path}</title>{path}").encode(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer(f"<title>posted</title>posted {self.path}".encode(), "text/html; charset=utf-8")

        def answer(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            return

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()


@pytest.fixture
def visit(page: Any, server: str, pages: dict[str, str]) -> Callable[..., Any]:
    """Opens a page of ``pages/`` by its name; what the browser complains about is in ``page.said``."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))

    def open_page(name: str, path: str = "/page", language: str = "en", **context: object) -> Any:
        source = (Path(__file__).parent / "pages" / f"{name}.html").read_text()
        pages[path] = write(source, language, **context)
        page.goto(server + path)
        page.said = said
        return page

    return open_page
