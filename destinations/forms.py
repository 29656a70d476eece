"""Forms of a destination: the registration's fields come from the catalogue, the same for graduate
and staff."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from codes.forms import DeclaredForm, declared_form
from core.forms import PlatformForm, fields, widgets
from destinations.actions import catalogue as catalogue_actions
from destinations.actions.review import CORRECTABLE
from destinations.catalogue import Leaf, catalogue
from destinations.fields import BY_KEY, FORMS, GROUPS
from destinations.models import Category, Destination, Requirement


def chosen_leaf(data: Mapping[str, Any]) -> tuple[Leaf | None, str]:
    """The category and its local form that an address or a POST names."""
    leaf = catalogue().leaves.get(data.get("category", ""))
    kind = data.get("form", "")
    if leaf is None or not leaf.has_forms or kind not in FORMS:
        kind = ""
    return leaf, kind


class EntryForm(DeclaredForm):
    """A destination entered by staff. `version` is that of the record the page was made from."""

    version = fields.Seen()
    wage_override = fields.Text("月薪低于最低标准时的说明", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wage_override"].widget.attrs["id"] = "wage_override"


def registration_form(
    leaf: Leaf,
    kind: str,
    d: Destination,
    data: Any = None,
    *,
    grey: Collection[str] = (),
    base: type[DeclaredForm] = DeclaredForm,
) -> DeclaredForm:
    """The fields that the category and its local form `kind` ask for; those in `grey` can't be
    edited any more."""
    shown = sorted((BY_KEY[key] for key in leaf.shown(kind)), key=lambda f: GROUPS.index(f.group))
    keys = [f.key for f in shown]
    made = declared_form(
        shown,
        required=[k for k in keys if leaf.requirement(k, kind) == Requirement.REQUIRED],
        greyed={key: "已审核, 有误请联系辅导员" for key in keys if key in grey},
        hints={key: leaf.note(key, kind) for key in keys},
        base=base,
    )
    return made(data, initial=stored_values(d) | {"wage_override": d.wage_override})


class CorrectCodesForm(DeclaredForm):
    """The coded fields of an e-signed destination, and why they change."""

    version = fields.Seen()
    reason = fields.LongText("理由", star=True, max_length=200, help_text="会写入经过, 不能再改。")


def correct_codes_form(d: Destination, data: Any = None) -> DeclaredForm:
    declarations = [BY_KEY[key] for key in CORRECTABLE]
    made = declared_form(declarations, required=CORRECTABLE, base=CorrectCodesForm)
    return made(
        data,
        initial=stored_values(d) | {"version": d.version},
        field_order=[*CORRECTABLE, "reason"],
    )


class MaterialForm(PlatformForm):
    """Pictures that prove a destination."""

    image = fields.Uploads("图片", error_messages={"required": "请选择图片。"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


class ReviewForm(PlatformForm):
    """What a reviewer says; which steps need a reason is asked by the action."""

    reason = fields.LongText("原因(不通过、解约时填写)", required=False)
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class BulkReviewForm(PlatformForm):
    """The picked rows as the preview showed them, each as "id:version", and one reason for all."""

    reason = fields.LongText("不通过原因", star=True)
    seen = fields.Words()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class DisputeForm(PlatformForm):
    """A graduate says that this destination is not theirs."""

    reason = fields.LongText("说明", star=True, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "4"


class SettleForm(PlatformForm):
    """The answer to a dispute."""

    answer = fields.LongText("说明(毕业生会看到)", star=True, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["answer"].widget.attrs["rows"] = "2"


class WageForm(PlatformForm):
    """A minimum wage of a region from a day on; the action says everything that is wrong."""

    place = fields.Text(
        "地区",
        star=True,
        widget=widgets.PlaceInput,
        help_text="省、市或区县; 下级没有自己的标准时用上级的。",
    )
    valid_from = fields.Date("起始日期", star=True)
    amount = fields.Number(
        "标准(元/月)",
        star=True,
        error_messages={"invalid": "请填写每月元数, 500 至 100000 之间的整数。"},
    )


class LinesForm(PlatformForm):
    """What a category, or one of its local forms, asks for: a requirement and a note a field.
    The page draws them as a table."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in catalogue_actions.LINES:
            self.fields[f"requirement-{key}"] = fields.Text(required=False)
            self.fields[f"condition-{key}"] = fields.Text(required=False, max_length=200)

    def lines(self) -> dict[str, catalogue_actions.Line]:
        """Requirement and note of every field that was posted."""
        return {
            key: (
                self.cleaned_data[f"requirement-{key}"],
                self.cleaned_data[f"condition-{key}"],
            )
            for key in catalogue_actions.LINES
            if f"requirement-{key}" in self.data
        }


class CategoryForm(LinesForm):
    """A category's texts and flags beside its lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        for key in catalogue_actions.TEXTS:
            widget = widgets.Textarea(attrs={"rows": "2"})
            self.fields[key] = fields.LongText(_label(key), required=False, widget=widget)
        for key in catalogue_actions.FLAGS:
            self.fields[key] = fields.Check(_label(key))

    def own_values(self) -> dict[str, Any]:
        own = (*catalogue_actions.TEXTS, *catalogue_actions.FLAGS)
        return {key: self.cleaned_data[key] for key in own}

    def texts_and_flags(self) -> list[Any]:
        return [self[key] for key in (*catalogue_actions.TEXTS, *catalogue_actions.FLAGS)]


def _label(name: str) -> str:
    return str(getattr(Category._meta.get_field(name), "verbose_name", name))


def stored_values(d: Destination) -> dict[str, Any]:
    return {key: getattr(d, key) for key in BY_KEY}


def shown_values(d: Destination) -> list[tuple[str, str, str]]:
    """(key, label, words) of every field the destination's category shows and that is filled."""
    leaf = catalogue().leaves.get(d.category)
    keys = leaf.shown(d.form) if leaf else list(BY_KEY)
    rows = [(k, BY_KEY[k].label, BY_KEY[k].show(getattr(d, k))) for k in keys]
    return [row for row in rows if row[2]]


def category_label(d: Destination) -> str:
    leaf = catalogue().leaves.get(d.category)
    label = leaf.label if leaf else catalogue().names.get(d.category, d.category)
    return f"{label}({FORMS[d.form]})" if d.form else label
