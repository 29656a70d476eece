"""Signatures in the demo: invitations, agreements and terminations of the many graduates of the first
school, made by the actions that people use."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.models import OneTimeCode, User
from core.models import OutboxMessage
from destinations.actions import review
from destinations.demo import paper
from destinations.models import Destination
from destinations.states import State
from employers.demo import drawn_signature, make_account, make_unit
from employers.models import UnitMember
from esign.actions import accept, conclude, consent, drafts, invite, terminate
from esign.actions.termination_base import termination_facts
from esign.models import Agreement, Invitation, Reading, Termination
from esign.states import Ground
from esign.termination_steps import TAKE_BACK_PERIOD
from graduates.demo_roster import demo_account, graduates_of, staff
from graduates.models import Graduate
from graduates.states import Confirmation, Standing
from schools.demo import DEMO_CODE, DEMO_YEAR

_BROWSER = "演示数据"
_HOUR = datetime.timedelta(hours=1)
# Name, property, industry and place of each unit that signs.
_UNITS = (
    ("示例云计算有限公司", "39", "34", "340111"),
    ("示例装备制造有限公司", "31", "22", "340202"),
    ("示例生物医药有限公司", "39", "22", "340104"),
    ("示例外国语学校", "22", "42", "340303"),
)
_FIRST_MOBILE = 13900008999
_SIGNED, _WAITING, _DECLINED = 16, 4, 2


def terms(unit: int = 99) -> dict[str, str]:
    """What a recruiter types beside the unit, the job and the pay. Each unit has contacts of its own."""
    report_by = timezone.localdate() + datetime.timedelta(days=200)
    return {
        "unit_address": "示例路1号", "contact_phone": f"0551-600002{unit:02}",
        "contact_email": f"hr{unit}@example.com", "probation_wage": "6000", "penalty": "3000",
        "penalty_notes": "", "report_place": "示例路1号人力资源部", "report_by": report_by.isoformat(),
        "work_place": "合肥市", "signing_notes": "提供集体宿舍", "archive_unit": "示例市人才交流中心",
        "archive_contact": "示例老师", "archive_phone": "0551-60000002",
        "archive_address": "示例市示例路2号", "valid_days": "3",
    }  # fmt: skip


def _address_of(graduate_id: int) -> str:
    """A network address for each graduate, of those that are set aside for examples."""
    return f"198.51.100.{graduate_id % 250 + 1}"


def accept_invitation(invitation: Invitation, by: User) -> Agreement:
    """Accept as the page does: after the reading time, with the code sent to the graduate's phone."""
    accept.open_notice(invitation=invitation, by=by)
    Reading.objects.filter(
        graduate_id=invitation.graduate_id, terms_hash=invitation.terms_hash
    ).update(opened_at=F("opened_at") - _HOUR)
    address = _address_of(invitation.graduate_id)
    accept.send_code(invitation=invitation, by=by, address=address)
    mobile = Graduate.objects.values_list("mobile", flat=True).get(pk=invitation.graduate_id)
    return accept.accept(
        invitation=invitation, by=by, terms_hash=invitation.terms_hash, code=_last_code(mobile),
        address=address, signature=drawn_signature(), agent=_BROWSER,
    )  # fmt: skip


def _last_code(phone: str) -> str:
    message = OutboxMessage.objects.filter(address=phone, secret=True).latest("pk")
    code = re.search(r"(?<!\d)\d{6}(?!\d)", message.text)
    assert code is not None
    return code.group()


def fill_signatures() -> None:
    """The graduates who have not registered anything yet are invited; most of them sign. Whoever has an
    invitation already is left as they are."""
    members = [_member(number) for number in range(len(_UNITS))]
    wanted = _SIGNED + _WAITING + _DECLINED
    invited = Invitation.objects.filter(member__in=members).count()
    if invited < wanted:
        for number, graduate in enumerate(_unregistered()[: wanted - invited], start=invited):
            _invite(number, graduate, members[number % len(members)])
    _end_some(members)


