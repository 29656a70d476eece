"""Accounts of graduates: activation, sign-in, and reset by staff."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest

from accounts.actions import check_new_password, end_sessions
from accounts.models import Realm, User
from accounts.signin import (
    WrongCredentials,
    begin_session,
    check_proof,
    note_failure,
    sign_in,
)
from codes import readers, text
from core import audit, outbox
from core.clock import database_now
from core.errors import NotPermitted, Refused
from core.models import Channel
from graduates.initial_codes import expired_before, last_day, matches
from graduates.models import Graduate, Person
from graduates.states import Standing
from schools.models import School

# One sentence for each page, whatever is wrong: nobody learns who is a graduate of which school,
# and who has not activated the account yet.
NOT_MATCHING = (
    "信息不匹配、没有注册或初始码不正确：请检查是否有空格，或联系辅导员核对；已激活的请直接登录。"
)
WRONG = "学号或密码不正确，或者帐号尚未激活：首次登录请先激活帐号，仍不成功请联系辅导员核对。"
DUPLICATE = "信息重复：系统中存在两条或以上记录，请联系学校管理员。"


def login_name(school: School, student_no: str) -> str:
    """The name under which a graduate's account is kept and its sign-in attempts are counted."""
    return f"{school.code}:{text.clean_code(student_no)}"


def sign_in_with_password(
    request: HttpRequest, *, school: School, student_no: str, password: str
) -> Graduate:
    """Sign a graduate in. Each student number of a person signs in to the same account."""
    name = login_name(school, student_no)
    graduate = _by_student_no(school, student_no)
    # Without an account the password is checked in vain, which takes as long as with one.
    account = graduate.person.user.login if graduate and graduate.person.user else name
    sign_in(
        request,
        realm=Realm.GRADUATE,
        login_name=account,
        password=password,
        wrong=WRONG,
    )
    assert graduate is not None
    return graduate


def activate(
    request: HttpRequest,
    *,
    school: School,
    name: str,
    student_no: str,
    id_number: str,
    code: str,
    new_password: str,
    repeated: str,
) -> Graduate:
    """The first sign-in: school, name, student number, document number and initial code must match.
    It opens the account with the new password."""
    subject = login_name(school, student_no)
    check_proof(request, realm=Realm.GRADUATE, login_name=subject)
    graduate = _by_student_no(school, student_no)
    wanted = (_read_typed("name", name), _read_typed("id_number", id_number))
    if graduate is None or (graduate.name, graduate.person.id_number) != wanted:
        note_failure(request, realm=Realm.GRADUATE, login_name=subject)
        if _is_duplicate(school, *wanted):
            raise WrongCredentials("duplicate", DUPLICATE)
        raise WrongCredentials("not_matching", NOT_MATCHING)
    if not matches(graduate.person_id, graduate.person.code_number, code):
        note_failure(request, realm=Realm.GRADUATE, login_name=subject)
        raise WrongCredentials("not_matching", NOT_MATCHING)
    if graduate.person.activated_at is not None:
        raise Refused("activated", "帐号已经激活，请直接用密码登录；忘记密码请联系辅导员重置。")
    made_at = graduate.person.code_made_at
    if made_at < expired_before():
        until = f"{last_day(made_at):%Y年%-m月%-d日}"
        raise WrongCredentials(
            "code_expired", f"初始码已过期（有效期至{until}），请向学校重新领取。", field="code"
        )
    user = _open_account(graduate, subject, new_password, repeated)
    begin_session(request, user)
    return graduate


def _open_account(graduate: Graduate, subject: str, password: str, repeated: str) -> User:
    # Names in passports can be longer than the label of an account.
    draft = User(
        realm=Realm.GRADUATE, login=subject, label=graduate.name[:80], mobile=graduate.mobile
    )
    check_new_password(password, repeated, draft)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=graduate.person_id)
        if person.activated_at is not None:
            raise Refused("activated", "帐号已经激活，请直接用密码登录。")
        user = person.user
        if user is None:
            user = draft
            if User.objects.filter(realm=Realm.GRADUATE, login=subject).exists():
                # Another person opened an account when this student number was still theirs.
                user.login = f"{subject}#{person.pk}"
        user.set_password(password)
        user.is_active = True
        user.session_epoch += 1
        user.save()
        person.user, person.activated_at = user, database_now()
        person.save(update_fields=["user", "activated_at"])
        audit.record("graduates.activate", by=user, obj=graduate)
    return user


def _read_typed(kind: str, typed: str) -> str:
    """`typed` as values of this kind are stored; "" if it is no such value."""
    return readers.read(kind, typed, label="").value or ""


def _by_student_no(school: School, student_no: str) -> Graduate | None:
    return (
        Graduate.objects.select_related("person__user", "school")
        .filter(school=school, student_no=_read_typed("student_no", student_no))
        .first()
    )


def _is_duplicate(school: School, name: str, id_number: str) -> bool:
    """Whether two schools have this person in the same 届."""
    rows = Graduate.objects.filter(
        person__id_number=id_number, name=name, standing=Standing.ENROLLED
    )
    years = list(rows.values_list("cohort__year", flat=True))
    return rows.filter(school=school).exists() and len(years) != len(set(years))


def reset_account(*, graduate_id: int, by: User) -> Graduate:
    """Set an account back to the time before the first sign-in: with a new initial code, without a
    password, signed out everywhere."""
    if not by.has_perm("graduates.reset_account"):
        raise NotPermitted("role", "您没有重置帐号的权限。")
    with transaction.atomic():
        graduate = Graduate.objects.select_related("person__user").get(pk=graduate_id)
        person = (
            Person.objects.select_for_update(of=("self",))
            .select_related("user")
            .get(pk=graduate.person_id)
        )
        person.code_counter += 1
        person.activated_at = None
        person.code_made_at = Now()
        person.save(update_fields=["code_counter", "code_made_at", "activated_at"])
        if person.user is not None:
            person.user.set_unusable_password()
            person.user.save(update_fields=["password"])
            end_sessions(user=person.user, by=by)
        audit.record("graduates.reset_account", by=by, obj=graduate)
        if graduate.mobile:
            outbox.post(
                Channel.SMS,
                graduate.mobile,
                "您在毕业去向登记平台的帐号已由学校重置，须重新激活。如非本人要求，请立即联系学校就业部门。",
                key=f"account:{person.pk}:reset:{person.code_counter}",
            )
        return graduate
