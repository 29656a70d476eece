"""bin/manage replay_sample NUMBER: draw a published sample again and compare."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quality.actions import samples
from quality.models import Sample
from quality.states import SampleState


class Command(BaseCommand):
    help = (
        "Draw a published sample again, outside the database, and compare it with who was called."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int)

    def handle(self, *args: Any, number: int, **options: Any) -> None:
        sample = Sample.objects.filter(pk=number, state=SampleState.PUBLISHED).first()
        if sample is None:
            raise CommandError(f"没有已公布的抽样 {number}。")
        if wrong := samples.replay(sample):
            raise CommandError("\n".join(wrong))
        drawn = sum(sample.strata.values_list("drawn", flat=True))
        self.stdout.write(f"一致：种子 {sample.seed}，{sample.strata.count()} 层，{drawn} 人。")
