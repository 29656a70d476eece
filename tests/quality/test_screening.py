"""Each suspicion rule finds a planted case, and not its neighbour just below the threshold."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from accounts.models import OneTimeCode
from destinations.actions import enter
from destinations.models import Destination, FinalConfirmation, MinimumWage
from employers.models import Unit
from graduates.models import Graduate
from quality.models import Finding, RegistryUnit
from quality.states import UnitStatus
from schools.models import Cohort, SchoolClass
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world
from tests.quality.scene import found, make_job, run, set_rule, show_picture, units

pytestmark = pytest.mark.django_db
_DAY = datetime.timedelta(days=1)


def ids(graduates: list[Graduate]) -> set[int]:
    return {g.pk for g in graduates}


# --- units --------------------------------------------------------------------------------------


def test_one_uncertified_unit_with_many_of_a_cohort(world: World) -> None:
    set_rule("unit_cluster", least=3, class_least=90)
    crowded, small, certified = units(3)
    planted = [make_job(world, unit_code=crowded) for _ in range(3)]
    for code, count in ((small, 2), (certified, 3)):
        for _ in range(count):
            make_job(world, unit_code=code)
    Unit.objects.create(code=certified, name="认证单位", certified_at=timezone.now())
    run(world)
    assert found("unit_cluster") == ids(planted)
    one = Finding.objects.filter(rule="unit_cluster")[0]
    assert "3名" in one.sentence
    assert one.evidence["count"] == 3


def test_one_uncertified_unit_with_much_of_a_class(world: World) -> None:
    set_rule("unit_cluster", least=50, class_percent=50, class_least=2)
    first, second = units(2)
    half = [make_job(world, unit_code=first) for _ in range(2)]
    for _ in range(2):
        factories.make_graduate(world)
    run(world)
    assert found("unit_cluster") == ids(half)
    factories.make_graduate(world)  # 2 of 5 are less than half
    make_job(world, unit_code=second, department=1)  # the whole class, but only one person
    run(world)
    assert found("unit_cluster") == set()


def test_a_unit_that_was_new_or_had_ended_when_it_signed(world: World) -> None:
    day = datetime.date(2027, 6, 1)
    codes = units(6)
    ages = (89, 90, 500, 500, 500)
    graduates = [make_job(world, unit_code=code, signed_on=day) for code in codes]
    for code, age in zip(codes, ages, strict=False):
        RegistryUnit.objects.create(
            code=code, name="虚构", registered_on=day - datetime.timedelta(days=age)
        )
    ended = ((codes[2], day), (codes[3], day + _DAY))
    for code, on in ended:
        RegistryUnit.objects.filter(pk=code).update(status=UnitStatus.CANCELLED, ended_on=on)
    run(world)
    # The sixth is not in the file, so that nothing is known of it.
    assert found("unit_new_or_dead") == {graduates[0].pk, graduates[2].pk}


# --- contacts -----------------------------------------------------------------------------------


def test_one_contact_under_several_unit_codes_in_all_schools(world: World) -> None:
    elsewhere = make_world()
    a, b, c, d = units(4)
    mine = [make_job(world, unit_code=code, contact_phone="0551-62000001") for code in (a, b)]
    make_job(elsewhere, unit_code=c, contact_phone="0551 6200 0001")
    two = [make_job(world, unit_code=code, contact_phone="0551-62000002") for code in (a, b)]
    make_job(world, unit_code=b, contact_phone="0551-62000002")
    mail = [make_job(world, unit_code=code, contact_email="HR@Example.cn") for code in (a, b)]
    mail.append(make_job(world, unit_code=d, contact_email="hr@example.cn"))
    run(world)
    assert found("contact_shared") == ids(mine) | ids(mail)
    assert not found("contact_shared") & ids(two)
    one = Finding.objects.get(rule="contact_shared", graduate=mine[0])
    assert (one.evidence["unit_count"], one.evidence["count"]) == (3, 3)


def test_a_units_contact_that_is_the_graduates_the_familys_or_the_staffs(world: World) -> None:
    staff = world.user(Role.DEPARTMENT_ADMIN)
    staff.mobile = "13911110001"
    staff.save()
    own, family, of_staff, other = (factories.make_graduate(world) for _ in range(4))
    Graduate.objects.filter(pk=family.pk).update(home_phone="0551-63000001")
    make_job(world, own, contact_mobile=own.mobile)
    make_job(world, family, contact_phone="055163000001")
    make_job(world, of_staff, contact_phone=staff.mobile)
    make_job(world, other, contact_phone=own.mobile[:-1] + "x")
    run(world)
    assert found("contact_self") == {own.pk, family.pk, of_staff.pk}
    whose = dict(Finding.objects.filter(rule="contact_self").values_list("graduate_id", "sentence"))
    assert "毕业生本人" in whose[own.pk]
    assert "家庭" in whose[family.pk]
    assert "工作人员" in whose[of_staff.pk]
    assert Finding.objects.get(graduate=of_staff).evidence["staff_ids"] == [staff.pk]


def test_one_address_that_confirms_for_several(world: World) -> None:
    set_rule("confirm_device", least=3, campus="10.0.0.0/8")

    def confirm(graduate: Graduate, address: str, *, proved: bool = True) -> None:
        now = timezone.now()
        OneTimeCode.objects.create(
            purpose="accept", phone=graduate.mobile, subject="-", digest="-", nonce="-",
            address=address, expires_at=now, proved_at=now if proved else None,
        )  # fmt: skip

    three, two, campus = (
        [make_job(world) for _ in range(count)] for count in (3, 3, 3)
    )  # fmt: skip
    for graduate in three:
        confirm(graduate, "203.0.113.7")
    for graduate, proved in zip(two, (True, True, False), strict=True):
        confirm(graduate, "203.0.113.8", proved=proved)
    for graduate in campus:
        confirm(graduate, "10.1.2.3")
    finals = [make_job(world) for _ in range(3)]
    for graduate, address in zip(finals, ("203.0.113.9", "203.0.113.9", "not known"), strict=True):
        FinalConfirmation.objects.create(
            graduate=graduate, school=world.school, cohort=world.cohort, state="confirmed", hashes={},
            device="试用", address=address,
        )  # fmt: skip
    confirm(finals[2], "203.0.113.9")
    run(world)
    assert found("confirm_device") == ids(three + finals)
    FinalConfirmation.objects.filter(graduate=finals[0]).update(address="203.0.113.10")
    run(world)
    assert found("confirm_device") == ids(three)


# --- evidence -----------------------------------------------------------------------------------


def test_the_same_bytes_at_several_graduates(world: World) -> None:
    elsewhere = make_world()
    first, second, alone = (make_job(world) for _ in range(3))
    foreign = make_job(elsewhere)
    for graduate in (first, second, foreign):
        show_picture(graduate, b"one and the same")
    show_picture(first, b"one and the same")  # twice at the same person is no more
    show_picture(alone, b"another")
    show_picture(alone, b"another")
    run(world)
    assert found("file_same") == {first.pk, second.pk}
    one = Finding.objects.get(graduate=first)
    assert one.evidence["same_count"] == 3
    assert "另外2名" in one.sentence


HASH = 0x5A5A_1234_8765_F0F0


def flip(*bits: int) -> int:
    changed = HASH
    for bit in bits:
        changed ^= 1 << bit
    return changed


def test_pictures_that_look_alike_within_four_bits(world: World) -> None:
    original, near, far, other = (make_job(world) for _ in range(4))
    show_picture(original, b"a", dhash=HASH)
    show_picture(near, b"b", dhash=flip(0, 13, 26, 39))
    show_picture(far, b"c", dhash=flip(1, 14, 27, 40, 53))
    show_picture(other, b"d", dhash=HASH ^ ((1 << 64) - 1))
    run(world)
    assert found("file_same") == {original.pk, near.pk}
    assert "看上去相同" in Finding.objects.get(graduate=near).sentence


@pytest.mark.parametrize(
    "bits", [(0, 1, 2, 3), (0, 6, 12, 18), (60, 61, 62, 63), (63, 5, 17, 40), (7,), ()]
)
def test_no_four_bits_are_missed_wherever_they_lie(world: World, bits: tuple[int, ...]) -> None:
    first, second = make_job(world), make_job(world)
    show_picture(first, b"a", dhash=HASH)
    show_picture(second, b"b", dhash=flip(*bits))
    run(world)
    assert found("file_same") == {first.pk, second.pk}


def test_pictures_that_say_nothing_match_nothing(world: World) -> None:
    from quality.models import EvidencePrint
    from quality.states import PrintState

    for number in range(3):
        evidence = show_picture(make_job(world), f"blank {number}".encode())
        EvidencePrint.objects.create(sha256=evidence.file.sha256, state=PrintState.DONE)
    run(world)
    assert found("file_same") == set()


def test_pictures_of_one_layout_are_no_copies(world: World) -> None:
    """More than so many that look alike are a printed form; the same bytes are found all the same."""
    set_rule("file_same", most_alike=3)
    graduates = [make_job(world) for _ in range(4)]
    for number, graduate in enumerate(graduates[:3]):
        show_picture(graduate, f"form {number}".encode(), dhash=flip(number))
    run(world)
    assert found("file_same") == ids(graduates[:3])
    show_picture(graduates[3], b"form 3", dhash=flip(3))
    run(world)
    assert found("file_same") == set()
    show_picture(graduates[3], b"form 0")
    run(world)
    assert found("file_same") == {graduates[0].pk, graduates[3].pk}


# --- the job ------------------------------------------------------------------------------------


def test_jobs_that_are_like_internships(world: World) -> None:
    begun = datetime.date(2027, 7, 1)
    worded = make_job(world, job_title="测试实习生")
    named = make_job(world)
    show_picture(named, b"named", name="就业见习协议.jpg")
    short = make_job(world, hired_from=begun, hired_to=datetime.date(2027, 9, 30))
    make_job(world, hired_from=begun, hired_to=datetime.date(2027, 10, 1))
    make_job(world, category="801", job_title="", remark="实习")
    run(world)
    assert found("internship_like") == {worded.pk, named.pk, short.pk}


def test_a_wage_below_the_minimum_of_the_place_and_day(world: World) -> None:
    MinimumWage.objects.filter(division__startswith="34").delete()
    for division, since, amount in (
        ("340000", "2020-01-01", 1500), ("340100", "2020-01-01", 2000), ("340100", "2027-01-01", 2100),
        ("340100", "2028-01-01", 3000),
    ):  # fmt: skip
        MinimumWage.objects.create(division=division, valid_from=since, amount=amount)
    day = datetime.date(2027, 7, 1)
    low = make_job(world, monthly_wage=2099, hired_from=day)
    make_job(world, monthly_wage=2100, hired_from=day)
    make_job(world, monthly_wage=1500, hired_from=day, unit_division="340202")
    make_job(world, monthly_wage=1000, hired_from=day, wage_override="非全日制")
    run(world)
    assert found("wage_low") == {low.pk}
    assert Finding.objects.get(rule="wage_low").evidence["minimum"] == 2100


def test_the_same_wage_of_many_in_a_unit(world: World) -> None:
    set_rule("wage_same", least=3)
    code, other = units(2)
    same = [make_job(world, unit_code=code, monthly_wage=5001) for _ in range(3)]
    make_job(world, unit_code=code, monthly_wage=5002)
    for _ in range(2):
        make_job(world, unit_code=other, monthly_wage=5001)
    run(world)
    assert found("wage_same") == ids(same)


def test_a_job_that_nobody_else_of_the_major_has(world: World) -> None:
    set_rule("job_mismatch", least=4)
    rare = make_job(world, job_category="90")
    for category in ("13", "13"):
        make_job(world, job_category=category)
    run(world)
    assert found("job_mismatch") == set()  # three are too few to compare
    make_job(world, job_category="13")
    run(world)
    assert found("job_mismatch") == {rare.pk}


# --- entries and shares -------------------------------------------------------------------------


def _enter(world: World, count: int) -> list[Graduate]:
    graduates = [factories.make_graduate(world) for _ in range(count)]
    for graduate in graduates:
        enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    return graduates


def test_many_entries_of_one_account_within_minutes(world: World) -> None:
    set_rule("burst", least=4, minutes=5)
    three = _enter(world, 3)
    run(world)
    assert found("burst") == set()
    fourth = _enter(world, 1)
    run(world)
    assert found("burst") == ids(three + fourth)
    one = Finding.objects.filter(rule="burst")[0]
    assert one.evidence["count"] == 4
    assert one.evidence["staff_ids"] == [world.staff[Role.SCHOOL_ADMIN].pk]
    again = run(world)
    assert (again.counts["found"], again.counts["new"], again.counts["gone"]) == (4, 0, 0)


def test_entries_that_lie_further_apart_are_no_burst(world: World) -> None:
    """Four entries over a little more than five minutes; the day before, three at once."""
    from tests.removal import connect_unguarded  # noqa: F401 - the history is append-only

    set_rule("burst", least=4, minutes=5)
    graduates = _enter(world, 4)
    from destinations.models import DestinationEvent

    rows = list(DestinationEvent.objects.filter(graduate_id__in=ids(graduates)).order_by("pk"))
    first = rows[0]
    assert run(world).counts["by_rule"]["burst"] == 4
    later = DestinationEvent.objects.create(
        graduate_id=first.graduate_id, school_id=first.school_id, action="enter",
        actor_id=-1, actor_realm="staff", actor_label="另一人", from_state="", to_state="",
        snapshot={}, at=timezone.now(),
    )  # fmt: skip
    moments = [later.at + datetime.timedelta(seconds=s) for s in (120, 240, 301)]
    for graduate, at in zip(graduates[1:], moments, strict=True):
        DestinationEvent.objects.create(
            graduate_id=graduate.pk, school_id=graduate.school_id, action="enter", actor_id=-1,
            actor_realm="staff", actor_label="另一人", from_state="", to_state="", snapshot={}, at=at,
        )  # fmt: skip
    assert run(world).counts["by_rule"]["burst"] == 4


def test_what_an_import_enters_is_no_burst(world: World) -> None:
    from core import audit
    from destinations.models import DestinationImport

    set_rule("burst", least=3)
    imported = DestinationImport.objects.create(
        file=factories.keep_file("destinations"), school=world.school, by=world.school_admin
    )
    audit.record("destinations.import_confirm", by=world.school_admin, obj=imported)
    _enter(world, 3)
    DestinationImport.objects.filter(pk=imported.pk).update(finished_at=timezone.now())
    run(world)
    assert found("burst") == set()
    _enter(world, 3)
    assert run(world).counts["found"] >= 3


def _share(world: World, cohort: Cohort, flexible: int, total: int) -> None:
    classes = SchoolClass.objects.filter(cohort=cohort, department=world.departments[0])
    school_class = classes.first() or factories.make_classes(cohort, world.departments[0])[0]
    for number in range(total):
        graduate = factories.make_graduate(world)
        Graduate.objects.filter(pk=graduate.pk).update(
            cohort=cohort, school_class=school_class, department=world.departments[0]
        )
        Destination.objects.filter(pk=graduate.pk).update(cohort=cohort)
        make_job(world, graduate, category="76" if number < flexible else "11")


def test_a_share_that_jumps(world: World) -> None:
    set_rule("share_jump", points=15, least=10)
    before = factories.make_cohort(world.school, world.cohort.year - 1)
    _share(world, before, 1, 10)
    _share(world, world.cohort, 2, 10)
    run(world)
    assert not Finding.objects.filter(rule="share_jump").exists()  # from 10 % to 20 %
    _share(world, world.cohort, 3, 3)
    run(world)
    row = Finding.objects.get(rule="share_jump")  # 5 of 13
    assert (row.graduate_id, row.department_id) == (None, world.departments[0].pk)
    assert "10.00%变为38.46%" in row.sentence


def test_approvals_in_the_last_days(world: World) -> None:
    set_rule("late_wave", percent=20, days=5, least=10)
    end = timezone.localdate()
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=end)
    noon = timezone.localtime().replace(hour=12)
    early = noon - 5 * _DAY
    for number in range(10):
        make_job(world, school_at=noon - 4 * _DAY if number < 1 else early)
    run(world)
    assert not Finding.objects.filter(rule="late_wave").exists()
    extra = make_job(world, school_at=noon)
    make_job(world, school_at=noon)
    assert extra
    run(world)
    row = Finding.objects.get(rule="late_wave")  # 3 of 12
    assert (row.evidence["late"], row.evidence["approved"]) == (3, 12)


def test_a_record_that_is_rejected_or_of_somebody_who_left_is_not_looked_at(world: World) -> None:
    set_rule("wage_same", least=2)
    code = units(1)[0]
    make_job(world, unit_code=code, monthly_wage=5001)
    make_job(
        world,
        unit_code=code,
        monthly_wage=5001,
        state="rejected",
        reason="错",
        reason_source="school",
    )
    left = make_job(world, unit_code=code, monthly_wage=5001)
    Graduate.objects.filter(pk=left.pk).update(standing="withdrawn")
    run(world)
    assert found("wage_same") == set()
