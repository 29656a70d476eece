"""A résumé as PDF in one of two layouts: 1 in one column without a photo, 2 with the photo, the facts and
the contact in a column on the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import files, pdf
from core.errors import Refused
from core.models import StoredFile

_TEMPLATE = "recruiting/pdf/resume.html"
LABELS = ((1, "单栏，不带照片"), (2, "双栏，照片和基本资料在左侧"))
# A watermark is written so many times over each page.
_MARKS = 24


def render(
    resume: Mapping[str, Any],
    *,
    contact: Mapping[str, str],
    photo: StoredFile | None,
    watermark: str = "",
) -> bytes:
    """The PDF of a résumé as `snapshots.read` gives it, with `contact` as its reader may see it. Raises
    `Refused` rather than draw a box for a character that no font has."""
    facts = [(label, words) for label, words in resume["basics"] if label != "姓名"]
    context = {
        "resume": resume,
        "name": dict(resume["basics"]).get("姓名", ""),
        "facts": facts,
        "contact": [
            (label, contact[key])
            for key, label in (("mobile", "手机"), ("email", "邮箱"))
            if contact.get(key)
        ],
        "photo": _as_data_address(photo) if photo is not None and resume["layout"] == 2 else "",
        "watermark": watermark,
        "marks": range(_MARKS) if watermark else (),
    }
    try:
        return pdf.render(_TEMPLATE, context, finisher=pdf.require_glyphs)
    except pdf.MissingGlyphs as missing:
        raise Refused("glyphs", _explain(resume, missing)) from missing


def _as_data_address(photo: StoredFile) -> str:
    with files.open_file(photo) as f:
        return pdf.data_address(f.read(), photo.content_type)


def _explain(resume: Mapping[str, Any], missing: pdf.MissingGlyphs) -> str:
    """A sentence that says where the characters stand that no font has."""
    found = [
        f"{next((place for place, words in _places(resume) if c in words), '简历')}中的“{c}”"
        for c in missing.characters[:5]
    ]
    return f"{'、'.join(found)}打印不出来，没有生成PDF。请删去或换成其他写法。"


def _places(resume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from resume["basics"]
    yield from resume["intention"]
    for section in resume["sections"]:
        for entry in section["entries"]:
            yield (
                f"{section['title']}“{entry['name']}”",
                "".join([entry["name"], entry["text"], *entry["facts"]]),
            )
    yield "自我评价", resume["self_evaluation"]
