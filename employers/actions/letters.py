"""Certification letters (认证公函): a unit hands one in, and the province approves or refuses it.

A letter certifies the unit, changes its manager, or recovers a lost account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import inbox, one_time_codes
from accounts.actions import end_sessions
from accounts.models import User
from codes import text
from codes.validators import check_unit_code, clean_unit_code
from core import audit, files, outbox
from core.audit import Actor
from core.errors import Conflict, Invalid, Refused
from core.files import images
from core.models import Channel, StoredFile
from core.states import Step
from employers.actions.members import end_membership
from employers.actions.papers import check_size
from employers.actions.units import record_member
from employers.letter_steps import CHECKLIST, LETTER, TAKES_OVER, objection_ends, review_mark
from employers.models import Letter, LetterKind, LetterState, Membership, Unit, UnitMember
from employers.queries import OPEN_LETTER, contacts_of, manager_of, name_for_texts

PURPOSE = "recover"


def submit(*, member: UnitMember, kind: str, scan: bytes) -> Letter:
    """Hand in a stamped letter. Sending the same picture again returns the same letter."""
    if kind not in (LetterKind.CERTIFY, LetterKind.MANAGER):
        raise Invalid({"kind": ["请选择办理事项。"]})
    check_letter_needed(member, member.unit, kind)
    stored = _store(scan, by_id=member.user_id)
    with transaction.atomic():
        unit = Unit.objects.select_for_update().get(pk=member.unit_id)
        person = UnitMember.objects.select_related("user").get(pk=member.pk)
        mobile = person.user.login
        before = _open_letter(unit, mobile)
        if before is not None:
            if before.kind == kind and before.scan.sha256 == stored.sha256:
                return before
            raise Refused("open", "已有一份公函等待审核，审核后可以再次提交。")
        check_letter_needed(person, unit, kind)
        letter = Letter.objects.create(
            unit=unit, kind=kind, member=person, name=person.name, mobile=mobile, scan=stored
        )
        audit.record("employers.submit_letter", by=member.user, obj=letter)
        if kind == LetterKind.MANAGER:
            _warn_of_takeover(letter, contacts_of(unit, besides=mobile))
    return letter


def check_letter_needed(member: UnitMember, unit: Unit, kind: str) -> None:
    """Raises `Refused` if a letter of this kind would change nothing."""
    if member.state == Membership.ENDED:
        raise Refused("ended", "您已离开此单位，不能提交公函。")
    former = manager_of(unit, besides=member)
    if kind == LetterKind.MANAGER and former is None:
        raise Refused("no_manager", "单位没有其他帐号管理者，请选择“单位认证”。")
    if kind == LetterKind.CERTIFY and member.state == Membership.VERIFIED:
        raise Refused("already", "您和单位都已认证，不需要再次提交。")
    if kind == LetterKind.CERTIFY and former is not None:
        raise _has_manager(former)


def _has_manager(manager: UnitMember) -> Refused:
    """A unit that has verified people needs no second certification, which one reviewer could give to
    a stranger; the people verify their colleagues, and a new manager takes two reviewers."""
    return Refused(
        "has_manager",
        f"单位已有认证人员（{manager.name[:1]}**），请由其在“单位人员”中确认您，或提交“变更帐号管理者”公函。",
    )


def send_recovery_code(*, unit_code: str, mobile: str, address: str) -> None:
    """Send the code that proves the new mobile number."""
    code, mobile = clean_unit_code(unit_code), text.clean_phone(mobile)
    errors = _unit_code_errors(code)
    if errors:
        raise Invalid(errors)
    one_time_codes.issue(
        purpose=PURPOSE, phone=mobile, subject=f"{PURPOSE}:{code}", address=address
    )


def submit_recovery(
    *, unit_code: str, name: str, mobile: str, code: str, scan: bytes, address: str
) -> Letter:
    """Hand in a letter that recovers a lost account. Nobody is signed in: the code proves the new mobile
    number, and the unit's present contacts are warned."""
    unit_code, mobile = clean_unit_code(unit_code), text.clean_phone(mobile)
    name = text.clean_name(name)[:40]
    errors = _unit_code_errors(unit_code)
    if not name:
        errors["name"] = ["请填写帐号管理者姓名。"]
    if not scan:
        errors["scan"] = ["请上传盖章公函的照片或扫描件。"]
    if errors:
        raise Invalid(errors)
    proof = one_time_codes.prove(
        purpose=PURPOSE, phone=mobile, subject=f"{PURPOSE}:{unit_code}", typed=code
    )
    if not Unit.objects.filter(code=unit_code).exists():
        raise Invalid({"unit_code": ["平台上没有此单位的签约记录，不需要找回帐号。"]})
    stored = _store(scan)
    with transaction.atomic():
        unit = Unit.objects.select_for_update().get(code=unit_code)
        if _open_letter(unit, mobile) is not None:
            raise Refused("open", "此手机号码已有一份公函等待审核，请等待短信通知。")
        if _is_verified(unit, mobile):
            raise Refused("already", "此手机号码已是单位的认证人员，请直接用验证码登录。")
        one_time_codes.spend(proof)
        letter = Letter.objects.create(
            unit=unit, kind=LetterKind.RECOVER, name=name, mobile=mobile, scan=stored
        )
        audit.record(
            "employers.submit_recovery", by=Actor.of_unit(None, unit.name, name),
            obj=letter, data={"from": address, "mobile": mobile},
        )  # fmt: skip
        _warn_of_takeover(letter, contacts_of(unit, besides=mobile))
    return letter


