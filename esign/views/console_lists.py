"""The console's lists of agreements, prints, terminations and unfinished documents."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from destinations.states import State
from esign import queries
from esign.filters import (
    AgreementFilter,
    ConclusionFilter,
    DocumentFilter,
    PrintFilter,
    TerminationFilter,
)
from esign.models import Agreement, Conclusion
from esign.reader_words import STAFF, termination_state
from esign.states import (
    AgreementState,
    ConclusionState,
    DocumentState,
    Ground,
    Proposer,
    Side,
)
from schools.lists import ConsoleList

_AGREEMENT = dict(AgreementState.choices)
_REVIEW = dict(State.choices)
_GROUND, _SIDE = dict(Ground.choices), dict(Side.choices)
_CONCLUSION, _PROPOSER = dict(ConclusionState.choices), dict(Proposer.choices)
_DOCUMENT = dict(DocumentState.choices)


def _badge(kind: str, label: str) -> str:
    return f'<span class="state state-{kind}">{label}</span>'


def _time_column(key: str, label: str) -> Column:
    """A column of the row's time `key`."""

    def text(row: Row) -> str:
        value = row[key]
        return localtime(value).strftime("%Y-%m-%d %H:%M") if value else ""

    return Column(key, label, (key,), text, text, css="num")


def _name_column(address: str) -> Column:
    """The graduate's name, linked to the row's page; `address` is the page's URL name."""

    def link(row: Row) -> str:
        return row_link(address, row["pk"], row["graduate__name"])

    return Column("name", "姓名", ("graduate__name", "pk"), link, lambda r: r["graduate__name"])


def _review(row: Row) -> str:
    """The destination's review state, linked to its page, as long as the agreement is active. Later
    the destination no longer belongs to the agreement."""
    if row["state"] != AgreementState.ACTIVE:
        return '<span class="soft">—</span>'
    state = row["graduate__destination__state"]
    address = reverse("console:destination", args=[row["graduate_id"]])
    return f'<a href="{address}">{_badge(state, _REVIEW[state])}</a>'


def _review_text(row: Row) -> str:
    active = row["state"] == AgreementState.ACTIVE
    return _REVIEW[row["graduate__destination__state"]] if active else ""


_GRADUATE = (
    Column("student_no", "学号", ("graduate__student_no",), css="mono"),
    Column("department", "院系", ("graduate__department__name",), css="wide"),
    Column("school_class", "班级", ("graduate__school_class__name",), css="wide", optional=True),
    Column("major", "专业", ("graduate__major_name",), css="wide", optional=True),
)


class EsignList(ConsoleList):
    """A list that says in its own words why it is empty."""

    graduate_path = "graduate"
    none_title, none_text = "还没有网签协议", "毕业生接受签约邀约后会出现在这里。"

    def empty_reason(self) -> tuple[str, str]:
        reason = super().empty_reason()
        return (self.none_title, self.none_text) if reason[0] == "还没有毕业生" else reason


class AgreementList(EsignList):
    leads_to = "console:agreement"
    title = "网络签约管理"
    permission = "esign.view"
    filterset_class = AgreementFilter
    export_name = "agreements"
    columns = (
        _name_column("console:agreement"),
        *_GRADUATE,
        Column("unit", "单位名称", ("unit__name",), css="wide"),
        Column("unit_code", "统一社会信用代码", ("unit__code",), css="mono", optional=True),
        Column("job", "职位", ("graduate__destination__job_title",), css="wide", optional=True),
        Column("number", "协议书编号", css="mono"),
        Column("version", "版本", optional=True),
        Column("state", "协议状态", ("state",), lambda r: _badge(r["state"], _AGREEMENT[r["state"]]),
               lambda r: _AGREEMENT[r["state"]]),
        Column("review", "去向审核", ("graduate__destination__state", "state", "graduate_id"),
               _review, _review_text),
        _time_column("signed_at", "签约时间"),
    )  # fmt: skip
    orders = (
        Order("newest", "最近签约", ("pk",), descending=True, column="signed_at"),
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Any]:
        return Agreement.objects.all()


class PrintList(EsignList):
    leads_to = "console:print"
    title = "协议书打印管理"
    permission = "esign.print"
    filterset_class = PrintFilter
    export_name = "agreement-prints"
    none_title = "还没有可以打印的协议书"
    none_text = "网签的去向经院系或学校审核通过、协议书生成以后会出现在这里。"
    columns = (
        _name_column("console:print"),
        *_GRADUATE,
        Column("unit", "单位名称", ("unit__name",), css="wide"),
        Column("number", "协议书编号", css="mono"),
        Column("times", "打印次数", ("times",), lambda r: str(r["times"] or 0),
               lambda r: r["times"] or 0, css="num"),
        _time_column("last_at", "最近打印"),
        Column("last_by", "打印人", css="wide"),
    )  # fmt: skip
    orders = (
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
        Order("newest", "最近签约", ("pk",), descending=True),
    )

    def all_rows(self) -> QuerySet[Any]:
        return queries.printable_agreements()