def _member(number: int) -> UnitMember:
    name, unit_property, industry, division = _UNITS[number]
    return make_unit(
        make_account(str(_FIRST_MOBILE - number), None), body=f"MA9F{number:04}", name=name,
        unit_property=unit_property, industry=industry, division=division,
    )  # fmt: skip


def _unregistered() -> list[Graduate]:
    registered = Destination.objects.filter(school__code=DEMO_CODE).exclude(state=State.UNSUBMITTED)
    taken = set(registered.values_list("pk", flat=True))
    taken |= set(
        Invitation.objects.filter(graduate__school__code=DEMO_CODE).values_list(
            "graduate", flat=True
        )
    )
    return [
        g
        for g in graduates_of(DEMO_YEAR)
        if g.pk not in taken
        and g.standing == Standing.ENROLLED
        and g.person.user is not None
        and g.confirmation != Confirmation.UNSUBMITTED
    ]


def _invite(number: int, graduate: Graduate, member: UnitMember) -> None:
    draft = drafts.begin_as_member(
        graduate=graduate, member=member, address=_address_of(graduate.pk)
    )
    job: dict[str, Any] = {
        "job_category": ("13", "21", "24")[number % 3],
        "job_title": ("软件工程师", "行政专员", "会计")[number % 3],
        "wage": str(6000 + 500 * (number % 7)), "term_years": "3", "probation_months": "3",
    }  # fmt: skip
    drafts.save(draft=draft, typed=draft.values | terms(number % len(_UNITS)) | job)
    draft.refresh_from_db()
    invitation = invite.send(draft=draft)
    by = demo_account(graduate)
    if number < _SIGNED:
        accept_invitation(invitation, by)
    elif number >= _SIGNED + _WAITING:
        accept.decline(invitation=invitation, by=by, reason="已接受其他单位的录用。")


def _end_some(members: list[UnitMember]) -> None:
    """One termination waits for the graduate, one for the unit, one for the department, one is done;
    six agreements are approved, one of which is to become a labour contract."""
    signed = list(
        Agreement.objects.filter(member__in=members).order_by("pk").select_related(
            "graduate__person__user", "member__user"
        )[:10]
    )  # fmt: skip
    if len(signed) < 10 or Termination.objects.filter(agreement=signed[0]).exists():
        return
    _start(signed[0], signed[0].member.user, "用人计划调整，与毕业生协商解除协议。")
    _start(signed[1], demo_account(signed[1].graduate), "考取研究生，与单位协商解除协议。")
    for agreement in signed[2:4]:
        _start(agreement, agreement.member.user, "项目取消，与毕业生协商解除协议。")
        _consent(agreement)
    terminate.pass_on(agreement=signed[3], by=staff("fangwen"))
    terminate.agree(agreement=signed[3], by=staff("admin"))
    for agreement in signed[4:]:
        review.approve(graduate_id=agreement.graduate_id, by=staff("admin"))
    conclude.propose(
        agreement=signed[4], by=signed[4].member.user, contract_on=timezone.localdate(),
        first_page=paper(1), signature_page=paper(2),
    )  # fmt: skip


def _start(agreement: Agreement, by: User, reason: str) -> None:
    terminate.start(agreement=agreement, by=by, ground=Ground.MUTUAL, reason=reason)


def _consent(agreement: Agreement) -> None:
    """The graduate consents, and the hour is over in which that can be taken back."""
    by, phone = demo_account(agreement.graduate), agreement.graduate.mobile
    # The code of the signature was sent a moment ago, and codes have to be some time apart.
    OneTimeCode.objects.filter(phone=phone).update(created_at=F("created_at") - 2 * _HOUR)
    termination = termination_facts(agreement).open_termination
    address = _address_of(agreement.graduate_id)
    consent.send_code(agreement=agreement, by=by, seen=termination.pk, address=address)
    consent.consent(
        agreement=agreement, by=by, seen=termination.pk, has_read=True, code=_last_code(phone),
        address=address, agent=_BROWSER,
    )  # fmt: skip
    rows = Termination.objects.filter(pk=termination.pk)
    rows.update(consented_at=timezone.now() - TAKE_BACK_PERIOD)
    consent.forward_due()
