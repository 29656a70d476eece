"""What a dispute's state is called, from the side of whoever reads: whose turn it is, and 您 for the
reader."""

from __future__ import annotations

from destinations.models import DisputeState
from schools.roles import Level

GRADUATE = "graduate"


def dispute_state(state: str, reader: str) -> str:
    """`reader` is the graduate, or the level of a member of staff."""
    whose = "您的异议" if reader == GRADUATE else "异议"
    match state:
        case DisputeState.OPEN:
            return f"待{'您' if reader == Level.SCHOOL else '学校'}处理"
        case DisputeState.PROVINCE:
            return f"待{'您' if reader == Level.PROVINCE else '省级'}处理"
        case DisputeState.UPHELD:
            return f"{whose}成立"
    return f"{whose}不成立"
