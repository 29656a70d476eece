"""Forms about destinations. The catalogue says which fields the form of a registration has; graduates
and staff fill in the same ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.forms import BoundField

from codes.form_steps import FormStep, steps_by_group
from codes.forms import DeclaredForm, declared_form
from core.forms import PlatformForm, fields, widgets
from destinations.actions import catalogue as catalogue_actions
from destinations.actions.review import CORRECTABLE
from destinations.catalogue import Leaf, catalogue
from destinations.fields import BY_KEY, EVIDENCE, FORMS, GROUPS, OTHER
from destinations.final_words import TITLES
from destinations.models import Category, Destination, Requirement

_AS_CATEGORY = ("", "同本类别")


def chosen_leaf(data: Mapping[str, Any]) -> tuple[Leaf | None, str]:
    """The category and the key of its local form that an address or a POST names; None and "" if it
    names none."""
    leaf = catalogue().leaves.get(data.get("category", ""))
    kind = data.get("form", "")
    if leaf is None or not leaf.has_forms or kind not in FORMS:
        kind = ""
    return leaf, kind


class EntryForm(DeclaredForm):
    """The form in which staff enter a destination. `version` is the version that the page showed."""

    version = fields.Seen()
    wage_override = fields.Text("月薪低于最低标准时的说明", required=False, max_length=200)
    images = fields.Uploads("上传材料图片", required=False, help_text="可一次选择多张，最多4张。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wage_override"].widget.attrs["id"] = "wage_override"
        self.fields["images"].widget.attrs["class"] = "form-control form-control-sm"
        # The page keeps chosen pictures even if something else is wrong, and shows them.
        self.fields["images"].widget.shown = "kept"


def registration_form(
    leaf: Leaf,
    kind: str,
    d: Destination,
    data: Mapping[str, Any] | None = None,
    *,
    files: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    grey: Collection[str] = (),
    base: type[DeclaredForm] = DeclaredForm,
) -> DeclaredForm:
    """A form with the fields that the category and its local form `kind` ask for. The fields in
    `grey` are shown but can't be edited. `typed` is text that was typed under another category and is
    shown instead of what is stored."""
    asked = (leaf.declared(key) for key in leaf.shown(kind))
    shown = sorted(asked, key=lambda f: GROUPS.index(f.group))
    keys = [f.key for f in shown]
    form_class = declared_form(
        shown,
        required=[k for k in keys if leaf.requirement(k, kind) == Requirement.REQUIRED],
        greyed={key: "已审核，有误请联系辅导员" for key in keys if key in grey},
        # The notes speak of papers, which an e-signed destination has none of.
        hints={} if d.agreement_no else {key: leaf.note(key, kind) for key in keys},
        base=base,
    )
    initial = stored_values(d) | {"wage_override": d.wage_override, "version": d.version}
    initial |= typed or {}
    return form_class(data, files, initial=initial)


def typed_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The text that was typed into fields of a destination, whatever category they were asked for."""
    return {key: data[key] for key in BY_KEY if key in data}


def registration_steps(form: DeclaredForm) -> list[FormStep]:
    """The pages of a registration: one for each group of fields that the category asks for. 其他 is no
    page of its own where there is another."""
    *steps, last = steps_by_group(form) or [FormStep(OTHER, ())]
    if last.title != OTHER or not steps:
        return [*steps, last]
    return [*steps[:-1], replace(steps[-1], names=steps[-1].names + last.names)]


class CorrectCodesForm(DeclaredForm):
    """Corrects the coded fields of an e-signed destination, with a reason."""

    version = fields.Seen()
    reason = fields.LongText("理由", star=True, max_length=200, help_text="会写入经过，不能再改。")


def correct_codes_form(d: Destination, data: Mapping[str, Any] | None = None) -> DeclaredForm:
    declarations = [BY_KEY[key] for key in CORRECTABLE]
    form_class = declared_form(declarations, required=CORRECTABLE, base=CorrectCodesForm)
    return form_class(
        data,
        initial=stored_values(d) | {"version": d.version},
        field_order=[*CORRECTABLE, "reason"],
    )


