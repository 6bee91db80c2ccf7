"""The forms of a page, as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form as a page shows it: where it leads and what it would send, with the first of each choice."""

    action: str
    sent: dict[str, str] = field(default_factory=dict)
    choices: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.inside: list[Form] = []
        self.select: tuple[Form, str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            form = Form(given.get("action") or "")
            self.inside.append(form)
            if (given.get("method") or "").lower() == "post":
                self.forms.append(form)
            if given.get("id"):
                self.by_id[str(given["id"])] = form
        elif tag == "option" and self.select:
            form, name = self.select
            form.sent.setdefault(name, given.get("value") or "")
            if "selected" in given:
                form.sent[name] = given.get("value") or ""
        elif tag in ("input", "select", "textarea", "button") and given.get("name"):
            form = self.by_id.get(given.get("form") or "") or (self.inside[-1] if self.inside else None)
            if form is not None:
                self._field(tag, given, form)

    def _field(self, tag: str, given: dict[str, str | None], form: Form) -> None:
        name, kind = str(given["name"]), given.get("type") or ""
        if tag == "select":
            self.select = (form, name)
            form.choices.add(name)
            return
        if kind in ("radio", "checkbox", "hidden") or tag == "button":
            form.choices.add(name)
        if kind in ("radio", "checkbox") and "checked" not in given and name in form.sent:
            return
        form.sent.setdefault(name, given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.inside:
            self.inside.pop()
        elif tag == "select":
            self.select = None


def forms_of(page: str) -> list[Form]:
    """The forms of a page that post."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms
