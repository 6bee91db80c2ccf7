"""Pages through the whole stack of Django, beside the least that a page can be there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from calls.models import CallTask
from config import paging
from config.demo import words
from memberships.models import Club, Member, User
from memberships.views import members as member_views
from tests.bench import rows
from tests.bench.measure import (
    ROUNDS,
    Line,
    Size,
    cpu_seconds,
    line,
    milliseconds,
    number,
    percentile,
    ratios,
    seconds,
)

TIMES = 20
SEARCHES = 150
DESK_CALLS = 40


def _signed_in(username: str) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(
        User.objects.get(username=username), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def _get(client: Client, address: str) -> Callable[[], None]:
    def get() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code} {answer.headers.get('Location', '')}")

    return get


def listed() -> Iterator[Line]:
    """CPU of a page of 25 rows with a filter, the frame of a request taken off both sides."""
    client = _signed_in("administrator-0")
    page = _get(client, reverse("member_list") + "?segment=silver")
    plain, bare = _get(client, "/bench/plain/"), _get(client, "/bench/bare/")
    mine, raw = [], []
    for work in (page, plain, bare):
        cpu_seconds(work, 3)
    for _ in range(ROUNDS):
        frame = cpu_seconds(bare, TIMES)
        raw.append(cpu_seconds(plain, TIMES) - frame)
        mine.append(cpu_seconds(page, TIMES) - frame)
    yield line(
        "list of members, 25 rows, CPU",
        "ORM rows + plain template",
        ratios(mine, raw),
        4,
        at_most=True,
        ours=milliseconds(mine),
        raw=milliseconds(raw),
    )


def depth(club: Club) -> Iterator[Line]:
    """A page far behind, found by the row before it as a reader would come to it."""
    client = _signed_in("administrator-0")
    order = member_views.SORTS["name"]
    found = Member.objects.filter(club=club, merged_into=None)
    pages = min(20_000, found.count() // 25 - 1)
    at = (pages - 1) * 25 - 1
    before = found.order_by("last_name", "first_name", "id")[at]
    cursor = paging._encode(at + 1, before, order)
    far = _get(client, f"{reverse('member_list')}?sort=name&after={cursor}")
    first = _get(client, f"{reverse('member_list')}?sort=name")
    far()
    first()
    mine, raw = [], []
    for _ in range(ROUNDS):
        raw.append(min(seconds(first) for _ in range(5)))
        mine.append(min(seconds(far) for _ in range(5)))
    yield line(
        f"page {number(pages)} of the list",
        "its first page",
        ratios(mine, raw),
        3,
        at_most=True,
        ours=milliseconds(mine),
        raw=milliseconds(raw),
    )


def search(club: Club) -> Iterator[Line]:
    """Parts of names and seven digits of numbers, to a page of 25 members."""
    rng = random.Random(rows.SEED)
    order = member_views.SORTS["name"]
    terms = [rng.choice(words.LAST_NAMES)[: rng.randrange(3, 6)] for _ in range(SEARCHES // 2)]
    count = Member.objects.count()
    terms += [rows.phone_of(rng.randrange(1, count))[-7:] for _ in range(SEARCHES // 2)]
    rounds = []
    for _ in range(ROUNDS):
        times = []
        for term in terms:
            query = QueryDict(mutable=True)
            query["q"] = term
            times.append(seconds(lambda query=query: paging.keyset(member_views.found(club, query, rows.TODAY), order)))
        rounds.append(percentile(times, 0.95) * 1000)
    yield line("search by part of a name or number, p95", "50 ms", rounds, 50, at_most=True, unit=" ms")


def desk(size: Size, made: list[Club]) -> Iterator[Line]:
    """The next call with its card, and an outcome with the next card, by the clock."""
    desk, following = reverse("desk"), reverse("desk_next")
    rows.make_tasks(size.waiting, made)
    client = _signed_in("operator-0")
    bare = _get(client, "/bench/bare/")
    _get(client, desk)()
    nexts, outcomes, bares = [], [], []
    for _ in range(ROUNDS):
        taken, told, empty = [], [], []
        for _call in range(DESK_CALLS // ROUNDS):
            empty.append(seconds(bare))
            taken.append(seconds(lambda: _post(client, following, {})))
            task = CallTask.objects.get(holder__username="operator-0", status="leased")
            address = reverse("desk_outcome", args=[task.pk])
            told.append(seconds(lambda address=address: _post(client, address, {"outcome": "no_answer"})))
        nexts.append(percentile(taken, 0.5))
        outcomes.append(percentile(told, 0.5))
        bares.append(percentile(empty, 0.5))
    for work, values in (("desk: next call → card", nexts), ("desk: outcome → next card", outcomes)):
        yield line(
            work,
            "a bare view",
            ratios(values, bares),
            8,
            at_most=True,
            ours=milliseconds(values),
            raw=milliseconds(bares),
        )


def _post(client: Client, address: str, data: dict[str, str]) -> None:
    answer = client.post(address, data, headers={"HX-Request": "true"})
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
