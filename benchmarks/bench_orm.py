"""bin/bench orm [ROUNDS]: how much waiting time the hand-made database code of `core/db` saves.

The console's origin list, the graduate's home and accepting an invitation run in one process:
unchanged, and with one piece of `core/db` after the other replaced by the plain ORM, in turn. A
figure is the median time with the plain ORM ÷ the median time unchanged, of the whole page or
acceptance. A piece is kept only if that is 1.3 or more (docs/adr/0009).

Last line: {"<piece>_<what>": ratio, …}.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from unittest import mock

from benchmarks import measure

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import User
    from esign.models import Invitation

ROUNDS = 60
_WARM_UP = 3


def main() -> None:
    measure.start_django()
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    figures: dict[str, float] = {}
    # The pages need a database without the invitations, which would change their figures.
    measure.clone("pages")
    _measure({"sign": _signing(rounds * (len(PIECES) + 1) + 2 * _WARM_UP)}, rounds, figures)
    measure.use(measure.connection_to("pages"))
    _measure(_pages(), rounds, figures)
    measure.finish(**figures)


def _measure(work: dict[str, Callable[[], None]], rounds: int, figures: dict[str, float]) -> None:
    for name, step in work.items():
        times: dict[str, list[float]] = {piece: [] for piece in ("unchanged", *PIECES)}
        for _ in range(_WARM_UP):
            step()
        for turn in range(rounds):
            order = list(times) if turn % 2 else list(times)[::-1]
            for piece in order:
                with PIECES.get(piece, nullcontext)():
                    started = time.perf_counter()
                    step()
                    times[piece].append((time.perf_counter() - started) * 1000)
        base = statistics.median(times["unchanged"])
        for piece, values in times.items():
            measure.show(f"{name}, {piece}", values, "ms")
            if piece != "unchanged":
                figures[f"{piece}_{name}"] = statistics.median(values) / base


# --- what is measured ----------------------------------------------------------------------------


def _pages() -> dict[str, Callable[[], None]]:
    from django.test import Client

    from accounts.signin import BACKEND
    from benchmarks import made_up

    with measure.owner("pages") as connection:
        made_up.fill(connection, 10_000)
    people = made_up.accounts()

    def page(user: User, path: str) -> Callable[[], None]:
        client = Client()
        client.force_login(user, backend=BACKEND)

        def get() -> None:
            assert client.get(path).status_code == 200

        return get

    return {
        "origins": page(people.admin, "/console/graduates/"),
        "home": page(people.graduate, "/"),
    }


def _signing(count: int) -> Callable[[], None]:
    from accounts.models import User
    from benchmarks import offered
    from benchmarks.offered import strokes
    from esign.actions import accept
    from esign.actions.reading import keep_signature
    from esign.models import Invitation, Reading

    def prepared_offers() -> Iterator[tuple[Invitation, User, str, int]]:
        for first, _ in offered.offers(count):
            invitation = Invitation.objects.get(pk=first.invitation_id)
            user = User.objects.get(pk=first.user_id)
            reading = Reading.objects.select_related("graduate").get(
                graduate=invitation.graduate_id, terms_hash=invitation.terms_hash
            )
            drawing = keep_signature(reading=reading, by=user, drawn=strokes(1))
            yield invitation, user, first.code, drawing.pk

    offers = iter(list(prepared_offers()))

    def sign() -> None:
        invitation, user, code, drawing = next(offers)
        accept.accept(
            invitation=invitation, by=user, terms_hash=invitation.terms_hash, code=code,
            address="127.0.0.1", agent="bench", kept_id=drawing,
        )  # fmt: skip

    return sign


# --- the plain ORM in place of each piece ---------------------------------------------------------


@contextmanager
def _plain_reads() -> Iterator[None]:
    """The ORM compiles every read, and PostgreSQL plans it, each time."""
    from core.db import lookups

    def plain(look_up: Any, keys: tuple[Any, ...]) -> Any:
        queryset = look_up._make(*keys)
        return queryset.select_related(*look_up._related) if look_up._related else queryset

    def first(self: Any, *keys: Any) -> Any:
        return next(iter(plain(self, keys)[:1]), None)

    def rows(self: Any, *keys: Any) -> Any:
        return list(self._make(*keys))

    with (
        mock.patch.object(lookups.LookUp, "first", first),
        mock.patch.object(lookups.Rows, "of", rows),
        mock.patch.object(lookups.LookUp, "get", lambda self, *keys: plain(self, keys).get()),
    ):
        yield


@contextmanager
def _plain_writes() -> Iterator[None]:
    """Rows are written with `save` and `bulk_create`."""
    from core.db import rows

    def insert(row: Model, *, once: bool = False, later: bool = False) -> bool:
        if once:
            type(row)._default_manager.bulk_create([row], ignore_conflicts=True)
        else:
            row.save(force_insert=True)
        return True

    def insert_each(new: Sequence[Model]) -> None:
        type(new[0])._default_manager.bulk_create(new, ignore_conflicts=True)

    def update(row: Model, *names: str) -> None:
        row.save(update_fields=names or None)

    with ExitStack() as stack:
        for name, plain in (
            ("insert", insert), ("insert_each", insert_each), ("update", update),
            ("pipelined", nullcontext),
        ):  # fmt: skip
            stack.enter_context(mock.patch.object(rows, name, plain))
        yield


@contextmanager
def _unpipelined() -> Iterator[None]:
    """Each write waits for PostgreSQL's answer before the next one is sent."""
    from core.db import rows

    with mock.patch.object(rows, "pipelined", nullcontext):
        yield


@contextmanager
def _unprepared() -> Iterator[None]:
    """PostgreSQL plans each statement each time. `prepare=False` is needed, because without it
    psycopg would use statements again that were prepared before."""
    from django.db.backends.postgresql.base import ServerBindingCursor

    from core.db.prepared import PreparedCursor

    def execute(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        return ServerBindingCursor.execute(self, query, params, prepare=False)

    with mock.patch.object(PreparedCursor, "execute", execute):
        yield


PIECES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "reads": _plain_reads,
    "writes": _plain_writes,
    "pipeline": _unpipelined,
    "plans": _unprepared,
}

if __name__ == "__main__":
    main()
