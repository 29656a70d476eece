"""bin/bench sign [ROUNDS] [carried]: 100 graduates accept two invitations each at the same time.

Each of the 20 rounds is 200 acceptances on 8 connections, one to a process. Every graduate has
invitations from two units and accepts both at the same instant, through
`esign.actions.accept.accept` as the page calls it: with a one-time code, and with the agreement,
the destination and the messages written. Exactly one of the two must succeed. The drawn signature
was stored before, as the page does when the pen is lifted
(`esign.actions.reading.keep_signature`); with `carried` it comes with the form, as it does if
storing failed. The rate is compared with a floor: before and after each round the same connections
run one ORM UPDATE of an invitation in `atomic()`. PostgreSQL is as durable as in service.

Last line: {"duplicates", "errors", "floor_ratio", "tx_per_s"}.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks import measure

if TYPE_CHECKING:
    from accounts.models import User
    from benchmarks.offered import Offer
    from esign.models import Invitation

    # Invitation, account, one-time code, and the signature as keyword arguments.
    Answer = tuple[Invitation, User, str, dict[str, Any]]

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
        crew.run("floor", _floor_parts(offers[:GRADUATES]))  # opens the connections
        for turn in range(rounds):
            # The tables grow from empty. In service autovacuum renews their statistics.
            owner.execute("ANALYZE")
            pairs = offers[turn * GRADUATES : (turn + 1) * GRADUATES]
            before = crew.run("floor", _floor_parts(pairs))
            signed = crew.run("sign", _parts(pairs))
            after = crew.run("floor", _floor_parts(pairs))
            rate = len(signed.answers) / signed.seconds
            floor = _FLOOR_UPDATES / (before.seconds + after.seconds)
            answers = Counter(signed.answers)
            errors += _wrong(answers)
            for key, value in (("sign", rate), ("floor", floor), ("ratio", rate / floor)):
                figures[key].append(value)
            print(
                f"round {turn}: {rate:6.1f}/s, floor {floor:7.1f}/s, {rate / floor:.3f}"
                f"  {dict(answers)}",
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


def _parts(pairs: list[tuple[Offer, Offer]]) -> list[list[Offer]]:
    """Connections work in pairs: the two offers of a graduate have the same place in two parts."""
    parts: list[list[Offer]] = [[] for _ in range(CONNECTIONS)]
    for n, pair in enumerate(pairs):
        first = n % (CONNECTIONS // 2) * 2
        # Each unit's offer goes to the first connection of the pair half of the time.
        for place, offer in enumerate(pair if n % 8 < 4 else pair[::-1]):
            parts[first + place].append(offer)
    return parts


def _floor_parts(pairs: list[tuple[Offer, Offer]]) -> list[list[int]]:
    """No two connections update the same row."""
    ids = [offer.invitation_id for pair in pairs for offer in pair]
    most = _FLOOR_UPDATES // 2 // CONNECTIONS
    return [(ids[n::CONNECTIONS] * most)[:most] for n in range(CONNECTIONS)]


def _load(part: list[Offer]) -> list[Answer]:
    """Invitation and account, which the page has already read, the code, and the signature."""
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
            hand = {"kept_id": kept.pk}
        items.append((invitation, user, offer.code, hand))
    return items


def _answer(item: Answer) -> str:
    """Accept; returns "accepted", a refusal's code or an error."""
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


def _wrong(answers: Counter[str]) -> Counter[str]:
    """Answers other than one acceptance and one refusal for each graduate."""
    wrong = Counter({k: n for k, n in answers.items() if k not in ("accepted", _EXPECTED)})
    if not wrong and answers["accepted"] != GRADUATES:
        wrong["missing"] = abs(GRADUATES - answers["accepted"])
    return wrong


def _duplicates() -> int:
    """How many graduates have more than one active agreement."""
    from django.db.models import Count

    from esign.models import Agreement
    from esign.states import AgreementState

    rows = Agreement.objects.filter(state=AgreementState.ACTIVE).values("graduate")
    return rows.annotate(n=Count("pk")).filter(n__gt=1).count()


if __name__ == "__main__":
    main()
