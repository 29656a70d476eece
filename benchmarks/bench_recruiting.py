"""bin/bench recruiting [REQUESTS]: the lists of recruiting among 20,000 and among 200,000 postings.

Both databases have the same 400,000 graduates, each with a résumé and an intention, and a unit with
20,000 applications; the larger one has a million applications. Measured are whole pages in this
process, signed in and with all middleware: the graduate's search (newest postings, a category, a
place, a word of two characters), the matching postings of different graduates, and the unit's list
of applications. Search and applications are compared with one hand-written query of the same rows
and columns. Then 8 connections deliver applications through the action that the page calls.
PostgreSQL is as durable as in service.

Last line: {"search_sql_ratio", "match_ms_p95", "inbox_sql_ratio", "deliver_per_s",
"growth_20k_200k"}. The ratios are the page's time ÷ the query's, the larger of both databases; the
matching page's 95th percentile is that among 200,000 postings; growth is the time of a page among
200,000 ÷ among 20,000, the largest of all pages.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks import made_up, made_up_recruiting, measure

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.test import Client

    from accounts.models import User
    from recruiting.models import Application

    # A graduate's id, a posting's id and the graduate's account.
    Delivery = tuple[int, int, User]

GRADUATES = 400_000
# Postings and applications.
SIZES = ((20_000, 100_000), (200_000, 1_000_000))
REQUESTS = 120
SEEKERS = 60  # graduates whose matching postings are looked for
_BETWEEN_SEEKERS = 6661  # a prime, so that schools, majors and wishes differ
CONNECTIONS, ROUNDS, DELIVERIES = 8, 5, 400
_FIRST_SEEKER = 1000
_FIRST_APPLICANT = 100_000

_COLUMNS = """
    p.id, p.title, p.published_at, p.valid_until, p.pay_from, p.pay_to, p.pay_months, p.pay_by_state,
    p.places, p.education, p.headcount, p.work_kind, p.unit_id, u.name"""
_OPEN = """
    FROM recruiting_posting p JOIN employers_unit u ON u.id = p.unit_id
    WHERE p.state = 'published' AND p.valid_until >= current_date
      AND (p.school_ids = '{}' OR p.school_ids @> ARRAY[1]::bigint[])
      AND NOT p.hidden_from @> ARRAY[1]::bigint[]"""
_NEWEST = "ORDER BY p.published_at DESC, p.id DESC LIMIT 21"
# The query of the page's address, as a person would write it for just this page.
_SEARCHES = {
    "": f"SELECT {_COLUMNS} {_OPEN} {_NEWEST}",
    "job_category=13": f"SELECT {_COLUMNS} {_OPEN} AND p.job_category = '13' {_NEWEST}",
    "places=340100": f"SELECT {_COLUMNS} {_OPEN} AND p.search_places && ARRAY['340100']::varchar[] {_NEWEST}",
    "q=会计": f"SELECT {_COLUMNS} {_OPEN} AND p.search_text LIKE '%会计%' {_NEWEST}",
}
_INBOX = """
    SELECT a.id, a.state, a.created_at, a.first_viewed_at, a.shows_phone, g.name, g.level, g.major_name,
           s.name, p.id, p.title
    FROM recruiting_application a
    JOIN graduates_graduate g ON g.id = a.graduate_id
    JOIN schools_school s ON s.id = g.school_id
    JOIN recruiting_posting p ON p.id = a.posting_id
    WHERE a.unit_id = 1 {state} ORDER BY a.id DESC LIMIT 21"""
_INBOXES = {
    "": _INBOX.format(state=""),
    "state=delivered": _INBOX.format(state="AND a.state = 'delivered'"),
}


@dataclass
class Site:
    """A province in a database of its own, those who sign in, and the milliseconds of each page."""

    postings: int
    connection: BaseDatabaseWrapper
    graduate: Client
    recruiter: Client
    seekers: list[Client]
    pages: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, list[float]] = field(default_factory=dict)


def main() -> None:
    # The web processes' role, which decides the database settings.
    os.environ["PROCESS_ROLE"] = "web"
    measure.start_django()
    requests = int(sys.argv[1]) if sys.argv[1:] else REQUESTS
    sites = _build()
    _measure(sites, 4)
    for site in sites:
        site.pages.clear()
        site.queries.clear()
    _measure(sites, requests)
    ratios: dict[str, float] = {}
    growths: dict[str, float] = {}
    for name in sites[0].pages:
        for site in sites:
            page, query = site.pages[name], site.queries.get(name)
            measure.show(f"{name} {site.postings} page", page, "ms")
            if query is None:
                continue
            measure.show(f"{name} {site.postings} query", query, "ms")
            ratio = statistics.median(page) / statistics.median(query)
            ratios[name] = max(ratio, ratios.get(name, 0))
        small, large = (statistics.median(site.pages[name]) for site in sites)
        growths[name] = large / small
        print(f"{name:34} growth {growths[name]:.3f}  ratio {ratios.get(name, 0):.2f}", flush=True)
    measure.use(sites[1].connection)
    per_second = _deliver()
    measure.finish(
        search_sql_ratio=max(r for name, r in ratios.items() if name.startswith("search")),
        match_ms_p95=measure.percentile(sites[1].pages["matching"], 95),
        inbox_sql_ratio=max(r for name, r in ratios.items() if name.startswith("inbox")),
        deliver_per_s=per_second,
        growth_20k_200k=max(growths.values()),
    )


def _build() -> list[Site]:
    measure.clone("recruiting_graduates")
    with measure.stopwatch() as watch, measure.owner("recruiting_graduates") as c:
        made_up.fill(c, GRADUATES)
    print(f"{GRADUATES} graduates made in {watch.seconds:.0f} s", flush=True)
    sites = []
    for postings, applications in SIZES:
        name = f"recruiting_{postings}"
        measure.clone(name, "recruiting_graduates")
        with measure.stopwatch() as watch, measure.owner(name) as c:
            made_up_recruiting.fill(c, postings=postings, applications=applications)
            c.execute("CHECKPOINT")
        print(f"{postings} postings made in {watch.seconds:.0f} s", flush=True)
        connection = measure.connection_to(name)
        measure.use(connection)
        sites.append(_site(postings, connection))
    return sites


def _site(postings: int, connection: BaseDatabaseWrapper) -> Site:
    from accounts.models import User
    from employers.models import UnitMember

    people = made_up.accounts()
    recruiter = User.objects.get(pk=UnitMember.objects.get(pk=1).user_id)
    seekers = made_up_recruiting.accounts_of(
        range(_FIRST_SEEKER, GRADUATES, _BETWEEN_SEEKERS)[:SEEKERS]
    )
    return Site(
        postings, connection, _signed_in(people.graduate), _signed_in(recruiter),
        [_signed_in(user) for user in seekers.values()],
    )  # fmt: skip


def _signed_in(user: User) -> Client:
    from django.test import Client

    from accounts.signin import BACKEND

    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def _measure(sites: list[Site], turns: int) -> None:
    """Measure each page and its query in turn, and both provinces in turn."""
    for turn in range(turns):
        for site in sites if turn % 2 else reversed(sites):
            measure.use(site.connection)
            for words, sql in _SEARCHES.items():
                name = f"search {words or 'newest'}"
                _take(site, name, site.graduate, "jobs", words, b"row-card")
                site.queries.setdefault(name, []).append(_query(sql, 21))
            for words, sql in _INBOXES.items():
                name = f"inbox {words or 'all'}"
                _take(site, name, site.recruiter, "employer-applications", words, b'name="pick"')
                site.queries.setdefault(name, []).append(_query(sql, 21))
            seeker = site.seekers[turn % len(site.seekers)]
            _take(site, "matching", seeker, "jobs-matching", "", b"row-card")


def _take(site: Site, name: str, client: Client, view: str, words: str, row: bytes) -> None:
    from django.urls import reverse

    address = reverse(view) + (f"?{words}" if words else "")
    started = time.perf_counter()
    response = client.get(address)
    spent = time.perf_counter() - started
    assert response.status_code == 200, response
    assert row in response.content, response.content.decode()
    site.pages.setdefault(name, []).append(spent * 1000)


def _query(sql: str, count: int) -> float:
    from django.db import connection

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
    spent = time.perf_counter() - started
    assert len(rows) == count, len(rows)
    return spent * 1000


def _deliver() -> float:
    """How many applications 8 connections deliver in a second, the median of the rounds."""
    from benchmarks.crew import Crew

    rates = []
    total = ROUNDS * DELIVERIES
    applicants = made_up_recruiting.accounts_of(range(_FIRST_APPLICANT, _FIRST_APPLICANT + total))
    deliveries = [
        (graduate, 1 + n * 97 % 200_000, user)
        for n, (graduate, user) in enumerate(applicants.items())
    ]
    answers = Counter[str]()
    with Crew(CONNECTIONS, {"deliver": (_load, _apply)}) as crew:
        for turn in range(ROUNDS):
            part = deliveries[turn * DELIVERIES : (turn + 1) * DELIVERIES]
            done = crew.run("deliver", [part[n::CONNECTIONS] for n in range(CONNECTIONS)])
            rates.append(len(done.answers) / done.seconds)
            answers += Counter(done.answers)
    measure.show("deliveries", rates, "/s")
    print("answers:", dict(answers), flush=True)
    assert answers["delivered"] > total * 0.9, "most applications must be delivered"
    return statistics.median(rates)


def _load(part: list[Delivery]) -> list[tuple[Any, int, int, User]]:
    """Graduate, posting, résumé and account, which the page has already read."""
    from graduates.models import Graduate
    from recruiting.models import Resume

    graduates = Graduate.objects.in_bulk([graduate for graduate, _, _ in part])
    resumes = dict(
        Resume.objects.filter(graduate__in=graduates, is_default=True).values_list(
            "graduate_id", "pk"
        )
    )
    return [(graduates[g], posting, resumes[g], user) for g, posting, user in part]


def _apply(item: tuple[Any, int, int, User]) -> str:
    """Deliver; returns "delivered", a refusal's code or an error."""
    from core.errors import DomainError
    from recruiting import consent
    from recruiting.actions import applications

    graduate, posting, resume, user = item
    try:
        made: Application = applications.deliver(
            graduate=graduate, posting_id=posting, resume_id=resume, shows_phone=False,
            consent_version=consent.CURRENT.version, by=user,
        )  # fmt: skip
    except DomainError as refusal:
        return refusal.code
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "delivered" if made.pk else "not stored"


if __name__ == "__main__":
    main()
