"""Forms of the graduate's résumé that are not made of text fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from core.forms import PlatformForm, fields, widgets
from graduates.models import Graduate
from recruiting import resume_pdf
from recruiting.actions.attachments import MOST_BYTES
from recruiting.actions.resume_choices import LONGEST_TITLE, Choice
from recruiting.actions.resumes import version_of
from recruiting.fields import INTENTION, RecruitingField
from recruiting.forms import SHOWN_CHOICES
from recruiting.models import Attachment, Intention, Resume, ResumeEntry, ResumeStore
from recruiting.snapshots import period_of
from recruiting.states import EntryKind


class PhotoForm(PlatformForm):
    """Another photo. The action says if none was chosen."""

    photo = fields.Picture(
        "照片", star=True, help_text="近期正面证件照，竖版；大图会自动压缩，拍摄地点等信息会去掉"
    )


class AttachmentForm(PlatformForm):
    """Another attachment. The action says if none was chosen."""

    attachment = fields.File(
        "PDF文件", accept=".pdf,application/pdf", star=True, allow_empty_file=True
    )

    def read_upload(self) -> tuple[bytes, str]:
        """Content and name of the uploaded file; of one that is too large, one byte more than the
        limit is read."""
        upload = self.cleaned_data["attachment"]
        return (upload.read(MOST_BYTES + 1), upload.name or "") if upload else (b"", "")


class IntentionForm(PlatformForm):
    """What the graduate looks for, and the version that the page showed. The action says what is
    missing and what is too much."""

    version = fields.Mark()

    @property
    def typed(self) -> dict[str, Any]:
        return {field.key: self.cleaned_data[field.key] for field in INTENTION}


def intention_form(intention: Intention | None, data: Any = None) -> IntentionForm:
    form_class = type("IntentionForm", (IntentionForm,), {f.key: _choice(f) for f in INTENTION})
    initial: dict[str, Any] = {"version": version_of(intention)}
    if intention is not None:
        initial |= {field.key: getattr(intention, field.key) for field in INTENTION}
    return form_class(data, initial=initial)


class ChoiceForm(PlatformForm):
    """A résumé's title, layout and contents; each section that has entries is a list to tick."""

    title = fields.Text(
        "简历名称", star=True, max_length=LONGEST_TITLE, help_text="只有您自己看到，如“技术岗”"
    )
    layout = fields.Choice("PDF的版式", resume_pdf.LABELS, star=True, widget=widgets.RadioSelect())
    version = fields.Mark()
    # The names of the fields to tick.
    part_names: ClassVar[Sequence[str]] = ()

    @property
    def parts(self) -> list[forms.BoundField]:
        return [self[name] for name in self.part_names]

    @property
    def choice(self) -> Choice:
        """What was chosen in the valid form."""
        ticked = {name: self.cleaned_data[name] for name in self.part_names}
        layout = self.cleaned_data["layout"]
        facts, attachments = ticked.pop("facts", []), ticked.pop("attachments", [])
        return Choice(
            title=self.cleaned_data["title"],
            layout=int(layout) if layout else 0,
            entries=[int(pk) for pks in ticked.values() for pk in pks],
            facts=facts,
            attachments=[int(pk) for pk in attachments],
        )


def choice_form(graduate: Graduate, resume: Resume | None, data: Any = None) -> ChoiceForm:
    """The form of one of the graduate's résumés, or of another one, which begins with everything."""
    parts: dict[str, forms.Field] = {}
    initial: dict[str, Any] = {"version": version_of(resume), "layout": 1}
    chosen = entries_of(resume) if resume is not None else None
    entries = list(ResumeEntry.objects.filter(graduate=graduate).order_by("-begun", "-pk"))
    for kind in EntryKind:
        of_kind = [entry for entry in entries if entry.kind == kind]
        if of_kind:
            named = [(entry.pk, f"{entry.name}（{period_of(entry)}）") for entry in of_kind]
            parts[kind.value] = _ticked(kind.label, named)
            initial[kind.value] = [
                entry.pk for entry in of_kind if chosen is None or entry.pk in chosen
            ]
    enclosed = list(Attachment.objects.filter(graduate=graduate).order_by("pk"))
    if enclosed:
        parts["attachments"] = _ticked("附件", [(row.pk, row.name) for row in enclosed])
        ticked = (
            set(resume.attachments.values_list("pk", flat=True)) if resume is not None else None
        )
        initial["attachments"] = [r.pk for r in enclosed if ticked is None or r.pk in ticked]
    store = ResumeStore.objects.filter(graduate=graduate).first()
    facts = [pair for pair in SHOWN_CHOICES if store is not None and getattr(store, pair[0])]
    if facts:
        parts["facts"] = _ticked("个人信息", facts)
        hidden = resume.hidden_facts if resume is not None else []
        initial["facts"] = [key for key, _ in facts if key not in hidden]
    if resume is not None:
        initial |= {"title": resume.title, "layout": resume.layout}
    form_class = type("ChoiceForm", (ChoiceForm,), {**parts, "part_names": tuple(parts)})
    form: ChoiceForm = form_class(data, initial=initial)
    return form


def entries_of(resume: Resume) -> set[int]:
    """The ids of the résumé's entries."""
    return set(resume.entries.values_list("pk", flat=True))


def _ticked(label: str, choices: fields.Choices) -> fields.Checklist:
    gone = {"invalid_choice": "其中有内容刚被删除，请重新勾选。"}
    return fields.Checklist(label, choices, required=False, error_messages=gone)


def _choice(declared: RecruitingField) -> forms.Field:
    """The form field of a declared one whose value is chosen from a list."""
    choices = declared.choices() or ()
    if not declared.several:
        return fields.Choice(
            declared.label, choices, required=False, star=declared.required, help_text=declared.hint
        )
    return fields.Checklist(
        declared.label, choices, required=False, star=declared.required,
        help_text=declared.hint or f"最多选择{declared.several}个",
        widget=widgets.FoldedChecks(opened=declared.required),
    )  # fmt: skip