def _termination(row: Row) -> str:
    by_side = row["decided_at"] is None
    return termination_state(row["state"], row["started_by"], STAFF, by_side=by_side)


class TerminationList(EsignList):
    leads_to = "console:termination"
    title = "解约管理"
    permission = "esign.view"
    filterset_class = TerminationFilter
    export_name = "terminations"
    none_title, none_text = "还没有解约申请", "毕业生或用人单位提出解约后会出现在这里。"
    columns = (
        _name_column("console:termination"),
        *_GRADUATE,
        Column("unit", "单位名称", ("agreement__unit__name",), css="wide"),
        Column("side", "发起方", ("started_by",), lambda r: _SIDE[r["started_by"]],
               lambda r: _SIDE[r["started_by"]]),
        Column("ground", "解约事由", ("ground",), lambda r: _GROUND[r["ground"]],
               lambda r: _GROUND[r["ground"]], css="wide"),
        Column("state", "办理状态", ("state", "started_by", "decided_at"),
               lambda r: _badge(f"ending-{r['state']}", _termination(r)), _termination),
        _time_column("created_at", "申请时间"),
        _time_column("decided_at", "办结时间"),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近申请", ("pk",), descending=True, column="created_at"),
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Any]:
        return queries.terminations_for_staff()


class TerminationQueue(TerminationList):
    """The terminations that this person has to review next, the oldest first."""

    title = "待审核解约"
    permission = "esign.review"
    export_name = "termination-queue"
    none_title, none_text = "没有等待审核的解约", "双方同意，或盖章材料上传以后会出现在这里。"
    orders: ClassVar[Sequence[Order]] = (Order("oldest", "最早申请", ("pk",), column="created_at"),)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.terminations_to_review(self.user)


class ConclusionList(EsignList):
    leads_to = "console:conclusion"
    title = "转为劳动合同"
    permission = "esign.view"
    filterset_class = ConclusionFilter
    export_name = "conclusions"
    none_title, none_text = "还没有转为劳动合同的申请", "用人单位或学校提出后会出现在这里。"
    columns = (
        _name_column("console:conclusion"),
        *_GRADUATE,
        Column("unit", "单位名称", ("agreement__unit__name",), css="wide"),
        Column("proposed_by", "提出方", ("proposed_by",), lambda r: _PROPOSER[r["proposed_by"]],
               lambda r: _PROPOSER[r["proposed_by"]]),
        Column("contract_on", "合同签订日期", ("contract_on",), css="num"),
        Column("state", "状态", ("state",),
               lambda r: _badge(f"change-{r['state']}", _CONCLUSION[r["state"]]),
               lambda r: _CONCLUSION[r["state"]]),
        _time_column("created_at", "提出时间"),
        _time_column("decided_at", "办结时间"),
        Column("decided_by", "办结人", ("decided_by_label",), css="wide"),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近提出", ("pk",), descending=True, column="created_at"),
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Any]:
        return Conclusion.objects.all()


class ConclusionQueue(ConclusionList):
    """The conclusions that this person may confirm or refuse, the oldest first."""

    title = "待确认劳动合同"
    permission = "esign.conclude"
    export_name = "conclusion-queue"
    none_title = "没有等待您确认的申请"
    none_text = "其他老师提出的，或毕业生逾期未确认的申请会出现在这里。"
    orders: ClassVar[Sequence[Order]] = (Order("oldest", "最早提出", ("pk",), column="created_at"),)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.conclusions_to_decide(self.user)


def _problem(row: Row) -> str:
    return escape(row["problem"]) if row["problem"] else '<span class="soft">—</span>'


def _agreement_link(row: Row) -> str:
    return row_link("console:agreement", row["agreement_id"], row["agreement__number"])


class DocumentList(EsignList):
    leads_to = "console:agreement"
    walked_by = "agreement_id"
    title = "协议书文件"
    permission = "province.schools"
    graduate_path = "agreement__graduate"
    template_name = "esign/console/documents.html"
    filterset_class = DocumentFilter
    none_title, none_text = "没有未完成的文件", "所有协议书都已生成并签名。"
    columns = (
        Column("number", "协议书编号", ("agreement__number", "agreement_id"),
               _agreement_link, css="mono"),
        Column("school", "学校", ("agreement__school__name",), css="wide"),
        Column("state", "状态", ("state",),
               lambda r: _badge(f"document-{r['state']}", _DOCUMENT[r["state"]])),
        Column("problem", "原因", ("problem",), _problem, css="wrap"),
        Column("attempts", "次数", css="num"),
        _time_column("created_at", "申请时间"),
    )  # fmt: skip
    orders = (Order("oldest", "最早申请", ("pk",), column="created_at"),)

    def all_rows(self) -> QuerySet[Any]:
        return queries.unfinished_documents()

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"status": queries.sign_status()}
