"""The form kit: what a field says to a screen reader, what is refused, what is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms as django_forms
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory, SimpleTestCase
from django.utils.datastructures import MultiValueDict

from core.errors import Invalid, Refused
from core.forms import PlatformForm, fields, picked_ids, posted, pressed, widgets


class UnitForm(PlatformForm):
    name = fields.Text("单位名称", max_length=10, help_text="与公章一致。")
    phone = fields.Phone("联系电话", required=False)
    opens_on = fields.Date("开放日期", required=False)
    kind = fields.Choice("单位性质", [("10", "机关"), ("31", "国有企业")])
    seen = fields.Seen()


GOOD = {"name": "虚构公司", "phone": "0551-65310000", "opens_on": "2027-06-01", "kind": "10"}


def page(form: PlatformForm) -> str:
    return str(form)


def field_of(form: PlatformForm, name: str) -> str:
    return form[name].as_field_group()


def test_a_valid_form_gives_cleaned_values() -> None:
    form = UnitForm(GOOD | {"seen": "7"})
    assert form.is_valid()
    assert form.status == 200
    assert form.cleaned_data["seen"] == 7
    assert form.cleaned_data["opens_on"].isoformat() == "2027-06-01"


def test_label_hint_and_input_belong_together() -> None:
    html = field_of(UnitForm(), "name")
    assert 'id="field-name"' in html
    assert '<label for="id_name" class="required">单位名称</label>' in html
    assert 'id="id_name_helptext">与公章一致。' in html
    assert 'aria-describedby="id_name_helptext"' in html
    assert 'aria-required="true"' in html
    assert "aria-invalid" not in html
    assert " required>" not in html  # the server asks, in Chinese


def test_a_field_that_may_be_empty_has_no_star() -> None:
    html = field_of(UnitForm(), "phone")
    assert "required" not in html
    assert 'type="tel"' in html
    assert 'inputmode="tel"' in html


def test_a_starred_field_may_be_empty_for_the_form() -> None:
    class Form(PlatformForm):
        name = fields.Text("姓名", star=True)

    assert 'class="required"' in field_of(Form(), "name")
    assert Form({"name": ""}).is_valid()


def test_errors_are_tied_to_their_fields() -> None:
    form = UnitForm(GOOD | {"name": "", "kind": "99"})
    assert (form.is_valid(), form.status) == (False, 422)
    html = field_of(form, "name")
    assert 'class="field has-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert re.search(r'id="id_name_error"><div class="error" role="alert">请填写单位名称。', html)
    assert form.errors["kind"] == ["请选择单位性质。"]


def test_values_that_are_too_long_or_no_date_are_refused_in_chinese() -> None:
    form = UnitForm(GOOD | {"name": "长" * 11, "opens_on": "明天"})
    assert form.errors["name"] == ["单位名称不能超过10个字。"]
    assert "2027-08-31" in form.errors["opens_on"][0]
    assert 'maxlength="30"' in field_of(form, "name")  # room for blanks that go away


def test_an_error_message_of_the_declaration_is_kept() -> None:
    class Form(PlatformForm):
        year = fields.Number("届别", error_messages={"required": "请填写年份，如 2027。"})

    assert Form({}).errors["year"] == ["请填写年份，如 2027。"]
    assert Form({"year": "二〇"}).errors["year"] == ["届别应为整数。"]


def test_typed_values_are_shown_again() -> None:
    form = UnitForm({"name": "虚构公司", "phone": "<b>", "kind": "31", "opens_on": "明天"})
    assert not form.is_valid()
    html = page(form)
    assert 'value="虚构公司"' in html
    assert 'value="&lt;b&gt;"' in html
    assert 'value="明天"' in html
    assert '<option value="31" selected>' in html


def test_the_error_summary_links_to_the_fields() -> None:
    form = UnitForm(GOOD | {"name": "", "kind": ""})
    form.is_valid()
    html = Template('{% include "core/forms/errors.html" %}').render(Context({"form": form}))
    assert 'role="alert"' in html
    assert "有 2 项需要修改" in html
    assert '<a href="#id_name">单位名称</a>' in html
    assert '<a href="#id_kind">单位性质</a>' in html


def test_a_form_without_errors_has_no_summary() -> None:
    for form in (UnitForm(), UnitForm(GOOD)):
        html = Template('{% include "core/forms/errors.html" %}').render(Context({"form": form}))
        assert html.strip() == ""


def test_a_refusal_is_shown_beside_its_fields_and_the_rest_at_the_top() -> None:
    form = UnitForm(GOOD)
    assert form.is_valid()
    form.add_refusal(Invalid({"name": ["已有同名单位。"], "scan": ["请上传公函。"]}, "duplicate"))
    assert form.errors["name"] == ["已有同名单位。"]
    assert form.top_errors == ["请上传公函。"]
    assert form.errors.as_data()["name"][0].code == "duplicate"
    assert form.status == 422


def test_a_refusal_without_a_field_is_shown_at_the_top_with_its_status() -> None:
    form = UnitForm(GOOD)
    form.is_valid()
    form.add_refusal(Refused("state", "单位已停用。"))
    assert (form.top_errors, form.status) == (["单位已停用。"], 409)
    html = Template('{% include "core/forms/errors.html" %}').render(Context({"form": form}))
    assert "单位已停用。" in html
    assert "项需要修改" not in html


def test_sentences_at_the_top_end_with_a_full_stop() -> None:
    form = UnitForm(GOOD)
    form.is_valid()
    form.add_refusal(Invalid({"evidence": ["请上传证明材料"], "": ["本届已封存。"]}))
    assert form.top_errors == ["请上传证明材料。", "本届已封存。"]


def test_radio_buttons_show_each_choice_once_and_no_empty_one() -> None:
    class Form(PlatformForm):
        kind = fields.Choice("性质", [("10", "机关"), ("31", "企业")], widget=widgets.RadioSelect)

    html = field_of(Form(), "kind")
    assert html.count("机关") == 1
    assert "请选择" not in html
    assert html.count('type="radio"') == 2
    assert '<legend class="field-label required">性质</legend>' in html


def test_an_error_of_a_hidden_field_is_shown_at_the_top() -> None:
    form = UnitForm(GOOD)
    form.is_valid()
    form.add_refusal(Invalid({"seen": ["记录已被他人修改。"]}))
    assert form.top_errors == ["记录已被他人修改。"]
    assert form.invalid_fields == []


def test_a_grey_field_shows_its_value_and_reason_and_ignores_posts() -> None:
    form = UnitForm(GOOD | {"kind": "31", "name": "改了"})
    form.grey("kind", "由学校维护。", shown="机关")
    form.grey("name", "已签约，不能修改。", shown="")
    assert form.is_valid()
    assert "kind" not in form.cleaned_data
    assert "name" not in form.cleaned_data
    html = field_of(form, "kind")
    assert "机关" in html
    assert "由学校维护。" in html
    assert "<select" not in html
    assert "<input" not in html
    assert "—" in field_of(form, "name")


def test_a_grey_number_is_masked_and_has_a_button_to_reveal_it() -> None:
    form = UnitForm()
    form.grey("name", "", shown="340103200001011234", masked=True, may_reveal=True)
    html = field_of(form, "name")
    assert "340103200001011234" not in html
    assert 'data-reveal="name"' in html


def test_warnings_do_not_make_a_form_invalid() -> None:
    form = UnitForm(GOOD)
    form.warnings["name"] = ["请确认单位名称与公章一致。"]
    assert form.is_valid()
    assert "请确认单位名称与公章一致。" in field_of(form, "name")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (fields.Phone("电话"), ['type="tel"', 'inputmode="tel"', 'autocomplete="tel"']),
        (fields.Email("邮箱"), ['type="email"', 'inputmode="email"']),
        (fields.Digits("代码"), ['type="text"', 'inputmode="numeric"']),
        (fields.Decimal("薪资"), ['inputmode="decimal"']),
        (fields.Date("日期"), ['type="date"']),
        (fields.OneTimeCode("验证码"), ['autocomplete="one-time-code"', 'inputmode="numeric"']),
        (fields.Password("密码"), ['type="password"', 'autocomplete="current-password"']),
        (fields.Text("地点", widget=widgets.PlaceInput), ['list="places"', "data-pick-place"]),
        (fields.File("工作簿", accept=".xlsx"), ['type="file"', 'accept=".xlsx"']),
        (fields.Pictures("图片"), ["multiple", 'accept="image/*,.heic,.heif"']),
        (fields.LongText("说明"), ["<textarea", 'rows="3"']),
        (fields.Check("同意"), ['type="checkbox"', "form-check-label"]),
    ],
)
def test_each_widget_asks_for_the_right_keyboard(
    field: django_forms.Field, said: list[str]
) -> None:
    form_class = type("Form", (PlatformForm,), {"it": field})
    html = form_class()["it"].as_field_group()
    assert [s for s in said if s not in html] == []


def test_a_password_is_never_shown_again() -> None:
    class Form(PlatformForm):
        password = fields.Password("密码")

    form = Form({"password": "secret-1"})
    assert "secret-1" not in page(form)
    form.add_refusal(Invalid({"password": ["密码不正确。"]}))
    html = Template('{% include "core/forms/errors.html" %}').render(Context({"form": form}))
    assert "有 1 项需要修改" in html
    assert "都还在" not in html


def test_picture_fields_and_the_signature_pad_show_stored_pictures() -> None:
    class Form(PlatformForm):
        licence = fields.Text("执照", widget=widgets.ImageSlot(title="执照", shown="/x/1"))
        signature = fields.Text("签名", widget=widgets.SignaturePad(keep_at="/keep/", kept=3))

    html = page(Form())
    assert '<img src="/x/1" alt="执照">' in html
    assert 'data-keep="/keep/"' in html
    assert '<input type="hidden" name="kept" value="3">' in html


def request_with(data: dict[str, Any]) -> Any:
    return RequestFactory().post("/", data)


def test_buttons_ticked_rows_and_pictures_are_read_from_a_post() -> None:
    request = request_with({"do": "refuse", "pick": ["3", "1", "x", "2"]})
    assert pressed(request, "do") == "refuse"
    assert pressed(request, "other") == ""
    assert picked_ids(request) == [1, 2, 3]
    assert picked_ids(request, most=2) == [1, 2]
    assert isinstance(posted(request), QueryDict)
    assert posted(RequestFactory().get("/")) is None
    assert pressed(RequestFactory().get("/?do=refuse"), "do") == ""


def test_an_empty_post_still_submits_the_form() -> None:
    form = UnitForm(posted(request_with({})))
    assert form.is_bound
    assert form.status == 422


def test_a_page_that_is_opened_by_get_shows_no_errors() -> None:
    """`request.FILES` exists on a GET, too; it must not make the form a submitted one."""

    class OnePicture(PlatformForm):
        picture = django_forms.FileField()

    form = OnePicture(None, MultiValueDict())
    assert not form.is_bound
    assert form.errors == {}


def test_a_drop_down_list_is_written_as_django_writes_it() -> None:
    choices = [("", "请选择"), ("企业", [("31", "国有<企业>"), (39, "其他")]), ("10", "机关")]
    for value in ("", "31", 39, "10", None):
        ours = widgets.Select(choices=choices).render("kind", value, {"id": "id_kind"})
        plain = django_forms.Select(attrs={"class": "form-select"}, choices=choices)
        assert_same = SimpleTestCase().assertHTMLEqual
        assert_same(ours, plain.render("kind", value, {"id": "id_kind"}))


def test_a_widget_of_one_choice_marks_it() -> None:
    html = widgets.Select(choices=[("1", "一"), ("2", "二")]).render("kind", "2")
    assert html.count(" selected") == 1
    assert '<option value="2" selected>二</option>' in html
