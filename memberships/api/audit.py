"""The history of an object: who changed what, when, from what to what."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import api
from config.access import policy
from memberships import access, audit
from memberships.api import fields, finding
from memberships.audit import kinds
from memberships.rights import Right

MOST = 10_000


class FieldChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(source="name")
    before = serializers.CharField()
    after = serializers.CharField()


class ChangeSerializer(serializers.Serializer[audit.Change]):
    at = fields.Moment(club=None)
    object = serializers.SerializerMethodField()
    action = serializers.CharField(source="label", help_text="insert, update or delete.")
    by = serializers.CharField(help_text="Empty: the system itself.")
    why = serializers.CharField()
    changes = FieldChangeSerializer(source="fields", many=True)

    def get_object(self, change: audit.Change) -> str:
        return f"{change.kind}:{change.id}"


class AuditQuery(fields.PageQuery):
    object = serializers.RegexField(r"^[a-z_]+:[1-9][0-9]{0,18}$", help_text="member:12")


@extend_schema(
    operation_id="audit_list",
    summary="Changes of an object, newest first",
    parameters=[AuditQuery],
    responses=api.page_of(ChangeSerializer),
)
@policy(Right.READ_AUDIT)
@api_view(["GET"])
def changes(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.READ_AUDIT)
    word, _colon, number = finding.query(request, AuditQuery)["object"].partition(":")
    if word not in kinds:
        raise finding.refuse("object", _("Changes are kept of: %(kinds)s.") % {"kinds": ", ".join(sorted(kinds))})
    kind = kinds[word]
    finding.require_somewhere(user, kind.right)
    pk = int(number)
    clubs = access.club_ids(user, kind.right)
    rows = kind.model._default_manager.filter(**{f"{kind.club}__in": clubs})
    if kind.seen_by is not None:
        rows = kind.seen_by(rows, user)
    found = list(rows.filter(pk=pk).distinct()) if pk <= access.LARGEST_ID else []
    shape = ChangeSerializer()
    return api.listed(request, audit.changes(found, limit=MOST), shape.to_representation)
