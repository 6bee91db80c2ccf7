"""What the OpenAPI document needs beyond serializers: an answer that depends on the reader's role."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class Either(serializers.Serializer[Any]):
    """One of several shapes; made by ``either``."""

    shapes: ClassVar[tuple[type[serializers.BaseSerializer[Any]], ...]] = ()


def either(name: str, *shapes: type[serializers.BaseSerializer[Any]]) -> type[Either]:
    """A shape for the document only: any of ``shapes``, the fullest first."""
    return type(f"{name}Serializer", (Either,), {"shapes": shapes})


class EitherExtension(OpenApiSerializerExtension):
    """Says ``anyOf``: a full answer fits the shape of a shorter one too."""

    target_class = "memberships.api.describing.Either"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        refs = [auto_schema.resolve_serializer(shape, direction).ref for shape in self.target.shapes]
        return {"anyOf": refs}
