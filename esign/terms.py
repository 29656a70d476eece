"""The terms of an invitation as one text, which is shown, hashed, signed and printed.

The text is canonical JSON: sorted keys, no blanks, no escapes. It is stored as text, since jsonb
would reorder the keys. It contains the sentences of the notice, so that the hash covers every word
that the graduate reads.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from codes import lookup
from esign.fields import ALL, BY_KEY
from graduates.models import Graduate

_FORMAT = 1
WARNING = (
    "省级就业主管部门提示：签约前请确认没有与其他单位签订书面协议，或者已经正常解约；"
    "由此产生的纠纷由本人承担责任，与培养院校无关。"
)
BINDING = (
    "请仔细核对单位信息和约定内容。一经确认立即生效，与纸质就业协议书具有同等效力，"
    "学校的审核不影响其效力。"
)


def compose(
    *,
    graduate: Graduate,
    values: Mapping[str, Any],
    files: Mapping[str, str],
    sent_at: datetime.datetime,
    valid_until: datetime.datetime,
) -> str:
    """The canonical text of an invitation. `files` maps the names of pictures to their SHA-256."""
    terms = {
        "format": _FORMAT,
        "to": {
            "school": graduate.school.name,
            "name": graduate.name,
            "level": lookup.name("education_level", graduate.level),
            "major": graduate.major_name,
        },
        "values": plain_values(values),
        "words": {f.key: f.show(values.get(f.key)) for f in ALL},
        "files": dict(files),
        "sent_on": timezone.localtime(sent_at).date().isoformat(),
        "valid_until": timezone.localtime(valid_until).isoformat(timespec="seconds"),
        "letter": letter(graduate.name, values, valid_until),
    }
    return canonical(terms)


def amended(text: str, values: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """The canonical text of changed terms. Recipient and dates stay as they are in `text`."""
    old = read(text)
    until = datetime.datetime.fromisoformat(old["valid_until"])
    return canonical(
        old
        | {
            "values": plain_values(values),
            "words": {f.key: f.show(values.get(f.key)) for f in ALL},
            "files": old["files"] | dict(files),
            "letter": letter(old["to"]["name"], values, until),
        }
    )


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all fields as the text holds them: dates in ISO format."""
    return {f.key: _plain(values.get(f.key)) for f in ALL}


def canonical(terms: Mapping[str, Any]) -> str:
    """Canonical JSON."""
    return json.dumps(terms, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of the canonical text, as hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str) -> dict[str, Any]:
    """The terms in a canonical text, with the keys that `compose` gives them."""
    return json.loads(text)


def values_of(text: str) -> dict[str, Any]:
    """The values in a canonical text, with dates as `datetime.date`."""
    values = read(text)["values"]
    for key, value in values.items():
        if value and key in BY_KEY and BY_KEY[key].kind == "date":
            values[key] = datetime.date.fromisoformat(value)
    return values


def letter(name: str, v: Mapping[str, Any], valid_until: datetime.datetime) -> list[str]:
    """The paragraphs of the notice: greeting, position, terms, warning (DOMAIN §4)."""
    last = timezone.localtime(valid_until)
    until = f"{last.year}年{last.month}月{last.day}日"
    probation = (
        f"试用期{v['probation_months']}个月，试用期薪资每月{v['probation_wage']}元，"
        f"期满后每月{v['wage']}元"
        if v["probation_months"]
        else f"不设试用期，薪资每月{v['wage']}元"
    )
    paragraphs = [
        f"尊敬的{name}同学：",
        f"您好！ {v['unit_name']}决定录用您，职位为“{v['job_title']}”"
        f"({lookup.name('job_category', v['job_category'])})。",
        f"初次合同期限{v['term_years']}年，{probation}。违约金{v['penalty']}元。",
        f"请于{_date(v['report_by'])}前到{v['report_place']}报到，实际工作地点为{v['work_place']}。",
    ]
    if v.get("signing_notes"):
        paragraphs.append(f"签约事宜的其它约定：{v['signing_notes']}")
    if v.get("penalty_notes"):
        paragraphs.append(f"违约事宜的其它约定：{v['penalty_notes']}")
    paragraphs += [
        f"本邀约至{until}结束前有效，逾期未答复自动失效。",
        WARNING,
        BINDING,
        f"联系人：{v['contact_name']}，手机 {v['contact_mobile']}。",
    ]
    return paragraphs


def difference(old: str, new: str) -> list[tuple[str, str, str]]:
    """(label, old words, new words) of every field that differs between two canonical texts."""
    before, after = read(old)["words"], read(new)["words"]
    return [
        (f.label, before.get(f.key, ""), after.get(f.key, ""))
        for f in ALL
        if before.get(f.key) != after.get(f.key)
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _date(value: Any) -> str:
    if isinstance(value, str):
        value = datetime.date.fromisoformat(value)
    return f"{value.year}年{value.month}月{value.day}日"
