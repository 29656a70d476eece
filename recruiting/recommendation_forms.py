"""Forms of 就业推荐表. What is missing or too long is said by the actions."""

from __future__ import annotations

from typing import Any

from core.forms import PlatformForm, fields, widgets
from recruiting.actions.recommendations import USUAL_OPINION
from recruiting.recommendation_text import LONGEST, LONGEST_OPINION


def _words(label: str, hint: str, most: int, rows: int) -> fields.LongText:
    """A text that the browser keeps to `most` characters. A line break counts as one of them, which the
    check of a form field's own length would count as two."""
    attrs = {"maxlength": str(most), "rows": str(rows)}
    return fields.LongText(label, star=True, widget=widgets.Textarea(attrs), help_text=hint)


class WrittenForm(PlatformForm):
    """What the graduate writes, and the version that the page showed."""

    studies = _words("学习与获奖", f"成绩、主修课程、奖励和证书，最多{LONGEST}字", LONGEST, 6)
    practice = _words("社会实践", f"社会工作、实习、科研和志愿服务，最多{LONGEST}字", LONGEST, 6)
    strengths = _words("特长与自我评价", f"最多{LONGEST}字", LONGEST, 6)
    version = fields.Mark()

    @property
    def typed(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key in ("studies", "practice", "strengths")}


class TranscriptForm(PlatformForm):
    """A picture of the transcript, or that it is left out again."""

    picture = fields.Picture(
        "成绩单图片", required=False, help_text="盖章的成绩单照片或扫描图一张，大图会自动压缩"
    )


class SeenForm(PlatformForm):
    """The version of the form that the page showed."""

    version = fields.Mark()


class OpinionForm(PlatformForm):
    """The department's or the school's opinion on the form that the page showed."""

    opinion = _words("意见", f"写入推荐表，最多{LONGEST_OPINION}字", LONGEST_OPINION, 3)
    version = fields.Mark()

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        initial = {"opinion": USUAL_OPINION} | kwargs.pop("initial", {})
        super().__init__(*args, auto_id="opinion_%s", initial=initial, **kwargs)
        self.fields["opinion"].label = label


class ReturnForm(PlatformForm):
    """Why the form goes back to the graduate, or why a valid one becomes void."""

    reason = _words("原因", "毕业生会看到", 300, 3)
    version = fields.Mark()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="return_%s", **kwargs)


class BulkForm(PlatformForm):
    """One opinion on several forms, each as form:version of the page."""

    seen = fields.Words()
    opinion = _words("意见", f"写入所选的每一份推荐表，最多{LONGEST_OPINION}字", LONGEST_OPINION, 3)

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"opinion": USUAL_OPINION}, **kwargs)
        self.fields["opinion"].label = label
