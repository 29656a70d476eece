"""Samples and call-backs, made by the actions."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from quality.actions import calls, samples
from quality.models import CallBack, Sample
from quality.states import CallOutcome
from tests.factories import World
from tests.quality import scene


def create(world: World, by: User | None = None, **changes: Any) -> Sample:
    return samples.create(typed=scene.sample_typed(world, **changes), by=by or world.school_admin)


def draw(sample: Sample, by: User) -> Sample:
    return samples.draw(sample_id=sample.pk, version=sample.version, by=by)


def drawn(world: World, people: int = 3, **changes: Any) -> Sample:
    for _ in range(people):
        scene.make_job(world)
    return draw(create(world, **changes), world.school_admin)


def assigned(world: World, people: int = 3, **changes: Any) -> Sample:
    sample = drawn(world, people, **changes)
    samples.assign(
        sample_id=sample.pk, user_ids=[world.counsellor.pk], version=sample.version, by=world.school_admin
    )  # fmt: skip
    sample.refresh_from_db()
    return sample


def refusal_of(call: Any, *args: Any, **values: Any) -> str:
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        call(*args, **values)
    return refusal.value.code


ANSWERS = {
    "knows": "yes", "unit": "same", "job": "same", "at_work": "yes", "willing": "yes", "forced": "no",
    "proof": "self",
}  # fmt: skip


def reach(call: CallBack, by: User, **changes: Any) -> CallBack:
    values = {
        "answers": ANSWERS,
        "outcome": CallOutcome.AGREES,
        "note": "",
        "version": call.version,
    }
    return calls.reach(call_id=call.pk, by=by, **values | changes)


def first_call(sample: Sample) -> CallBack:
    return CallBack.objects.filter(sample=sample).order_by("pk").first()  # type: ignore[return-value]
