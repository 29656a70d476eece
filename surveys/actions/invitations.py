"""Inviting: drawn all at once, told when the survey begins, reminded on days 7, 21 and 45."""

from __future__ import annotations

from collections import Counter

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from accounts import inbox
from core import outbox
from core.clock import database_now
from core.db import bulk
from core.models import Channel, OutboxMessage, OutboxState
from employers.models import Membership, UnitMember
from graduates.models import Graduate, Person
from surveys import audience, tokens
from surveys.models import Invitation, OptOut, Survey, SurveyKey
from surveys.states import ANSWERABLE, Audience, InvitationState, SurveyState
from surveys.steps import INVITATION, mail_key

REMINDER_DAYS = (7, 21, 45)
_AT_ONCE = 20_000
_MAILS_AT_ONCE = 1_000


def draw(survey: Survey, key: bytes) -> None:
    """Invite everybody in the audience, and note on the survey how many there are in each stratum."""
    if survey.audience == Audience.EMPLOYERS:
        units = list(audience.units_of(survey).order_by("pk").values_list("pk", flat=True))
        bulk.insert_rows(
            Invitation, ["survey", "unit", "state", "token_hash", "reminded", "mailed"],
            ((survey.pk, pk, InvitationState.WAITING, tokens.hash_of(tokens.of_unit(key, pk)), 0, False)
             for pk in units),
        )  # fmt: skip
        survey.invited, survey.strata = len(units), {}
        return
    strata: Counter[str] = Counter()
    rows, last = audience.graduates_of(survey).order_by("pk"), 0
    fields = ("pk", "school_id", "cohort_id", "department_id", "level")
    while found := list(rows.filter(pk__gt=last).values_list(*fields)[:_AT_ONCE]):
        last = found[-1][0]
        strata.update(stratum(survey, school, dep, level) for _, school, _, dep, level in found)
        bulk.insert_rows(
            Invitation,
            ["survey", "graduate", "school", "cohort", "state", "token_hash", "reminded", "mailed"],
            ((survey.pk, pk, school, cohort, InvitationState.WAITING,
              tokens.hash_of(tokens.of_graduate(key, pk)), 0, False)
             for pk, school, cohort, _, _ in found),
        )  # fmt: skip
    survey.strata, survey.invited = dict(strata), sum(strata.values())


def stratum(survey: Survey, school: int | None, department: int | None, level: str) -> str:
    """The stratum that an answer is weighted by: department (of the province: school) and level group."""
    where = school if survey.school_id is None else department
    return f"{where}:{audience.level_group(level)}"


# --- telling -------------------------------------------------------------------------------------


def _people(rows: QuerySet[Invitation], key: str) -> QuerySet[Person, tuple[str, str]]:
    """(address, key) of the graduates' messages."""
    people = Graduate.objects.filter(pk__in=rows.values("graduate"))
    text = Cast("person_id", CharField())
    return people.values_list(Concat(Value("person:"), text), Value(key, output_field=CharField()))  # type: ignore[return-value]


def _members(rows: QuerySet[Invitation], key: str) -> QuerySet[UnitMember, tuple[str, str]]:
    """(address, key) of the messages to the people of the units, each person once."""
    members = UnitMember.objects.filter(unit__in=rows.values("unit"))
    members = members.exclude(state=Membership.ENDED)
    text = Cast("user_id", CharField())
    return members.values_list(
        Concat(Value("user:"), text), Value(key, output_field=CharField())
    ).distinct()  # type: ignore[return-value]


def _tell(survey: Survey, rows: QuerySet[Invitation], *, key: str, title: str, text: str) -> int:
    if survey.audience == Audience.GRADUATES:
        return inbox.tell_each(_people(rows, key), title, text=text, link=reverse("surveys"))
    link = reverse("employer-surveys")
    return inbox.tell_each(_members(rows, key), title, text=text, link=link)


def tell_all(survey: Survey) -> int:
    """Tell everybody who was invited that the survey has begun; returns how many messages there are."""
    rows = Invitation.objects.filter(survey=survey, state__in=ANSWERABLE)
    named = (
        ""
        if survey.audience == Audience.GRADUATES
        else "本问卷的答案会连同单位名称提供给发布单位。"
    )
    text = f"请在{_until(survey)}前填写。自愿参加，不影响任何手续。{named}"
    return _tell(survey, rows, key=f"survey:{survey.pk}", title=f"问卷：{survey.title}", text=text)


def _until(survey: Survey) -> str:
    from django.utils.timezone import localtime

    return f"{localtime(survey.closes_at):%Y年%-m月%-d日 %H:%M}"


