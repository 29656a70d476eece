"""bin/bench sign [ROUNDS] [carried]: 20 rounds of 200 acceptances over 100 graduates on 8
connections.

Every graduate has two offers of two units and answers both at the same instant, through
`esign.actions.accept.accept` as the page calls it: a one-time code as step-up, the agreement, the
destination, the messages. What was drawn was kept when the pen was lifted, as the page does it
(`esign.actions.reading.keep_signature`, before the clock starts); with `carried` it comes with the
form, as it does where that failed. One of the two must win, the other be refused. The floor, run
before and after each round on the same 8 connections (one a process): one ORM UPDATE in
`atomic()` of an invitation of that round. PostgreSQL is as durable as in service.

Last line: {"duplicates", "errors", "floor_ratio", "tx_per_s"}.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from typing import Any

from benchmarks import measure

ROUNDS, GRADUATES, CONNECTIONS = 20, 100, 8
_FLOOR_UPDATES = 4000  # half before a round, half after it
_EXPECTED = "active_agreement"


def main() -> None:
    measure.start_django()
    from benchmarks import offered
    from benchmarks.crew import Crew

    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    offers = offered.offers(GRADUATES * rounds)
    owner = measure.owner()
    owner.execute("VACUUM ANALYZE")
    errors, figures = Counter[str](), {"sign": [], "floor": [], "ratio": []}  # type: ignore[var-annotated]
    jobs = {"sign": (_load, _answer), "floor": (_rows, _update)}
    with Crew(CONNECTIONS, jobs) as crew:
        crew.run("floor", _floor_parts(offers[:GRADUATES]))  # connections open
        for turn in range(rounds):
            # Tables that were empty grow: plans are made anew, as autovacuum sees to in service.
            owner.execute("ANALYZE")
            mine = offers[turn * GRADUATES : (turn + 1) * GRADUATES]
            before = crew.run("floor", _floor_parts(mine))
            signed = crew.run("sign", _parts(mine))
            after = crew.run("floor", _floor_parts(mine))
            rate = len(signed.answers) / signed.seconds
            floor = _FLOOR_UPDATES / (before.seconds + after.seconds)
            found = Counter(signed.answers)
            errors += _wrong(found)
            for key, value in (("sign", rate), ("floor", floor), ("ratio", rate / floor)):
                figures[key].append(value)
            print(
                f"round {turn}: {rate:6.1f}/s, floor {floor:7.1f}/s, {rate / floor:.3f}"
                f"  {dict(found)}",
                flush=True,
            )
    for key, values in figures.items():
        measure.show(key, values, "" if key == "ratio" else "tx/s")
    if errors:
        print("errors:", dict(errors))
    measure.finish(
        duplicates=_duplicates(),
        errors=errors.total(),
        floor_ratio=statistics.median(figures["ratio"]),
        tx_per_s=statistics.median(figures["sign"]),
    )


def _parts(pairs: list[Any]) -> list[list[Any]]:
    """Connections work in pairs: the two offers of one graduate lie at the same place."""
    parts: list[list[Any]] = [[] for _ in range(CONNECTIONS)]
    for n, pair in enumerate(pairs):
        first = n % (CONNECTIONS // 2) * 2
        # Neither unit is always the first.
        for place, offer in enumerate(pair if n % 8 < 4 else pair[::-1]):
            parts[first + place].append(offer)
    return parts


def _floor_parts(pairs: list[Any]) -> list[list[int]]:
    """Everybody updates rows of their own."""
    ids = [offer.invitation_id for pair in pairs for offer in pair]
    most = _FLOOR_UPDATES // 2 // CONNECTIONS
    return [(ids[n::CONNECTIONS] * most)[:most] for n in range(CONNECTIONS)]


def _load(part: list[Any]) -> list[tuple[Any, Any, str, dict[str, Any]]]:
    """Invitation and account as the page has them at hand, and what was drawn."""
    from accounts.models import User
    from benchmarks.offered import strokes
    from esign.actions.reading import keep_signature
    from esign.models import Invitation, Reading

    invitations = Invitation.objects.in_bulk([o.invitation_id for o in part])
    users = User.objects.in_bulk([o.user_id for o in part])
    items = []
    for n, offer in enumerate(part):
        invitation, user = invitations[offer.invitation_id], users[offer.user_id]
        hand: dict[str, Any] = {"signature": strokes(n % 10)}
        if "carried" not in sys.argv:
            reading = Reading.objects.select_related("graduate").get(
                graduate=invitation.graduate_id, terms_hash=invitation.terms_hash
            )
            kept = keep_signature(reading=reading, by=user, drawn=hand["signature"])
            hand = {"kept": kept.pk}
        items.append((invitation, user, offer.code, hand))
    return items


def _answer(item: tuple[Any, Any, str, dict[str, Any]]) -> str:
    from core.errors import DomainError
    from esign.actions import accept

    invitation, user, code, hand = item
    try:
        accept.accept(
            invitation=invitation, by=user, terms_hash=invitation.terms_hash, code=code,
            address="127.0.0.1", agent="bench", **hand,
        )  # fmt: skip
    except DomainError as refusal:
        return refusal.code
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "accepted"


def _rows(part: list[int]) -> list[int]:
    return part


def _update(pk: int) -> None:
    from django.db import transaction

    from esign.models import Invitation

    with transaction.atomic():
        Invitation.objects.filter(pk=pk).update(valid_days=3)


def _wrong(found: Counter[str]) -> Counter[str]:
    """Anything but one agreement and one refusal for each graduate."""
    wrong = Counter({k: n for k, n in found.items() if k not in ("accepted", _EXPECTED)})
    if not wrong and found["accepted"] != GRADUATES:
        wrong["missing"] = abs(GRADUATES - found["accepted"])
    return wrong


def _duplicates() -> int:
    from django.db.models import Count

    from esign.models import Agreement
    from esign.states import AgreementState

    rows = Agreement.objects.filter(state=AgreementState.ACTIVE).values("graduate")
    return rows.annotate(n=Count("pk")).filter(n__gt=1).count()


if __name__ == "__main__":
    main()
