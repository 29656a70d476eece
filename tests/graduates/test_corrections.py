"""信息反馈/纠错: graduates ask for corrections; staff accept or refuse them, once."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Message
from core.errors import DomainError, Invalid
from core.menu import counted_items
from core.models import Event
from destinations.actions import enter, register
from destinations.catalogue import catalogue
from destinations.fields import BY_KEY
from graduates.actions import archive, corrections
from graduates.models import ArchiveTransfer, CorrectionRequest, Graduate
from graduates.states import CorrectionState
from schools.roles import Role
from schools.waiting import waiting_count
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db


def ask(graduate: Graduate, **changes: Any) -> CorrectionRequest:
    user = factories.User.objects.filter(person__graduates=graduate).first()
    values = {
        "kind": "origin", "field": "politics", "proposed": "中共党员", "reason": "已入党",
        "by": user or factories.activate(graduate),
    }  # fmt: skip
    return corrections.ask(graduate=graduate, **(values | changes))


def refused(code: str, call: Any, *args: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code


def test_accepting_applies_the_value_with_history(world: World, graduate: Graduate) -> None:
    request = ask(graduate)
    corrections.accept(request=request, by=world.counsellor)
    graduate.refresh_from_db()
    assert graduate.politics == "01"
    assert Event.objects.filter(action="graduates.edit", object_id=graduate.pk).exists()
    assert Message.objects.filter(to=f"person:{graduate.person_id}").count() == 1


def test_a_refusal_needs_an_answer_which_the_graduate_sees(
    world: World, graduate: Graduate
) -> None:
    request = ask(graduate)
    refused("answer", corrections.refuse, request=request, by=world.counsellor, answer=" ")
    done = corrections.refuse(request=request, by=world.counsellor, answer="材料不足")
    assert done.state == CorrectionState.REFUSED
    page = factories.client_of(graduate.person.user or _user(graduate)).get("/corrections/")
    assert "材料不足" in page.content.decode()


def _user(graduate: Graduate) -> Any:
    return factories.User.objects.get(person__graduates=graduate)


def test_the_second_of_two_who_answer_is_told(world: World, graduate: Graduate) -> None:
    request = ask(graduate)
    corrections.accept(request=request, by=world.counsellor)
    refused("decided", corrections.refuse, request=request, by=world.school_admin, answer="不")


def test_a_field_can_have_one_open_request(graduate: Graduate) -> None:
    ask(graduate)
    refused("correction_open", ask, graduate)


def test_an_error_is_shown_beside_its_field(graduate: Graduate) -> None:
    refused("invalid", ask, graduate, proposed="", reason="")
    refused("invalid", ask, graduate, field="standing")
    refused("not_image", ask, graduate, pictures=[b"%PDF-1.7"])


def test_a_request_stays_open_when_the_record_refuses_its_value(
    world: World, graduate: Graduate
) -> None:
    # Another field has to be filled in as well, which the person who accepts has to do first.
    request = ask(graduate, field="training_mode", proposed="定向")
    refused("invalid", corrections.accept, request=request, by=world.school_admin)
    request.refresh_from_db()
    assert request.state == CorrectionState.OPEN


def test_a_request_is_due_in_three_working_days(graduate: Graduate) -> None:
    import datetime

    friday = datetime.date(2026, 11, 20)
    assert corrections.due_on(friday) == datetime.date(2026, 11, 25)


def test_corrections_of_destination_and_archive_use_their_own_actions(
    world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    factories.register_contract(graduate, user)
    request = ask(graduate, kind="destination", field="unit_address", proposed="虚构路9号")
    corrections.accept(request=request, by=world.counsellor)
    assert factories.destination_of(graduate).unit_address == "虚构路9号"
    archive.save(graduate_id=graduate.pk, typed={"transfer_type": "keep"}, by=user)
    request = ask(graduate, kind="archive", field="unit_name", proposed="虚构人才中心")
    corrections.accept(request=request, by=world.counsellor)
    assert ArchiveTransfer.objects.get(pk=graduate.pk).unit_name == "虚构人才中心"


def test_an_e_signed_destination_cannot_be_corrected_by_staff(
    world: World, graduate: Graduate
) -> None:
    """Neither when it was proposed before the signing, nor when it is proposed now."""
    user = factories.activate(graduate)
    register.register(graduate_id=graduate.pk, typed=factories.SEEKING, by=user)
    request = ask(graduate, kind="destination", field="category", proposed="11")
    factories.sign_agreement(graduate)
    refused("agreement", corrections.accept, request=request, by=world.school_admin)
    with pytest.raises(Invalid) as refusal:
        ask(graduate, kind="destination", field="job_title", proposed="设计师")
    assert "修改签约信息" in refusal.value.errors["proposed"][0]
    industry = ask(graduate, kind="destination", field="unit_industry", proposed="教育")
    corrections.accept(request=industry, by=world.counsellor)
    assert industry.proposed == BY_KEY["unit_industry"].show(
        factories.destination_of(graduate).unit_industry
    )


def test_a_refused_request_shows_again_what_was_typed(graduate: Graduate) -> None:
    client = factories.client_of(factories.activate(graduate))
    page = client.post(
        "/corrections/ask/",
        {"kind": "origin", "field": "politics", "proposed": "", "reason": "理由还在"},
    )
    assert page.status_code == 422
    assert "理由还在" in page.content.decode()


def test_staff_of_another_school_see_no_correction(graduate: Graduate) -> None:
    request = ask(graduate)
    client = factories.make_world().client(Role.SCHOOL_ADMIN)
    assert client.get(f"/console/corrections/{request.pk}/").status_code == 404


def test_archive_types_with_a_receiver_require_all_its_fields(graduate: Graduate) -> None:
    user = factories.activate(graduate)
    with pytest.raises(DomainError) as refusal:
        archive.save(graduate_id=graduate.pk, typed={"transfer_type": "agency"}, by=user)
    assert set(refusal.value.errors) == {"unit_name", "contact", "phone", "address"}  # type: ignore[attr-defined]


def test_a_sent_archive_can_only_be_corrected_on_request(world: World, graduate: Graduate) -> None:
    user = factories.activate(graduate)
    archive.save(graduate_id=graduate.pk, typed={"transfer_type": "keep"}, by=user)
    archive.record_sending(
        graduate_id=graduate.pk, by=world.counsellor,
        typed={"tracking_no": "EMS123", "sent_on": factories.today().isoformat()},
    )  # fmt: skip
    refused(
        "archive", archive.save, graduate_id=graduate.pk, typed={"transfer_type": "keep"}, by=user
    )


def test_the_list_shows_open_corrections_unless_another_state_is_chosen(world: World) -> None:
    first, second = factories.make_graduate(world), factories.make_graduate(world)
    for graduate in (first, second):
        corrections.ask(
            graduate=graduate, kind="origin", field="name", proposed="试更正", reason="写错了",
            by=factories.activate(graduate),
        )  # fmt: skip
    done = CorrectionRequest.objects.get(graduate=first)
    corrections.refuse(request=done, by=world.counsellor, answer="原信息无误")

    def listed(**query: str) -> set[str]:
        page = world.client(Role.COUNSELLOR).get("/console/corrections/", query)
        text = page.content.decode()
        return {g.student_no for g in (first, second) if g.student_no in text}

    # The form sends an empty choice of the state, which means that none was chosen.
    assert listed() == listed(state="", q="") == {second.student_no}
    assert listed(state="refused") == {first.student_no}
    assert listed(state="every") == {first.student_no, second.student_no}


def test_an_empty_list_says_whether_there_are_none_or_none_was_found(world: World) -> None:
    client = world.client(Role.COUNSELLOR)
    assert "没有信息反馈" in client.get("/console/corrections/").content.decode()
    assert "没有信息反馈" in client.get("/console/corrections/?q=无").content.decode()
    graduate = factories.make_graduate(world)
    corrections.ask(
        graduate=graduate, kind="origin", field="name", proposed="试更正", reason="写错了",
        by=factories.activate(graduate),
    )  # fmt: skip
    found = client.get("/console/corrections/?q=无").content.decode()
    assert "没有符合条件的记录" in found
    assert "没有信息反馈" not in found


def test_the_history_shows_an_archives_changes_in_words(world: World) -> None:
    graduate = factories.make_graduate(world)
    typed = {
        "transfer_type": "agency", "unit_name": "虚构人才中心", "contact": "虚构档案员",
        "phone": "0551-60000002", "address": "虚构路2号", "postcode": "230000",
    }  # fmt: skip
    archive.save(graduate_id=graduate.pk, typed=typed, by=world.counsellor)
    client = world.client(Role.COUNSELLOR)
    for address in (f"/console/graduates/{graduate.pk}/", "/console/graduates/changes/"):
        page = client.get(address).content.decode()
        assert "档案转寄单位名称" in page
        assert "托管单位接收" in page
        assert graduate.name in page
        for raw in ("graduates.archive", "transfer_type:", "unit_name:", "agency"):
            assert raw not in page, (address, raw)


def test_mail_number_and_day_must_be_saved_together(world: World) -> None:
    graduate = factories.make_graduate(world)
    client = world.client(Role.COUNSELLOR)
    address = f"/console/graduates/{graduate.pk}/archive/"
    receiver = {
        "transfer_type": "agency", "unit_name": "虚构人才中心", "contact": "虚构档案员",
        "phone": "0551-60000002", "address": "虚构路2号", "postcode": "230000",
    }  # fmt: skip
    assert client.post(address, receiver).status_code == 302
    half = client.post(address, {"sent": "1", "tracking_no": "EMS123"})
    assert half.status_code == 422
    assert "单号和寄出日期须一并填写" in half.content.decode()
    assert 'value="EMS123"' in half.content.decode()
    version = ArchiveTransfer.objects.get(pk=graduate.pk).version
    whole = {"sent": "1", "tracking_no": "EMS123", "sent_on": factories.today().isoformat()}
    assert "您的修改没有保存" in client.post(address, whole).content.decode()
    whole["version"] = str(version)
    assert client.post(address, whole).status_code == 302
    row = ArchiveTransfer.objects.get(pk=graduate.pk)
    assert (row.tracking_no, row.unit_name) == ("EMS123", "虚构人才中心")
    seen = factories.client_of(factories.activate(graduate)).get("/archive/").content.decode()
    assert "EMS123" in seen


def test_the_menu_counts_corrections_only_for_staff_who_answer_them(world: World) -> None:
    graduate = factories.make_graduate(world)
    corrections.ask(
        graduate=graduate, kind="origin", field="name", proposed="试更正", reason="写错了",
        by=factories.activate(graduate),
    )  # fmt: skip

    def called(role: str) -> int:
        user = world.user(role)
        (item,) = [i for i in counted_items(user) if i.url_name == "console:corrections"]
        return waiting_count(item, user)

    assert called(Role.COUNSELLOR) == 1
    assert called(Role.PROVINCE) == 0


@pytest.mark.parametrize(
    ("field", "proposed", "sentence"),
    [("politics", "不存在的面貌", "政治面貌"), ("mobile", "1380000000", "手机号码"),
     ("enrolled_on", "去年", "入学日期"), ("origin", "合肥市", "区县")],
)  # fmt: skip
def test_a_wrong_value_is_refused_when_it_is_proposed(
    field: str, proposed: str, sentence: str, graduate: Graduate
) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(graduate, field=field, proposed=proposed)
    assert sentence in refusal.value.errors["proposed"][0]
    client = factories.client_of(factories.User.objects.get(person__graduates=graduate))
    form = {"kind": "origin", "field": field, "proposed": proposed, "reason": "写错了"}
    page = client.post("/corrections/ask/", form)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not CorrectionRequest.objects.exists()


def test_a_coded_field_is_chosen_and_shown_in_words(world: World, graduate: Graduate) -> None:
    client = factories.client_of(factories.activate(graduate))
    page = client.get("/corrections/ask/?kind=origin&field=politics").content.decode()
    assert '<select name="proposed"' in page
    assert '<option value="01">' in page
    form = {"kind": "origin", "field": "politics", "proposed": "01", "reason": "已入党"}
    assert client.post("/corrections/ask/", form).status_code == 302
    request = CorrectionRequest.objects.get()
    assert request.proposed == "中共党员"
    corrections.accept(request=request, by=world.counsellor)
    graduate.refresh_from_db()
    assert graduate.politics == "01"


def test_every_proposed_value_can_be_read_again_when_it_is_accepted(
    world: World, graduate: Graduate
) -> None:
    for field, typed, stored in (
        ("origin", "恩施州恩施市", "422801"),
        ("mobile", "１３８０００００００９", "13800000009"),
        ("duration", "五年", 5),
        ("archive_moved", "否", False),
        ("ethnicity", "02", "02"),
    ):
        corrections.accept(
            request=ask(graduate, field=field, proposed=typed), by=world.school_admin
        )
        graduate.refresh_from_db()
        assert getattr(graduate, field) == stored


def test_a_place_is_picked_as_in_other_forms(graduate: Graduate) -> None:
    client = factories.client_of(factories.activate(graduate))
    with_places = client.get("/corrections/ask/?kind=origin&field=origin").content.decode()
    assert "js/picker.js" in with_places
    assert "js/picker.js" not in client.get("/corrections/ask/").content.decode()


@pytest.mark.parametrize(
    ("field", "proposed", "sentence"),
    [("id_number", "340103200402290010", "证件号码"), ("directed_unit", "虚构单位", "培养方式"),
     ("graduates_on", "2019-07-01", "晚于入学日期")],
)  # fmt: skip
def test_a_value_is_checked_with_the_rest_of_the_record_when_it_is_proposed(
    field: str, proposed: str, sentence: str, graduate: Graduate
) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(graduate, field=field, proposed=proposed)
    assert sentence in refusal.value.errors["proposed"][0]


def test_a_destination_is_checked_with_its_other_fields_when_a_value_is_proposed(
    graduate: Graduate,
) -> None:
    factories.register_contract(graduate, factories.activate(graduate))
    with pytest.raises(Invalid) as refusal:
        ask(graduate, kind="destination", field="unit_code", proposed="91340100MA2MRF1T25")
    assert "代码" in refusal.value.errors["proposed"][0]


def test_another_category_is_chosen_and_entered_by_the_person_who_accepts(
    world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    register.register(graduate_id=graduate.pk, typed=factories.SEEKING, by=user)
    client, label_of = factories.client_of(user), catalogue().label_of
    page = client.get("/corrections/ask/?kind=destination&field=category").content.decode()
    assert '<select name="proposed"' in page
    assert '<option value="71">' in page
    form = {"kind": "destination", "field": "category", "proposed": "71", "reason": "准备考研"}
    assert client.post("/corrections/ask/", form).status_code == 302
    request = CorrectionRequest.objects.get()
    assert (request.current, request.proposed) == (label_of("70-2"), label_of("71"))
    corrections.accept(request=request, by=world.counsellor)
    assert factories.destination_of(graduate).category == "71"


def test_a_category_that_asks_for_more_has_to_be_entered_first(
    world: World, graduate: Graduate
) -> None:
    """The page says what is missing. The correction is accepted once the entry is complete."""
    user = factories.activate(graduate)
    register.register(graduate_id=graduate.pk, typed=factories.SEEKING, by=user)
    request = ask(graduate, kind="destination", field="category", proposed="签劳动合同形式就业")
    page = world.client(Role.COUNSELLOR).post(
        f"/console/corrections/{request.pk}/answer/", {"do": "accept"}
    )
    assert page.status_code == 422
    assert "单位名称不能为空" in page.content.decode()
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.counsellor)
    version = factories.destination_of(graduate).version
    corrections.accept(request=request, by=world.counsellor)
    assert factories.destination_of(graduate).version == version
    request.refresh_from_db()
    assert request.state == CorrectionState.ACCEPTED


def test_nothing_can_be_corrected_before_a_destination_is_registered(graduate: Graduate) -> None:
    client = factories.client_of(factories.activate(graduate))
    page = client.get("/corrections/ask/?kind=destination").content.decode()
    assert 'name="field"' not in page
    assert "还没有登记毕业去向，没有可以更正的内容" in page
    refused("invalid", ask, graduate, kind="destination", field="category", proposed="11")
