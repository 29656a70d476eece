"""Make the first province account of an installation; prints its one-time password."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Realm, User
from core import audit
from core.clock import database_now
from schools.actions.staff import ONE_TIME_PASSWORD_LIFETIME
from schools.models import StaffMember
from schools.roles import Role


class Command(BaseCommand):
    help = "Make a province account with a one-time password, to be changed at first sign-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(realm=Realm.STAFF, login=options["login"]).exists():
            raise CommandError(f"用户名{options['login']}已存在")
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            user = User.objects.create_user(
                Realm.STAFF,
                options["login"],
                password,
                label=options["name"],
                must_change_password=True,
                password_expires_at=database_now() + ONE_TIME_PASSWORD_LIFETIME,
            )
            StaffMember.objects.create(user=user, role=Role.PROVINCE)
            audit.record("schools.create_province", by=None, obj=user)
        self.stdout.write(f"{options['login']} 的一次性密码：{password}")