def remind_due() -> int:
    """Remind who has not answered yet, on days 7, 21 and 45 after the beginning; returns how many were
    reminded. Nobody is told who was reminded."""
    now, done = database_now(), 0
    for survey in Survey.objects.filter(state=SurveyState.RUNNING, closes_at__gt=now).order_by(
        "pk"
    ):
        begun = max(survey.opens_at, survey.published_at or survey.opens_at)
        days = (now - begun).days
        due = sum(days >= day for day in REMINDER_DAYS)
        if due:
            done += _remind(survey, due)
    return done


def _remind(survey: Survey, due: int) -> int:
    with transaction.atomic():
        rows = Invitation.objects.filter(survey=survey, state__in=ANSWERABLE, reminded__lt=due)
        wanting = rows.exclude(graduate__person__in=OptOut.objects.values("person"))
        text = f"您还没有填完，请在{_until(survey)}前填写。自愿参加；不想填写的，可以在问卷中选“不参加”。"
        told = _tell(
            survey,
            wanting,
            key=f"survey:{survey.pk}:{due}",
            title=f"问卷提醒：{survey.title}",
            text=text,
        )
        rows.update(reminded=due)
    return told


# --- links by e-mail -----------------------------------------------------------------------------


def post_links() -> int:
    """Post the link to the e-mail addresses of graduates who were invited to running surveys, a thousand
    at a time; returns how many. The text is deleted once it is sent."""
    if not outbox.can_send(Channel.EMAIL):
        return 0
    rows = Invitation.objects.filter(
        survey__state=SurveyState.RUNNING, state__in=ANSWERABLE, mailed=False,
        graduate__isnull=False,
    )  # fmt: skip
    with transaction.atomic():
        due = list(
            rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("survey", "graduate").order_by("pk")[:_MAILS_AT_ONCE]
        )  # fmt: skip
        keys = {
            key.survey_id: tokens.open_key(key)
            for key in SurveyKey.objects.filter(survey__in={one.survey_id for one in due})
        }
        outbox.post_each(
            _link_mail(one, keys[one.survey_id]) for one in due if one.survey_id in keys
        )
        Invitation.objects.filter(pk__in=[one.pk for one in due]).update(mailed=True)
    return len(due)


def _link_mail(invitation: Invitation, key: bytes) -> OutboxMessage:
    graduate, survey = invitation.graduate, invitation.survey
    assert graduate is not None
    link = settings.PUBLIC_ORIGIN + reverse("survey", args=[tokens.of_graduate(key, graduate.pk)])
    text = (
        f"您收到一份问卷“{survey.title}”，不用登录，打开下面的链接即可填写：\n\n{link}\n\n"
        f"截止时间：{_until(survey)}。链接只供您本人使用一次，请不要转发。自愿参加，不影响任何手续。\n\n"
        "此邮件由平台自动发出，请不要回复。\n"
    )
    return outbox.message(
        Channel.EMAIL, graduate.email, text, key=mail_key(invitation.pk),
        subject=f"问卷：{survey.title}", secret=True,
    )  # fmt: skip


def note_bounces() -> int:
    """Mark the invitations whose mail came back and who have no account to read a message with."""
    parked = OutboxMessage.objects.filter(
        dedupe_key__startswith=mail_key_start(), state=OutboxState.PARKED
    ).values_list("dedupe_key", flat=True)
    pks = [int(key.rpartition(":")[2]) for key in parked.order_by("-pk")[:_MAILS_AT_ONCE]]
    done = 0
    rows = Invitation.objects.filter(pk__in=pks, state=InvitationState.WAITING)
    for pk in list(rows.values_list("pk", flat=True)):
        with transaction.atomic():
            one = (
                Invitation.objects.select_for_update(no_key=True, of=("self",))
                .select_related("survey", "graduate__person").get(pk=pk)
            )  # fmt: skip
            if INVITATION.can("bounce", one, None):
                one.state = InvitationState.BOUNCED
                one.save(update_fields=["state"])
                done += 1
    return done


def mail_key_start() -> str:
    return mail_key(0).removesuffix("0")


# --- the graduate's and the unit's own choice ----------------------------------------------------


def set_opt_out(*, person: Person, wanted: bool) -> None:
    """The graduate wants no more surveys, or wants them again."""
    if wanted:
        OptOut.objects.bulk_create([OptOut(person=person)], ignore_conflicts=True)
    else:
        OptOut.objects.filter(person=person).delete()


def link_of(invitation: Invitation) -> str:
    """The address under which whoever was invited answers; "" once the key is deleted."""
    key = SurveyKey.objects.filter(survey=invitation.survey_id).first()
    if key is None:
        return ""
    opened = tokens.open_key(key)
    if invitation.graduate_id is not None:
        token = tokens.of_graduate(opened, invitation.graduate_id)
    else:
        assert invitation.unit_id is not None
        token = tokens.of_unit(opened, invitation.unit_id)
    return reverse("survey", args=[token])