def _warn_of_takeover(letter: Letter, members: list[UnitMember]) -> None:
    """Tell the people of the unit that somebody wants to take the account over, and how to object."""
    ends = timezone.localtime(objection_ends(letter))
    words = (
        f"有人提交公函申请{letter.get_kind_display()}（{_called(letter.unit)}），新手机号码尾号"
        f"{letter.mobile[-4:]}。如非贵单位办理，请在{ends:%m月%d日 %H:%M}前登录用人单位端，"
        "在“认证公函”中提出异议。"
    )
    _warn_members(letter, members, "submitted", words)
    for member in members:
        inbox.tell(
            f"user:{member.user_id}", f"{letter.unit.name}：有人申请{letter.get_kind_display()}",
            text=words, link=reverse("employer-letter"),
            key=f"letter:{letter.pk}:submitted:{member.pk}",
        )  # fmt: skip


def takeovers_told_to(member: UnitMember) -> QuerySet[Letter]:
    """The letters that end somebody's rights in the unit and that this person is told of: all but
    their own."""
    if member not in contacts_of(member.unit):
        return Letter.objects.none()
    rows = Letter.objects.filter(unit=member.unit_id, kind__in=TAKES_OVER)
    return rows.exclude(mobile=member.user.login)


def letters_to_object(member: UnitMember) -> list[Letter]:
    """Those of them that are open, so that this person may object."""
    return list(takeovers_told_to(member).filter(state__in=OPEN_LETTER).order_by("id"))


def raise_objection(*, letter_id: int, reason: str, by: UnitMember) -> Letter:
    """Object to a letter that would end somebody's rights. It can then be approved only with a note
    on how the reviewer settled the matter. Raises `Invalid`, and `Conflict` for a second objection."""
    reason = text.clean(reason)[:300]
    if not reason:
        raise Invalid({"reason": ["请说明异议的理由。"]})
    with transaction.atomic():
        Unit.objects.select_for_update().get(pk=by.unit_id)
        member = UnitMember.objects.select_related("unit", "user").get(pk=by.pk)
        if letter_id not in {letter.pk for letter in letters_to_object(member)}:
            raise Refused("no_objection", "此公函已经处理，或者您不能对它提出异议。")
        letter = Letter.objects.select_for_update().get(pk=letter_id)
        if letter.objected_at is not None:
            raise Conflict("objected", f"{letter.objected_by}已经提出异议，无须重复提出。")
        letter.objection, letter.objected_by = reason, member.name
        letter.objected_at = timezone.now()
        letter.save(update_fields=["objection", "objected_by", "objected_at"])
        audit.record("employers.object", by=member.user, obj=letter, reason=reason)
        inbox.tell(
            "province", f"{member.unit.name}对认证公函提出异议", text=reason,
            link=reverse("console:letter", args=[letter.pk]), key=f"letter:{letter.pk}:objection",
        )  # fmt: skip
    return letter


