"""The graduate's résumés, each a choice of what is in the store: make, change, make default, delete.

Applications keep the text that was delivered, so nothing here touches them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import Conflict, Invalid, Refused
from graduates.models import Graduate
from recruiting.actions.posting_base import STALE
from recruiting.actions.resumes import SHOWN_IF_TICKED, own_store, version_of
from recruiting.models import MOST_RESUMES, Attachment, Resume, ResumeEntry, ResumeStore

LONGEST_TITLE = 20


@dataclass(frozen=True)
class Choice:
    """What a résumé is made of: its title and layout, the ids of entries and attachments, and which of
    the facts that the store shows stand in it."""

    title: str
    layout: int
    entries: Collection[int]
    facts: Collection[str]
    attachments: Collection[int] = ()


def make(*, graduate: Graduate, choice: Choice, by: User) -> Resume:
    """Make another résumé. Raises `Invalid` for a title that is missing or taken, `Refused` beyond
    `MOST_RESUMES`."""
    with own_store(graduate, by) as store:
        if Resume.objects.filter(graduate=graduate).count() >= MOST_RESUMES:
            raise Refused("too_many", f"最多{MOST_RESUMES}份简历，请先删除不用的。")
        resume = Resume(graduate=graduate)
        _write(resume, store, choice)
        audit.record("recruiting.make_resume", by=by, obj=resume)
    return resume


def change(*, graduate: Graduate, resume_id: int, choice: Choice, version: str, by: User) -> Resume:
    """Change one of the graduate's résumés. `version` is the `version_of` the résumé that the page
    showed. Raises `Invalid`, or `Conflict` if it was saved elsewhere meanwhile."""
    with own_store(graduate, by) as store:
        resume = _own(graduate, resume_id)
        if version_of(resume) != version:
            raise Conflict("stale", STALE)
        _write(resume, store, choice)
        audit.record("recruiting.change_resume", by=by, obj=resume)
    return resume


def _write(resume: Resume, store: ResumeStore, choice: Choice) -> None:
    resume.title = _checked_title(resume, choice.title)
    if choice.layout not in dict(Resume.LAYOUTS):
        raise Invalid({"layout": ["请选择版式。"]})
    resume.layout = choice.layout
    # Facts that the store does not show are left as they are, for when it shows them again.
    offered = {key for key in SHOWN_IF_TICKED if getattr(store, key)}
    hidden = (set(resume.hidden_facts) - offered) | (offered - set(choice.facts))
    resume.hidden_facts = sorted(hidden)
    resume.updated_at = database_now()
    resume.save()
    # Of ids that were deleted meanwhile, or are somebody else's, nothing is taken.
    own = {"graduate": resume.graduate_id}
    resume.entries.set(ResumeEntry.objects.filter(pk__in=choice.entries, **own))
    resume.attachments.set(Attachment.objects.filter(pk__in=choice.attachments, **own))


def _checked_title(resume: Resume, typed: str) -> str:
    title = texts.clean(typed)
    if not title:
        raise Invalid({"title": ["请填写简历名称。"]})
    if len(title) > LONGEST_TITLE:
        raise Invalid({"title": [f"简历名称不能超过{LONGEST_TITLE}个字。"]})
    others = Resume.objects.filter(graduate=resume.graduate_id, title=title).exclude(pk=resume.pk)
    if others.exists():
        raise Invalid({"title": [f"已有名为“{title}”的简历，请换一个名称。"]})
    return title


def make_default(*, graduate: Graduate, resume_id: int, by: User) -> Resume:
    """Make one of the graduate's résumés the one that is proposed when applying."""
    with own_store(graduate, by):
        resume = _own(graduate, resume_id)
        if not resume.is_default:
            Resume.objects.filter(graduate=graduate, is_default=True).update(is_default=False)
            resume.is_default = True
            resume.save(update_fields=["is_default"])
            audit.record("recruiting.make_default_resume", by=by, obj=resume)
    return resume


def delete(*, graduate: Graduate, resume_id: int, by: User) -> None:
    """Delete one of the graduate's résumés; its entries stay in the store. After the default one, the
    one that was changed last becomes the default. Raises `Refused` for the last one."""
    with own_store(graduate, by):
        resume = _own(graduate, resume_id)
        following = (
            Resume.objects.filter(graduate=graduate)
            .exclude(pk=resume.pk)
            .order_by("-updated_at", "-pk")
            .first()
        )
        if following is None:
            raise Refused("last", "至少保留一份简历。")
        audit.record("recruiting.delete_resume", by=by, obj=resume)
        was_default = resume.is_default
        resume.delete()
        if was_default:
            following.is_default = True
            following.save(update_fields=["is_default"])


def _own(graduate: Graduate, resume_id: int) -> Resume:
    resume = Resume.objects.filter(graduate=graduate, pk=resume_id).first()
    if resume is None:
        raise Refused("gone", "这份简历已被删除。")
    return resume
