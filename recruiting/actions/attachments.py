"""PDF attachments of the graduate's résumés: add and delete. An application keeps the files that it was
sent with."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from accounts.models import User
from codes import text as texts
from core import audit, files
from core.errors import Invalid, Refused
from core.files import pdfs
from graduates.models import Graduate
from recruiting.actions.resume_files import release
from recruiting.actions.resumes import own_store
from recruiting.models import MOST_ATTACHMENTS, Attachment, Resume

PURPOSE = "resume-attachment"
MOST_BYTES = 5 * 1024 * 1024
MOST_PAGES = 30
_LONGEST_NAME = 60
_ENDING = ".pdf"


def add(*, graduate: Graduate, content: bytes, name: str, by: User) -> Attachment:
    """Add a PDF, rebuilt so that only its pages are kept, and enclose it with the default résumé.

    `name` is that of the uploaded file. Raises `Invalid` for a file that is refused, `Refused` beyond
    `MOST_ATTACHMENTS`. The same file sent twice is added once.
    """
    _check_room(graduate)
    new = _rebuild(content)
    with own_store(graduate, by) as store:
        mine = Attachment.objects.filter(graduate=graduate)
        twin = mine.filter(file__sha256=files.sha256(new)).first()
        if twin is not None:
            return twin
        _check_room(graduate)
        title = _title_of(name)
        file = files.store(
            new, name=f"{title}{_ENDING}", content_type="application/pdf", purpose=PURPOSE,
            school_id=store.school_id, by_id=by.pk,
        )  # fmt: skip
        attachment = Attachment.objects.create(graduate=graduate, file=file, name=title)
        for resume in Resume.objects.filter(graduate=graduate, is_default=True):
            resume.attachments.add(attachment)
        audit.record(
            "recruiting.add_attachment", by=by, obj=attachment, data={"sha256": file.sha256}
        )
    return attachment


def _check_room(graduate: Graduate) -> None:
    if Attachment.objects.filter(graduate=graduate).count() >= MOST_ATTACHMENTS:
        raise Refused(
            "too_many", f"最多{MOST_ATTACHMENTS}个附件，请先删除不用的。", field="attachment"
        )


def _rebuild(content: bytes) -> bytes:
    if not content:
        raise Invalid({"attachment": ["请选择PDF文件。"]})
    if len(content) > MOST_BYTES:
        raise Invalid({"attachment": ["附件超过5MB，请压缩图片或减少页数后上传。"]})
    try:
        new = pdfs.rebuild(content, most_pages=MOST_PAGES)
    except pdfs.PdfRefused as refusal:
        more = f"最多{MOST_PAGES}页。" if refusal.code == "pdf_pages" else ""
        raise Invalid({"attachment": [refusal.message + more]}) from refusal
    if len(new) > 2 * MOST_BYTES:
        raise Invalid({"attachment": [pdfs.REFUSALS["pdf_heavy"]]})
    return new


def _title_of(name: str) -> str:
    """What the attachment is called: the name of the file without folders and ending."""
    title = texts.clean(PurePosixPath(PureWindowsPath(name).name).name)
    if title.lower().endswith(_ENDING):
        title = title[: -len(_ENDING)].rstrip(". ")
    return title[:_LONGEST_NAME] or "附件"


def delete(*, graduate: Graduate, attachment_id: int, by: User) -> None:
    """Delete an attachment from the store and from every résumé. Applications keep it."""
    with own_store(graduate, by):
        rows = Attachment.objects.select_related("file")
        attachment = rows.filter(graduate=graduate, pk=attachment_id).first()
        if attachment is None:
            raise Refused("gone", "这个附件已被删除。")
        audit.record("recruiting.delete_attachment", by=by, obj=attachment)
        attachment.delete()
    release([attachment.file])
