"""OpenAPI of the whole API and its readable page, made on the server from the same schema."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from config.access import public

PROBLEM = {
    "type": "object",
    "description": "An error, application/problem+json.",
    "required": ["status", "title", "detail", "code"],
    "properties": {
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "code": {"type": "string", "description": "A word for a program."},
        "errors": {
            "type": "object",
            "description": "Sentences by field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
FAILURES = {
    "400": "The request could not be read.",
    "401": "There is no token, or one that is not valid.",
    "403": "The role does not allow it.",
    "404": "There is no such thing, or not in your clubs.",
    "409": "The state says no.",
    "415": "The body is not JSON.",
    "422": "The request could never be right.",
    "429": "Too many requests.",
    "503": "The database does not answer; try again after Retry-After.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key and body within 24 hours get the first answer again.",
}
DEEPEST = 3
WITH_BODY = ("post", "put", "patch", "delete")


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "config.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def add_frame(result: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
    """drf-spectacular's hook: what the frame does for every operation, said on every operation."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for item in result["paths"].values():
        for method, operation in item.items():
            for status, description in FAILURES.items():
                if status != "415" or method in WITH_BODY:
                    operation["responses"].setdefault(status, {"description": description, "content": content})
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI document; it is the same for everybody."""
    with translation.override("en"):  # whoever asks first must not choose the language for all
        return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@public("it describes, and holds nobody's data")
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3 as JSON."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


@public("it describes, and holds nobody's data")
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The same for a person: every call with its parameters, body and answers."""
    return render(request, "api_docs.html", {"groups": _groups(document()), "public_url": settings.PUBLIC_URL})


def _groups(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Operations under the first word of their path."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        words = path.removeprefix("/api/v1/").split("/")
        for method, operation in item.items():
            groups.setdefault(words[0], []).append(_operation(schema, method, path, operation))
    return [{"name": name, "operations": operations} for name, operations in sorted(groups.items())]


def _operation(schema: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = []
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            content = answer.get("content", {}).get("application/json", {}).get("schema")
            answers.append(
                {"status": status, "fields": _fields(schema, content), "text": answer.get("description", "")}
            )
    parameters = [one for one in operation.get("parameters", []) if one["name"] != IDEMPOTENCY_KEY["name"]]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "text": operation.get("description", ""),
        "parameters": [one | {"type": _type(schema, one["schema"])} for one in parameters],
        "body": _fields(schema, body),
        "answers": answers,
    }


def _fields(schema: dict[str, Any], node: dict[str, Any] | None, path: str = "") -> list[dict[str, Any]]:
    """Path, type and meaning of an object's fields, inner objects' ones after their own."""
    node = _resolved(schema, node or {})
    if node.get("type") == "array":
        return _fields(schema, node["items"], f"{path}[]")
    found = []
    for name, field in node.get("properties", {}).items():
        inner, where = _resolved(schema, field), f"{path}.{name}".lstrip(".")
        found.append(
            {
                "path": where,
                "type": _type(schema, field),
                "required": name in node.get("required", []),
                "text": field.get("description") or inner.get("description", ""),
            }
        )
        if where.count(".") < DEEPEST:
            found += _fields(schema, inner, where)
    return found


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for key in ("allOf", "oneOf", "anyOf"):
        if key in node:
            return _resolved(schema, node[key][0])
    if "$ref" in node:
        return _resolved(schema, schema["components"]["schemas"][node["$ref"].rsplit("/", 1)[-1]])
    return node


def _type(schema: dict[str, Any], node: dict[str, Any]) -> str:
    inner = _resolved(schema, node)
    if inner.get("enum"):
        words = ", ".join(str(value) for value in inner["enum"] if value not in (None, ""))
        return f"{inner.get('type', 'string')}: {words}"
    if inner.get("type") == "array":
        return f"[{_type(schema, inner['items'])}]"
    text = inner.get("format") or inner.get("type") or "any"
    return f"{text} or null" if node.get("nullable") or inner.get("nullable") else str(text)