class MaterialForm(PlatformForm):
    """Pictures that prove a destination."""

    image = fields.Uploads("材料图片", error_messages={"required": "请选择图片。"})

    def __init__(self, *args: Any, input_class: str, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["image"].widget.attrs["class"] = input_class


class ReleaseForm(PlatformForm):
    """Proposes a release, with pictures of the paper that the unit stamped."""

    reason = fields.LongText("解约原因", star=True, max_length=300)
    images = fields.Pictures(
        "解约材料", star=True, help_text="加盖单位公章或人力资源部门公章，最多4张，大图会自动压缩"
    )
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "3"


class ReleaseAnswerForm(PlatformForm):
    """The answer to a proposal to release. Only a refusal needs one."""

    reason = fields.LongText("说明（不同意时必填，毕业生会看到）", required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class ReviewForm(PlatformForm):
    """The reason a reviewer gives. The action refuses an empty one where the step needs it."""

    reason = fields.LongText("原因（不通过时填写）", required=False)
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class BulkReviewForm(PlatformForm):
    """The reason for all picked rows. `seen` names the rows that the preview showed, each as
    "id:version"."""

    reason = fields.LongText("不通过原因", star=True)
    seen = fields.Words()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class DisputeForm(PlatformForm):
    """A graduate's objection: this is not where they go."""

    reason = fields.LongText("说明", star=True, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "4"


class DoubtForm(PlatformForm):
    """What is not right in the final confirmation, in which part."""

    part = fields.Choice("哪一部分", list(TITLES.items()), star=True)
    text = fields.LongText("哪里不对，应当是什么", star=True, max_length=300)


class AnswerForm(PlatformForm):
    """The answer to a doubt in the final confirmation."""

    text = fields.LongText("答复", star=True, max_length=300)


class SettleForm(PlatformForm):
    """The answer to a dispute."""

    answer = fields.LongText("说明（毕业生会看到）", star=True, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["answer"].widget.attrs["rows"] = "2"


class WageForm(PlatformForm):
    """The minimum wage of a region from one day on. The action says everything that is wrong."""

    place = fields.Text(
        "地区",
        star=True,
        widget=widgets.PlaceInput,
        help_text="省、市或区县；下级没有自己的标准时用上级的。",
    )
    valid_from = fields.Date("起始日期", star=True)
    amount = fields.Number(
        "标准（元/月）",
        star=True,
        error_messages={"invalid": "请填写每月元数，500 至 100000 之间的整数。"},
    )


class RequirementsForm(PlatformForm):
    """What a category, or its local form `kind`, asks for: a requirement and a note per field."""

    def __init__(self, *args: Any, row: Category, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {(f.form, f.field): (f.requirement, f.condition) for f in row.fields.all()}
        hidden = (str(Requirement.HIDDEN), "")
        self.own = {k: stored.get(("", k), hidden) for k in catalogue_actions.REQUIRABLE}
        choices = [*([_AS_CATEGORY] if kind else []), *Requirement.choices]
        for key in catalogue_actions.REQUIRABLE:
            setting = stored.get((kind, key), ("", "")) if kind else self.own[key]
            self._add_setting(key, setting, choices)

    def _add_setting(
        self, key: str, setting: catalogue_actions.FieldSetting, choices: list[tuple[str, str]]
    ) -> None:
        label = _requirable_label(key)
        requirement = widgets.Select(
            choices=choices,
            attrs={"class": "form-select form-select-sm", "aria-label": f"{label}的要求"},
        )
        note = widgets.TextInput(
            attrs={"class": "form-control form-control-sm", "aria-label": f"{label}的说明"}
        )
        self.fields[f"requirement-{key}"] = fields.Text(
            f"{label}的要求", required=False, widget=requirement, initial=setting[0]
        )
        self.fields[f"condition-{key}"] = fields.Text(
            f"{label}的说明", required=False, max_length=200, widget=note, initial=setting[1]
        )

    def table(self) -> list[tuple[str, str, BoundField, BoundField]]:
        """For every field: its label, the category's own requirement, and the two inputs."""
        return [
            (
                _requirable_label(key),
                Requirement(self.own[key][0]).label,
                self[f"requirement-{key}"],
                self[f"condition-{key}"],
            )
            for key in catalogue_actions.REQUIRABLE
        ]

    def settings(self) -> dict[str, catalogue_actions.FieldSetting]:
        """Requirement and note of every field that was posted."""
        return {
            key: (
                self.cleaned_data[f"requirement-{key}"],
                self.cleaned_data[f"condition-{key}"],
            )
            for key in catalogue_actions.REQUIRABLE
            if f"requirement-{key}" in self.data
        }


class CategoryForm(RequirementsForm):
    """The texts and flags of a category, besides what it asks for."""

    def __init__(self, *args: Any, row: Category, **kwargs: Any) -> None:
        own = (*catalogue_actions.TEXTS, *catalogue_actions.FLAGS)
        initial = {key: getattr(row, key) for key in own}
        super().__init__(*args, row=row, auto_id="%s", initial=initial, **kwargs)
        for key in catalogue_actions.TEXTS:
            widget = widgets.Textarea(attrs={"rows": "2"})
            self.fields[key] = fields.LongText(_label(key), required=False, widget=widget)
        for key in catalogue_actions.FLAGS:
            self.fields[key] = fields.Check(_label(key))

    def own_values(self) -> dict[str, Any]:
        own = (*catalogue_actions.TEXTS, *catalogue_actions.FLAGS)
        return {key: self.cleaned_data[key] for key in own}

    def texts_and_flags(self) -> list[BoundField]:
        return [self[key] for key in (*catalogue_actions.TEXTS, *catalogue_actions.FLAGS)]


def _requirable_label(key: str) -> str:
    return "证明材料" if key == EVIDENCE else BY_KEY[key].label


def _label(name: str) -> str:
    return str(getattr(Category._meta.get_field(name), "verbose_name", name))


def stored_values(d: Destination) -> dict[str, Any]:
    return {key: getattr(d, key) for key in BY_KEY}