def approve(
    *, letter_id: int, ticks: Collection[str], seen: str, by: User, reason: str = ""
) -> Letter:
    """Approve a letter. Every line of the checklist must be ticked. `seen` is the `review_mark` of what
    the reviewer's page showed. After an objection `reason` says how the matter was settled."""
    with _locked_for_decision("approve", letter_id, seen, by) as (letter, step):
        missing = [label for key, label in CHECKLIST.items() if key not in ticks]
        if missing:
            raise Invalid({"check": [f"以下各项没有勾选，不能通过：{'；'.join(missing)}。"]})
        reason = text.clean(reason)[:300]
        if letter.objected_at is not None and not reason:
            raise Invalid({"reason": ["单位人员对此公函有异议，请写明核实的情况。"]})
        former = manager_of(letter.unit, besides=letter.member)
        if letter.kind == LetterKind.CERTIFY and former is not None:
            raise _has_manager(former)
        letter.checklist = dict.fromkeys(CHECKLIST, True)
        letter.state = LetterState(step.target or letter.state)
        if letter.state == LetterState.SECOND:
            letter.first_by_id, letter.first_by = by.pk, by.label
        else:
            letter.decided_at, letter.decided_by = timezone.now(), by.label
            letter.member = _apply_approval(letter, by)
        letter.save()
        audit.record(
            "employers.approve_letter", by=by, obj=letter, reason=reason,
            data={"state": letter.state},
        )  # fmt: skip
    return letter


def refuse(*, letter_id: int, reason: str, seen: str, by: User) -> Letter:
    """Refuse a letter, with a reason for whoever handed it in."""
    with _locked_for_decision("refuse", letter_id, seen, by) as (letter, _):
        reason = text.clean(reason)[:300]
        if not reason:
            raise Invalid({"reason": ["请填写不通过的原因，提交人会看到。"]})
        letter.state, letter.reason = LetterState.REFUSED, reason
        letter.decided_at, letter.decided_by = timezone.now(), by.label
        letter.save()
        audit.record("employers.refuse_letter", by=by, obj=letter, reason=reason)
        _tell_submitter(letter, "认证公函未通过", f"原因：{reason}")
        if letter.kind == LetterKind.RECOVER:
            _warn_members(
                letter, contacts_of(letter.unit, besides=letter.mobile), "decided",
                f"找回{_called(letter.unit)}帐号的申请未通过，原帐号不变。",
            )  # fmt: skip
    return letter


@contextmanager
def _locked_for_decision(
    action: str, letter_id: int, seen: str, by: User
) -> Iterator[tuple[Letter, Step]]:
    """A transaction for one decision: lock the unit and the letter, and ask the transition table.

    Raises a `Conflict` that says what happened if somebody else decided first, or if the letter is no
    longer as the reviewer saw it.
    """
    unit_id = Letter.objects.values_list("unit_id", flat=True).get(pk=letter_id)
    with transaction.atomic():
        unit = Unit.objects.select_for_update().get(pk=unit_id)
        letter = (
            Letter.objects.select_for_update(of=("self",))
            .select_related("member__user")
            .get(pk=letter_id)
        )
        letter.unit = unit
        if letter.state not in OPEN_LETTER:
            at = timezone.localtime(letter.decided_at)
            raise Conflict(
                "decided",
                f"{letter.decided_by}已于{at:%m月%d日 %H:%M}处理此公函"
                f"({letter.get_state_display()})，您的操作没有执行。",
            )
        # What happened meanwhile explains more than why the step is refused now.
        if by.has_perm("employers.certify") and seen != review_mark(letter):
            raise Conflict(
                "changed", f"{_what_changed(letter)}，您的操作没有执行，请核对后再办理。"
            )
        yield letter, LETTER.check(action, letter, by)


def _what_changed(letter: Letter) -> str:
    """What happened since the reviewer opened the page."""
    if letter.objected_at is not None:
        return f"{letter.objected_by}刚刚提出异议"
    return f"{letter.first_by}刚刚初核" if letter.first_by else "单位名称刚刚改变"


