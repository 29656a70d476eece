"""bin/bench around: what staff do around the registration, among 40,000 and among 400,000 graduates.

A full screening: all suspicion rules over every school of the province, with a picture and its print for
each graduate, run as the worker runs it. Of each thousand graduates a few have what a rule looks for.

Last line: {"screening_s", "screening_growth"}: the seconds of a screening of the larger province, and that
÷ the seconds of the smaller one. AROUND_SIZES names other sizes; with one size there is no growth.
"""

from __future__ import annotations

import os
import statistics

from benchmarks import made_up, made_up_around, measure

SIZES = [int(size) for size in os.environ.get("AROUND_SIZES", "40000 400000").split()]
# Screenings of each size; the first makes the findings, the others recognise them. The first counts.
ROUNDS = 1


def main() -> None:
    os.environ["PROCESS_ROLE"] = "worker"
    measure.start_django()
    screenings = []
    for size in SIZES:
        _build(size)
        screenings.append(screening(size))
    figures = {"screening_s": screenings[-1]}
    if len(screenings) > 1:
        figures["screening_growth"] = screenings[-1] / screenings[0]
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


if __name__ == "__main__":
    main()
