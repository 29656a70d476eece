"""Handling feedback, registering codes, and the graduate's view of the national data."""

from __future__ import annotations

import pytest
from django.utils import timezone

from core.errors import DomainError
from destinations.models import Destination
from graduates.actions import archive
from graduates.models import ArchiveTransfer, Graduate
from national_sync.actions import copies, handling, mapping
from national_sync.mapping import Mapped
from national_sync.models import Entry, Feedback, NationalCode
from national_sync.states import FeedbackState, Part
from schools.actions import bulk
from schools.models import BulkJob
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def feedback(world: World) -> Feedback:
    graduate = reporting.approved(world)
    return Feedback.objects.create(
        entry=reporting.entry(graduate), graduate=graduate, school=world.school,
        cohort=world.cohort, kind="登记信息错误", code="unit_unknown", field="dwmc",
        text="单位名称不存在", version=1, due_on=factories.today(),
    )  # fmt: skip


def refused(slug: str, call: object, **values: object) -> None:
    with pytest.raises(DomainError) as refusal:
        call(**values)  # type: ignore[operator]
    assert refusal.value.code == slug


def test_passed_up_from_department_to_school_to_province(world: World, feedback: Feedback) -> None:
    ids = [feedback.pk]
    assert handling.reassign(ids=ids, to="school", by=world.counsellor) == 1
    refused("note", handling.reassign, ids=ids, to="province", by=world.school_admin)
    handling.reassign(ids=ids, to="province", by=world.school_admin, note="名称已核实")
    feedback.refresh_from_db()
    assert (feedback.owner, feedback.note) == ("province", "名称已核实")
    assert feedback.due_on > factories.today()


def test_the_provinces_answer_stands_beside_the_departments_explanation(
    world: World, feedback: Feedback
) -> None:
    ids, province = [feedback.pk], world.user(Role.PROVINCE)
    handling.reassign(ids=ids, to="school", by=world.counsellor, note="单位名称已核实")
    handling.reassign(ids=ids, to="province", by=world.school_admin, note="单位名称与执照一致")
    refused("answer", handling.reassign, ids=ids, to="school", by=province, note=" ")
    handling.reassign(ids=ids, to="school", by=province, note="全国系统已补登该单位")
    # Handed down without a word, the answer goes with it.
    handling.reassign(ids=ids, to="department", by=world.school_admin)
    feedback.refresh_from_db()
    assert (feedback.owner, feedback.note, feedback.answer) == (
        "department", "单位名称与执照一致", "全国系统已补登该单位",
    )  # fmt: skip
    for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN, Role.PROVINCE):
        page = world.client(role).get("/console/national/feedback/").content.decode()
        assert "说明：单位名称与执照一致" in page, role
        assert "答复：全国系统已补登该单位" in page, role


def test_feedback_is_passed_on_from_the_page(world: World, feedback: Feedback) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = "/console/national/feedback/reassign/"
    form = {"pick": [feedback.pk], "to": "province", "note": "已核实"}
    assert client.get(address).status_code == 405
    assert client.post(address, form | {"note": ""}).status_code == 409
    assert client.post(address, form | {"to": "nobody"}).status_code == 409
    done = client.post(address, form, follow=True)
    assert done.redirect_chain == [("/console/national/feedback/", 302)]
    assert "已转交 1 条给省级" in done.content.decode()
    feedback.refresh_from_db()
    assert (feedback.owner, feedback.note) == ("province", "已核实")
    nothing = client.post(address, {"to": "department"}, follow=True)
    assert "没有转交任何记录" in nothing.content.decode()
    province = world.client(Role.PROVINCE)
    assert "答复（必填）" in province.get("/console/national/feedback/").content.decode()
    assert province.post(address, form | {"to": "school", "note": "已补登"}).status_code == 302
    feedback.refresh_from_db()
    assert (feedback.owner, feedback.answer) == ("school", "已补登")


def test_the_picked_graduates_of_a_comparison_go_up_again(world: World) -> None:
    """重新排队 as a page: whoever may compare, in their scope, what was picked and no more."""
    address = "/console/national/reconcile/requeue/"
    picked, left = reporting.approved(world), reporting.approved(world)
    elsewhere = reporting.approved(factories.make_world())
    Entry.objects.update(state="accepted", owner="", due_at=None, accepted_hash="h", attempts=3)

    def waiting() -> set[int]:
        rows = Entry.objects.filter(state="waiting", owner="system", due_at__isnull=False)
        return set(rows.filter(accepted_hash="", attempts=0).values_list("graduate_id", flat=True))

    form = {"pick": [picked.pk, elsewhere.pk, "no number"]}
    assert world.client(Role.COUNSELLOR).post(address, form).status_code == 403
    client = world.client(Role.SCHOOL_ADMIN)
    assert client.get(address).status_code == 405
    assert waiting() == set()
    done = client.post(address, form, follow=True)
    assert done.redirect_chain == [("/console/national/ledger/", 302)]
    assert "已重新排队 2 条" in done.content.decode()  # origin and destination of one graduate
    assert waiting() == {picked.pk}
    assert world.client(Role.PROVINCE).post(address, {"pick": [left.pk]}).status_code == 302
    assert waiting() == {picked.pk, left.pk}
    assert "已重新排队 0 条" in client.post(address, follow=True).content.decode()


def test_feedback_cannot_skip_a_level(world: World, feedback: Feedback) -> None:
    refused("role", handling.reassign, ids=[feedback.pk], to="province", by=world.counsellor)


