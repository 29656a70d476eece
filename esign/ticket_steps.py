"""The lifecycle of a ticket of scan-to-print. The actions ask this table."""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from esign.states import TicketState

ROLE_LABELS = {"computer": "公共电脑", "graduate": "毕业生"}

TICKET = Lifecycle(
    name="扫码打印",
    labels=dict(TicketState.choices),
    steps=(
        Step("issue", "显示二维码", roles("computer"), states(), TicketState.WAITING,
             note="for five minutes"),
        Step("claim", "扫码", roles("graduate"), states(TicketState.WAITING), TicketState.CLAIMED),
        Step("confirm", "确认打印", roles("graduate"), states(TicketState.CLAIMED),
             TicketState.CONFIRMED, note="after comparing two digits"),
        Step("use", "下载", roles("computer"), states(TicketState.CONFIRMED), TicketState.USED),
    ),
)  # fmt: skip
