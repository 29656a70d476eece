"""The lifecycle of a person's membership in a unit. The actions ask this table."""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from employers.models import Membership

ROLE_LABELS = {
    "person": "本人", "verified": "已认证人员", "letter": "认证公函",
}  # fmt: skip
_CLAIMED, _VERIFIED, _ENDED = Membership.CLAIMED, Membership.VERIFIED, Membership.ENDED

MEMBERSHIP = Lifecycle(
    name="单位人员",
    labels=dict(Membership.choices),
    steps=(
        Step("claim", "签约时填写单位", roles("person"), states(), _CLAIMED),
        Step("claim", "再次签约", roles("person"), states(_ENDED), _CLAIMED,
             note="without the former verification"),
        Step("verify", "确认同事", roles("verified"), states(_CLAIMED), _VERIFIED),
        Step("certify", "公函通过", roles("letter"), states(_CLAIMED, _VERIFIED, _ENDED), _VERIFIED),
        Step("end", "离开", roles("person", "verified", "letter"), states(_CLAIMED, _VERIFIED),
             _ENDED, note="not the unit's last verified person"),
    ),
)  # fmt: skip
