"""bin/bench list [REQUESTS]: the console's lists among 10,000 and among 1,000,000 graduates.

The origin list and the review queue, as whole pages in this process (signed in, all middleware),
are compared with one hand-written query of the same 50 rows and columns. Then names are searched
for parts of two characters. The measured school and department have the same size in both
databases; only the rest of the province grows.

Last line: {"page_sql_ratio", "growth_10k_1m", "search_ms_p95"}: the page's time ÷ the query's, the
time among a million ÷ among ten thousand, and the search among a million.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from benchmarks import made_up, measure

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.test import Client

    from accounts.models import User

SIZES = (10_000, 1_000_000)
REQUESTS, SEARCHES = 300, 300
_DEPARTMENT = 3

# The query that a person would write for just this page; with or without a department.
_QUERIES = {
    "origins": """
        SELECT g.id, g.name, g.student_no, g.confirmation, g.gender, g.level, d.name, c.name,
               g.major_name, g.origin, p.id_number, g.mobile
        FROM graduates_graduate g
        JOIN schools_department d ON d.id = g.department_id
        JOIN schools_schoolclass c ON c.id = g.school_class_id
        JOIN graduates_person p ON p.id = g.person_id
        WHERE g.school_id = 1 {and_department} ORDER BY g.student_no, g.id LIMIT 50""",
    "review-queue": """
        SELECT t.graduate_id, g.name, g.student_no, d.name, c.name, g.major_name, t.category,
               t.unit_name, t.state, t.flagged, t.submitted_at
        FROM destinations_destination t
        JOIN graduates_graduate g ON g.id = t.graduate_id
        JOIN schools_department d ON d.id = g.department_id
        JOIN schools_schoolclass c ON c.id = g.school_class_id
        WHERE t.school_id = 1 AND t.state IN ('pending', 'esigned', 'department_approved')
          {and_department} ORDER BY t.submitted_at, t.graduate_id LIMIT 50""",
}


@dataclass
class Site:
    """A province in a database of its own, the accounts that sign in, and what was measured."""

    graduates: int
    connection: BaseDatabaseWrapper
    admin: User
    province: User
    client: Client
    pages: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, list[float]] = field(default_factory=dict)
    searches: dict[str, list[float]] = field(default_factory=dict)


def main() -> None:
    # The web processes' role, which decides the database settings.
    os.environ["PROCESS_ROLE"] = "web"
    measure.start_django()
    sites = [_build(size) for size in SIZES]
    requests, searches = REQUESTS, SEARCHES
    if sys.argv[1:]:
        requests = searches = int(sys.argv[1])
    _pages(sites, 20)
    for site in sites:
        site.pages.clear()
        site.queries.clear()
    _pages(sites, requests)
    ratios, growths = [], []
    for name in _QUERIES:
        for site in sites:
            page, query = site.pages[name], site.queries[name]
            measure.show(f"{name} {site.graduates} page", page, "ms")
            measure.show(f"{name} {site.graduates} query", query, "ms")
            ratios.append(statistics.median(page) / statistics.median(query))
        growths.append(
            statistics.median(sites[1].pages[name]) / statistics.median(sites[0].pages[name])
        )
    for site in sites:
        _search(site, searches)
        for who, values in site.searches.items():
            measure.show(f"search {site.graduates} {who}", values, "ms")
    measure.finish(
        page_sql_ratio=max(ratios),
        growth_10k_1m=max(growths),
        search_ms_p95=measure.percentile([*chain(*sites[1].searches.values())], 95),
    )


def _build(graduates: int) -> Site:
    from django.test import Client

    from accounts.signin import BACKEND

    name = f"list_{graduates}"
    measure.clone(name)
    with measure.stopwatch() as watch, measure.owner(name) as c:
        made_up.fill(c, graduates)
    print(f"{graduates} graduates made in {watch.seconds:.0f} s", flush=True)
    connection = measure.connection_to(name)
    measure.use(connection)
    people = made_up.accounts()
    client = Client()
    client.force_login(people.admin, backend=BACKEND)
    return Site(graduates, connection, people.admin, people.province, client)


def _pages(sites: list[Site], requests: int) -> None:
    """Measure page and query in turn, and both provinces in turn."""
    from django.urls import reverse

    for turn in range(requests):
        department = _DEPARTMENT if turn % 2 else None
        for site in sites if turn % 4 < 2 else reversed(sites):
            measure.use(site.connection)
            for name, sql in _QUERIES.items():
                address = reverse(f"console:{name}")
                query = {"department": str(department)} if department else {}
                started = time.perf_counter()
                response = site.client.get(address, query)
                spent = time.perf_counter() - started
                assert response.status_code == 200, response
                assert response.content.count(b"<tr data-key") == 50, response.content
                site.pages.setdefault(name, []).append(spent * 1000)
                site.queries.setdefault(name, []).append(_query(sql, department))


def _query(template: str, department: int | None) -> float:
    from django.db import connection

    sql = template.format(and_department="AND g.department_id = %s" if department else "")
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql, [department] if department else [])
        rows = cursor.fetchall()
    spent = time.perf_counter() - started
    assert len(rows) == 50
    return spent * 1000


def _search(site: Site, searches: int) -> None:
    """Measure what the list does with a searched word: filter, 50 rows, capped count, HTML."""
    from django.test import RequestFactory

    from accounts.models import User
    from graduates.views.origin_list import OriginList

    measure.use(site.connection)
    words = _words(searches)
    for turn, word in enumerate(words):
        who = "school" if turn % 4 < 2 else "province"
        user = User.objects.get(pk=(site.admin if who == "school" else site.province).pk)
        page = OriginList()
        page.request = RequestFactory().get("/console/graduates/", {"q": word})
        page.request.user = user
        started = time.perf_counter()
        queryset, _ = page.filtered()
        page.page(queryset)
        site.searches.setdefault(who, []).append((time.perf_counter() - started) * 1000)


def _words(count: int) -> list[str]:
    """Two-character parts of existing names: half of them among the most frequent hundredth, half
    from all parts."""
    parts = Counter(
        name[i : i + 2] for name in made_up.people_names(100_000) for i in range(len(name) - 1)
    )
    rng = random.Random(3)
    frequent = [part for part, _ in parts.most_common(len(parts) // 100)]
    every = sorted(parts)
    return [rng.choice(every if turn % 2 else frequent) for turn in range(count)]


if __name__ == "__main__":
    main()
