"""bin/bench around: what staff do around the registration, among 40,000 and among 400,000 graduates.

A full screening: all suspicion rules over every school of the province, with a picture and its print for
each graduate, run as the worker runs it. Of each thousand graduates a few have what a rule looks for.

In the larger province then: the draw of a sample of five percent by school; a reminder of everybody, from
the list's people to the last message and e-mail in the queue; and how many queries the feed of a graduate's
home page takes.

Last line: {"screening_s", "screening_growth", "sample_s", "reminder_s", "feed_queries"}: seconds of the
larger province; growth is the larger screening's ÷ the smaller one's. AROUND_SIZES names other sizes; with
one size there is no growth.
"""

from __future__ import annotations

import os
import statistics
from typing import Any

from benchmarks import made_up, made_up_around, measure

SIZES = [int(size) for size in os.environ.get("AROUND_SIZES", "40000 400000").split()]
# Screenings of each size; the first makes the findings, the others recognise them. The first counts.
ROUNDS = 1


def main() -> None:
    os.environ["PROCESS_ROLE"] = "worker"
    # Nothing is sent: the messages stay in the queue.
    os.environ["SMS_BACKEND"] = os.environ["EMAIL_OUTBOX_BACKEND"] = "core.outbox.backends.http_sms"
    measure.start_django()
    screenings = []
    for size in SIZES:
        _build(size)
        screenings.append(screening(size))
    figures = {"screening_s": screenings[-1]}
    if len(screenings) > 1:
        figures["screening_growth"] = screenings[-1] / screenings[0]
    figures["sample_s"] = sampling(SIZES[-1])
    figures["reminder_s"] = reminding(SIZES[-1])
    figures["feed_queries"] = feed_queries()
    measure.finish(**figures)


def _build(size: int) -> None:
    """A province of this size in a database of its own, which is Django's from then on."""
    name = f"around_{size}"
    measure.clone(name)
    with measure.stopwatch() as watch, measure.owner(name) as c:
        made_up.fill(c, size)
        made_up_around.fill(c)
        c.execute("CHECKPOINT")
    print(f"{size} graduates made in {watch.seconds:.0f} s", flush=True)
    measure.use(measure.connection_to(name))


def screening(size: int) -> float:
    """Seconds of a screening of the whole province."""
    from quality.actions import runs, sighting
    from quality.models import Finding, Rule
    from quality.states import RunKind

    people = made_up.accounts()
    spent: dict[str, float] = {}
    write = sighting.write

    def timed(run: object, rule: Rule, *more: object) -> object:
        with measure.stopwatch() as watch:
            found = write(run, rule, *more)  # type: ignore[arg-type]
        spent[rule.key] = watch.seconds
        return found

    sighting.write = timed  # type: ignore[assignment]
    seconds = []
    for _ in range(ROUNDS):
        made = runs.ask(kind=RunKind.SCREENING, school=None, year=made_up.YEAR, by=people.province)
        with measure.stopwatch() as watch:
            assert runs.do(made.pk)
        seconds.append(watch.seconds)
        made.refresh_from_db()
        assert made.state == "done", made.problem
        assert made.counts["checked"] == size, made.counts
    sighting.write = write
    for key, took in sorted(spent.items(), key=lambda pair: -pair[1]):
        count = made.counts["by_rule"][key]
        print(f"{size} {key:20} {took:8.2f} s  {count} findings", flush=True)
    print(f"{size} screening {seconds[0]:.1f} s, {Finding.objects.count()} findings", flush=True)
    planted = size // made_up_around.PLANTED
    assert made.counts["by_rule"]["file_same"] == 4 * planted, "planted pictures are found"
    assert made.counts["by_rule"]["contact_self"] == planted
    return statistics.median(seconds)


def sampling(size: int) -> float:
    """Seconds of drawing five percent of the province, by school."""
    from accounts.models import Realm, User
    from quality.actions import samples
    from quality.models import CallBack

    province = User.objects.get(realm=Realm.STAFF, login="province")
    typed = {
        "name": "五个百分点", "year": made_up.YEAR, "categories": [], "department_ids": [],
        "only_flagged": False, "divided_by": ["school"], "percent": 5.0, "number": None, "blind": True,
    }  # fmt: skip
    sample = samples.create(typed=typed, by=province)
    with measure.stopwatch() as watch:
        samples.draw(sample_id=sample.pk, version=sample.version, by=province)
    drawn = CallBack.objects.filter(sample=sample).count()
    assert drawn >= size // 20, drawn
    print(f"{size} sample of {drawn}: {watch.seconds:.2f} s", flush=True)
    return watch.seconds


def reminding(size: int) -> float:
    """Seconds until everybody's message and e-mail is queued: the people of the list, and the job."""
    from accounts.models import Message, Realm, User
    from core import frame
    from core.models import OutboxMessage
    from destinations.models import FinalRound
    from graduates.models import Graduate
    from notices.actions import reminders
    from notices.models import Reminder
    from schools.models import Cohort

    with measure.owner(f"around_{size}") as c:
        c.execute("SET session_replication_role = replica")
        c.execute("UPDATE graduates_graduate SET email = 'g' || id || '@example.edu.cn'")
        c.execute("VACUUM ANALYZE graduates_graduate")
    province = User.objects.get(realm=Realm.STAFF, login="province")
    rounds = (
        FinalRound(cohort=cohort, opened_by_id=province.pk, opened_by=province.label)
        for cohort in Cohort.objects.all()
    )
    FinalRound.objects.bulk_create(rounds)
    topic = frame.reminder_topics()["final"]
    people = Graduate.objects.filter(cohort__year=made_up.YEAR)
    with measure.stopwatch() as watch:
        reminders.send(
            topic=topic, rows=people, text=topic.text, with_mail=True, with_texts=True, expected=size,
            came_from="/console/graduates/", list_title="生源信息", by=province,
        )  # fmt: skip
        (reminder,) = Reminder.objects.all()
        assert reminders.run_waiting() == 1
    reminder.refresh_from_db()
    assert reminder.told == size, reminder.told
    assert Message.objects.filter(dedupe_key__endswith=f":remind:{reminder.pk}").count() == size
    assert OutboxMessage.objects.filter(bulk=True).count() == size
    print(f"{size} reminded: {watch.seconds:.1f} s", flush=True)
    return watch.seconds


def feed_queries() -> int:
    """How many queries the cards and lists of a graduate's home page take."""
    from django.db import connection

    from graduates import home
    from graduates.models import Graduate

    rows = Graduate.objects.select_related("person__user", "school", "cohort")
    graduate = rows.get(pk=10)
    home.feed_of(graduate)  # code tables are read once a process
    asked = 0

    def count(execute: Any, *query: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*query)

    graduate = rows.get(pk=10)
    with connection.execute_wrapper(count):
        home.feed_of(graduate)
    return asked


if __name__ == "__main__":
    main()
