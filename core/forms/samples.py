"""Sample forms with every kind of field in every state, for the gallery in development."""

from __future__ import annotations

from core.errors import Invalid
from core.forms import fields, widgets
from core.forms.base import PlatformForm

_KINDS = [("10", "机关"), ("31", "国有企业"), ("39", "其他企业")]


class SampleForm(PlatformForm):
    """One field of every kind."""

    name = fields.Text("单位名称", max_length=20, help_text="与营业执照逐字一致。")
    code = fields.Digits("院校代码", max_length=5, help_text="5位数字。")
    mobile = fields.Phone("手机号码")
    email = fields.Email("电子邮箱", required=False)
    wage = fields.Decimal("约定薪资（元/月）", required=False)
    signed_on = fields.Date("签约日期", required=False)
    begins_at = fields.Moment("开始时间", required=False)
    kind = fields.Choice("单位性质", _KINDS)
    place = fields.Text("单位所在地", widget=widgets.PlaceInput)
    one_time_code = fields.OneTimeCode("短信验证码", required=False)
    password = fields.Password("密码", required=False)
    ground = fields.Choice("解约事由", _KINDS[:2], required=False, widget=widgets.RadioSelect)
    checklist = fields.Checklist("核对清单", _KINDS, required=False)
    several = fields.Checklist(
        "意向单位性质", [("企业", _KINDS[1:]), ("其他", _KINDS[:1])], required=False,
        widget=widgets.FoldedChecks,
    )  # fmt: skip
    note = fields.LongText("备注", required=False, max_length=200, wide=True)
    agreed = fields.Check("录入与终审须为两人", help_text="谁录入的去向就不能由谁终审。")
    workbook = fields.File("工作簿", accept=".xlsx,.xls", required=False)
    scan = fields.Picture("盖章公函", required=False, widget=widgets.ImageSlot(title="盖章公函"))


class SignatureSample(PlatformForm):
    signature = fields.Signature("手写签名", star=True)


def empty() -> SampleForm:
    return SampleForm(auto_id="empty_%s", initial={"ground": "10"})


def refused() -> SampleForm:
    """With what was typed, errors of the form and of an action, and a warning."""
    typed = {"name": "名称很长的虚构数据服务与人工智能应用技术研究公司", "code": "12345",
             "kind": "31", "signed_on": "昨天", "place": "虚构县"}  # fmt: skip
    form = SampleForm(typed, {}, auto_id="refused_%s")
    form.is_valid()
    form.add_refusal(
        Invalid({"code": ["此代码已属于虚构大学。"], "other": ["本届已封存。"]}, "duplicate")
    )
    form.warnings["kind"] = ["与上次登记的单位性质不同，请核对。"]
    return form


def grey() -> SampleForm:
    """Fields that can't be edited, in the ways they are shown."""
    form = SampleForm(auto_id="grey_%s")
    form.grey("name", "已签约，变更请解约后重新签约。", shown="虚构信息技术有限公司")
    form.grey("code", "来自学籍，须与学籍一致。", shown="")
    form.grey("mobile", "", shown="34010320000101123X", masked=True, may_reveal=True)
    for name in list(form.fields):
        if name not in ("name", "code", "mobile"):
            del form.fields[name]
    return form


def signature() -> SignatureSample:
    return SignatureSample(auto_id="sample_%s")
