"""The graduate's account: activation, sign-in, reset."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.actions import check_new_password, end_sessions
from accounts.models import Realm, User
from accounts.signin import (
    WrongCredentials,
    begin_session,
    check_throttle,
    note_failure,
    sign_in,
)
from codes import text
from core import audit
from core.errors import NotPermitted, Refused
from graduates.initial_codes import matches
from graduates.models import Graduate, Person
from graduates.states import Standing
from schools.models import School

NOT_MATCHING = "信息不匹配或没有注册: 请检查是否有空格, 或联系辅导员核对。"
DUPLICATE = "信息重复: 系统中存在两条或以上记录, 请联系学校管理员。"


def login_name(school: School, student_no: str) -> str:
    """What throttling and accounts know a graduate by."""
    return f"{school.code}:{text.clean_code(student_no)}"


def enter_with_password(
    request: HttpRequest, *, school: School, student_no: str, password: str
) -> Graduate:
    """Any of the person's student numbers opens the same account."""
    name = login_name(school, student_no)
    graduate = _by_student_no(school, student_no)
    if graduate is not None and graduate.person.activated_at is None:
        check_throttle(request, realm=Realm.GRADUATE, login_name=name)
        note_failure(request, realm=Realm.GRADUATE, login_name=name)
        raise WrongCredentials("not_activated", "帐号尚未激活: 请用辅导员给的初始码首次登录。")
    account = graduate.person.user.login if graduate and graduate.person.user else name
    sign_in(
        request,
        realm=Realm.GRADUATE,
        login_name=account,
        password=password,
        wrong=f"学号或密码不正确。{'' if graduate else NOT_MATCHING}",
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
    """First sign-in ever: school, name, number, ID and initial code must all match."""
    subject = login_name(school, student_no)
    check_throttle(request, realm=Realm.GRADUATE, login_name=subject)
    graduate = _by_student_no(school, student_no)
    wanted = (text.clean_name(name), text.clean_code(id_number))
    if graduate is None or (graduate.name, graduate.person.id_number) != wanted:
        note_failure(request, realm=Realm.GRADUATE, login_name=subject)
        if _is_duplicate(school, *wanted):
            raise WrongCredentials("duplicate", DUPLICATE)
        raise WrongCredentials("not_matching", NOT_MATCHING)
    if graduate.person.activated_at is not None:
        raise Refused("activated", "帐号已经激活, 请直接用密码登录; 忘记密码请联系辅导员重置。")
    if not matches(graduate.person_id, graduate.person.code_counter, code):
        note_failure(request, realm=Realm.GRADUATE, login_name=subject)
        raise WrongCredentials("initial_code", "初始码不正确, 请向辅导员核对。")
    user = _open_account(graduate, subject, new_password, repeated)
    begin_session(request, user)
    return graduate


def _open_account(graduate: Graduate, subject: str, password: str, repeated: str) -> User:
    # The longest names of passports have more letters than the label of an account.
    draft = User(
        realm=Realm.GRADUATE, login=subject, label=graduate.name[:80], mobile=graduate.mobile
    )
    check_new_password(password, repeated, draft)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=graduate.person_id)
        if person.activated_at is not None:
            raise Refused("activated", "帐号已经激活, 请直接用密码登录。")
        user = person.user
        if user is None:
            user = draft
            if User.objects.filter(realm=Realm.GRADUATE, login=subject).exists():
                # The number was somebody else's when they opened their account.
                user.login = f"{subject}#{person.pk}"
        user.set_password(password)
        user.is_active = True
        user.session_epoch += 1
        user.save()
        person.user, person.activated_at = user, timezone.now()
        person.save(update_fields=["user", "activated_at"])
        audit.record("graduates.activate", by=user, obj=graduate)
    return user


def _by_student_no(school: School, student_no: str) -> Graduate | None:
    return (
        Graduate.objects.select_related("person__user", "school")
        .filter(school=school, student_no=text.clean_code(student_no))
        .first()
    )


def _is_duplicate(school: School, name: str, id_number: str) -> bool:
    """The same ID stands twice in one cohort across the province."""
    rows = Graduate.objects.filter(
        person__id_number=id_number, name=name, standing=Standing.ENROLLED
    )
    years = list(rows.values_list("cohort__year", flat=True))
    return rows.filter(school=school).exists() and len(years) != len(set(years))


def reset(*, graduate_id: int, by: User) -> Graduate:
    """Staff sets the account back to first sign-in: a new initial code, no password, no session."""
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
        person.save(update_fields=["code_counter", "activated_at"])
        if person.user is not None:
            person.user.set_unusable_password()
            person.user.save(update_fields=["password"])
            end_sessions(user=person.user, by=by)
        audit.record("graduates.reset_account", by=by, obj=graduate)
        return graduate