def test_a_clerk_of_another_school_passes_nothing_on(feedback: Feedback) -> None:
    stranger = factories.make_world().school_admin
    assert handling.reassign(ids=[feedback.pk], to="department", by=stranger) == 0


def test_the_list_links_to_the_field(world: World, feedback: Feedback) -> None:
    page = world.client(Role.COUNSELLOR).get("/console/national/feedback/").content.decode()
    assert f"/console/destinations/{feedback.graduate_id}/#field-unit_name" in page
    assert "上报省级" in page  # how to mend


def test_a_registered_code_releases_what_was_held_back(world: World, simulator: Simulator) -> None:
    from national_sync.actions import upload

    graduate = reporting.confirmed(world)
    reporting.register(simulator, graduate)
    with simulator.transport() as transport:
        upload.run(transport, Mapped.load(simulated=False), seconds=5)
    assert reporting.entry(graduate, Part.ORIGIN).owner == "province"
    refused(
        "role", mapping.set_code, table="id_type", code="01", national_code="1",
        by=world.school_admin,
    )  # fmt: skip
    by = world.user(Role.PROVINCE)
    for table, code in (("id_type", "01"), ("education_type", "P"), ("graduation_conclusion", "G")):
        mapping.set_code(table=table, code=code, national_code="1", by=by)
    assert reporting.entry(graduate, Part.ORIGIN).state == "waiting"
    with simulator.transport() as transport:
        upload.run(transport, Mapped.load(simulated=False), seconds=5)
    assert reporting.entry(graduate, Part.ORIGIN).state == "accepted"


def test_simulated_codes_are_seen_by_the_simulator_only() -> None:
    NationalCode.objects.create(table="id_type", code="01", national_code="模", simulated=True)
    assert Mapped.load(simulated=False).national("id_type", "01") is None
    assert Mapped.load(simulated=True).national("id_type", "01") == "模"


def test_the_graduate_sees_and_confirms_the_national_copy(
    world: World, simulator: Simulator, settings: object
) -> None:
    settings.NATIONAL_URL, settings.NATIONAL_CLIENT = simulator.url, CLIENT  # type: ignore[attr-defined]
    settings.NATIONAL_SECRET = SECRET  # type: ignore[attr-defined]
    graduate = reporting.approved(world)
    user = factories.activate(graduate)
    reporting.register(simulator, graduate)
    reporting.run(simulator)
    client = factories.client_of(user)
    assert client.post("/national/refresh/").status_code == 302
    page = client.get("/national/").content.decode()
    assert "虚构信息技术有限公司" in page
    whole = Graduate.objects.select_related("school", "cohort").get(pk=graduate.pk)
    now = copies.as_context(whole)["shown"]
    assert (now.differences, now.held) == (0, True)
    assert client.post("/national/confirm/", {"digest": "0"}).status_code == 409
    assert client.post("/national/confirm/", {"digest": now.digest}).status_code == 302
    assert copies.as_context(whole)["confirmed"]
    # A reported field changes: the confirmation lapses and is asked for again.
    Destination.objects.filter(pk=graduate.pk).update(unit_name="改了名的有限公司")
    changed = copies.as_context(whole)
    assert not changed["confirmed"]
    assert changed["shown"].differences == 1


def test_the_archive_goes_up_and_its_numbers_come_back(world: World, simulator: Simulator) -> None:
    graduate = reporting.approved(world)
    reporting.register(simulator, graduate)
    archive.save(
        graduate_id=graduate.pk, by=world.counsellor,
        typed={
            "transfer_type": "agency", "unit_name": "示例市第一人民医院", "contact": "虚构档案员",
            "phone": "0551-60000002", "address": "虚构路2号", "postcode": "230000",
        },
    )  # fmt: skip
    assert Entry.objects.get(graduate=graduate, part="archive").state == "waiting"
    reporting.run(simulator)
    row = ArchiveTransfer.objects.get(pk=graduate.pk)
    assert reporting.states(graduate)["archive"] == "accepted", reporting.entry(
        graduate, "archive"
    ).problems
    assert row.transfer_no
    assert row.check_no


def test_every_feedback_that_the_list_shows_is_passed_on_by_a_job(
    world: World, feedback: Feedback
) -> None:
    closed = Feedback.objects.get(pk=feedback.pk)
    closed.pk, closed.state, closed.closed_at = None, FeedbackState.CLOSED, timezone.now()
    closed.save()
    address, listed = (
        "/console/national/feedback/reassign/",
        "/console/national/feedback/?state=every",
    )
    asked = {"all": "1", "from": listed, "to": "province", "note": "名称与执照一致"}
    assert world.client(Role.COUNSELLOR).post(address, asked).status_code == 403
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.post(address, asked).content.decode()
    assert "可办理的 1 条" in page and "名称与执照一致" in page
    sure = {"bulk": "reassign-province", "from": listed, "sure": "1", "expected": "1"}
    assert client.post("/console/bulk/", sure).status_code == 409, "not without a word"
    assert client.post("/console/bulk/", sure | {"reason": "名称与执照一致"}).status_code == 302
    bulk.run_waiting()
    feedback.refresh_from_db()
    assert (feedback.owner, feedback.note) == ("province", "名称与执照一致")
    (row,) = BulkJob.objects.get().rows.all()
    assert (row.target, row.done, row.message) == (feedback.pk, True, "已转交省级")
