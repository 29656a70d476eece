"""Forms of recruiting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from codes.forms import DeclaredForm, declared_form
from core.forms import PlatformForm, fields, widgets
from recruiting.fields import POSTING
from schools.models import School

_BETWEEN_NAMES = re.compile(r"[、,，;；\n]+")


class SchoolsField(fields.LongText):
    """Names of schools, separated by 、 or line breaks; `cleaned_data` holds their ids."""

    def clean(self, value: Any) -> list[int]:
        names = [name.strip() for name in _BETWEEN_NAMES.split(str(value or "")) if name.strip()]
        known = dict(School.objects.filter(name__in=names, is_open=True).values_list("name", "pk"))
        unknown = [name for name in names if name not in known]
        if unknown:
            some = "、".join(unknown[:3])
            raise ValidationError(f"没有找到学校“{some}”，请填写全称。", code="school_unknown")
        return sorted(set(known.values()))


class PostingForm(DeclaredForm):
    """A posting, the schools whose graduates see it, and the version that the page showed."""

    schools = SchoolsField(
        "可见范围", required=False, widget=widgets.Textarea({"rows": "2"}),
        help_text="不填为全省毕业生可见；只给部分学校看的，填写学校全称，用“、”分隔",
    )  # fmt: skip
    version = fields.Seen()


def posting_form(
    values: Mapping[str, Any], schools: Sequence[str], version: int, data: Any = None
) -> DeclaredForm:
    """The form of a posting. `values` are the stored ones by field, `schools` names."""
    required = [declared.key for declared in POSTING if declared.required]
    # The action says what is missing, since a draft may have gaps.
    form_class = declared_form(POSTING, required=required, base=PostingForm)
    initial = {**values, "schools": "、".join(schools), "version": version}
    return form_class(data, initial=initial)


class PostingSearchForm(PlatformForm):
    """What the unit's list of postings is narrowed to; the page's address holds it."""

    state = fields.Mark()
    q = fields.Text(
        "岗位名称", required=False, max_length=50,
        widget=widgets.TextInput({"type": "search", "placeholder": "岗位名称"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


class RenewForm(PlatformForm):
    """Until when an ended posting is shown again."""

    valid_until = fields.Date("有效期至")


class PostingReviewForm(PlatformForm):
    """The review of a posting. `version` is that of the posting as the reviewer's page showed it."""

    reason = fields.LongText("退回或下架的原因", required=False, max_length=300)
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}
