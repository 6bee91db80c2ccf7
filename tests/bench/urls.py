"""The product's addresses, and beside them the least that a page can be."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import path

from config import urls
from config.access import public
from memberships.models import Member, Membership

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

TEMPLATE = Engine().from_string("""
<!doctype html><title>Members</title><table>
<tr><th>Member<th>Plan<th>Last day<th>Days left<th>Segment<th>Status</tr>
{% for row in rows %}<tr><td><a href="/members/{{ row.member.pk }}/">{{ row.member.last_name }}
{{ row.member.first_name }}</a><br>{{ row.member.phone }}<td>{{ row.term.plan.name }}
<td>{{ row.term.effective_ends_on|date:"j M Y" }}<td>{{ row.left }}<td>{{ row.member.segment }}
<td>{{ row.term.sale_kind }}</tr>{% endfor %}
</table>
""")


@public("only in the bench")
def bare(request: HttpRequest) -> HttpResponse:
    """Nothing but the frame of a request: middleware and an answer."""
    return HttpResponse("ok")


@public("only in the bench")
def plain(request: HttpRequest) -> HttpResponse:
    """25 members with the memberships that cover today, by the ORM and a plain template."""
    from tests.bench import rows

    found = list(Member.objects.filter(club__slug="club-0").order_by("last_name", "first_name", "id")[:25])
    terms = Membership.objects.filter(member__in=[member.pk for member in found]).select_related("plan")
    latest = {term.member_id: term for term in terms.order_by("starts_on")}
    context = [
        {"member": member, "term": latest[member.pk], "left": (latest[member.pk].effective_ends_on - rows.TODAY).days}
        for member in found
    ]
    return HttpResponse(TEMPLATE.render(Context({"rows": context})))


urlpatterns = [path("bench/bare/", bare), path("bench/plain/", plain), *urls.urlpatterns]