def _apply_approval(letter: Letter, by: User) -> UnitMember:
    """Certify the unit and verify the person. A letter of another kind than 单位认证 also ends the
    former manager's membership."""
    unit = letter.unit
    if unit.certified_at is None:
        unit.certified_at, unit.certified_by = timezone.now(), by.label
        unit.save(update_fields=["certified_at", "certified_by"])
    told = contacts_of(unit, besides=letter.mobile)
    member = letter.member or record_member(
        unit=unit, mobile=letter.mobile, name=letter.name, files={}
    )
    member = UnitMember.objects.select_for_update(of=("self",)).select_related("user").get(
        pk=member.pk
    )  # fmt: skip
    member.state, member.verified_at, member.ended_at = (
        Membership.VERIFIED, timezone.now(), None,
    )  # fmt: skip
    member.save(update_fields=["state", "verified_at", "ended_at"])
    former_ended = letter.kind != LetterKind.CERTIFY and _end_former_manager(letter, member, by)
    if letter.kind == LetterKind.RECOVER:
        words = f"{_called(unit)}的帐号已由手机尾号{letter.mobile[-4:]}找回。"
        _warn_members(
            letter, told, "decided", words + ("原管理者的权限已结束。" if former_ended else "")
        )
    letter.member = member
    _tell_submitter(letter, f"{unit.name}认证已通过", "您可以查看和办理单位的全部签约事项。")
    return member


def _end_former_manager(letter: Letter, member: UnitMember, by: User) -> bool:
    """End the membership of the manager besides `member`; returns whether there was one."""
    former = manager_of(letter.unit, besides=member)
    if former is None:
        return False
    former = UnitMember.objects.select_for_update(of=("self",)).select_related("user").get(
        pk=former.pk
    )  # fmt: skip
    end_membership(former)
    end_sessions(user=former.user, by=by)
    audit.record("employers.end_member", by=by, obj=former, reason=letter.get_kind_display())
    title = f"{letter.unit.name}的帐号管理者已变更"
    inbox.tell(
        f"user:{former.user_id}", title, key=f"letter:{letter.pk}:former",
        text="单位已提交盖章公函，您在该单位的权限已结束。如有异议请联系省级就业主管部门。",
    )  # fmt: skip
    if letter.kind == LetterKind.MANAGER:
        _warn_members(letter, [former], "former", f"{title}，您在该单位的权限已结束。")
    return True


def _tell_submitter(letter: Letter, title: str, words: str) -> None:
    """Tell whoever handed the letter in; for a lost account by text message only."""
    key = f"letter:{letter.pk}:decided"
    if letter.member is not None:
        inbox.tell(
            f"user:{letter.member.user_id}", title, text=words, link=reverse("employer-letter"),
            key=key,
        )  # fmt: skip
    outbox.post(Channel.SMS, letter.mobile, f"{title}。{words}", key=key)


def _warn_members(letter: Letter, members: list[UnitMember], moment: str, words: str) -> None:
    for member in members:
        key = f"letter:{letter.pk}:{moment}:{member.pk}"
        outbox.post(Channel.SMS, member.user.login, words, key=key)


def _called(unit: Unit) -> str:
    """The unit in a text message to its people."""
    return name_for_texts(unit, f"代码尾号{unit.code[-4:]}的单位")


def _open_letter(unit: Unit, mobile: str) -> Letter | None:
    rows = Letter.objects.select_related("scan")
    return rows.filter(unit=unit, mobile=mobile, state__in=OPEN_LETTER).first()


def _is_verified(unit: Unit, mobile: str) -> bool:
    rows = UnitMember.objects.filter(unit=unit, user__login=mobile)
    return rows.filter(state=Membership.VERIFIED).exists()


def _unit_code_errors(code: str) -> dict[str, list[str]]:
    if len(code) != 18:
        return {"unit_code": ["请填写18位统一社会信用代码。"]}
    errors = [f.message for f in check_unit_code(code) if f.is_error]
    return {"unit_code": errors} if errors else {}


def _store(scan: bytes, by_id: int | None = None) -> StoredFile:
    """Store the scan, larger than other pictures, so that stamps and small print stay legible."""
    check_size(scan)
    small = images.compress(scan, most_bytes=600 * 1024, longest_side=2400)
    return files.store(
        small, name="认证公函.jpg", content_type="image/jpeg", purpose="letter", by_id=by_id
    )
