"""Check digits as the national system computes them, written independently of the platform's
validators.

Sources: GB 32100-2015 (统一社会信用代码), GB 11714-1997 (组织机构代码), GS 15-2006 with ISO 7064 MOD 11,10
(工商注册号).
"""

from __future__ import annotations

import functools
import re

_USCC = {c: i for i, c in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_ORG = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_EMAIL = re.compile(r"[^\s@,;，；]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


@functools.lru_cache(maxsize=20_000)
def is_unit_code(code: str) -> bool:
    """Whether a unit code of one of the three kinds, told apart by length, has right check
    digits."""
    match len(code):
        case 18:
            return _is_uscc(code)
        case 15:
            return _is_registration(code)
        case 9:
            return _is_organisation(code)
    return False


def _is_uscc(code: str) -> bool:
    values = [_USCC.get(c, -1) for c in code]
    if min(values) < 0 or not re.fullmatch(r"[0-9]{6}", code[2:8]):
        return False
    return sum(v * pow(3, i, 31) for i, v in enumerate(values[:17])) % 31 == (31 - values[17]) % 31


def _is_organisation(code: str) -> bool:
    values = [_ORG.get(c, -1) for c in code[:8]]
    if min(values) < 0:
        return False
    rest = sum(v * w for v, w in zip(values, _ORG_WEIGHTS, strict=True)) % 11
    return code[8] == ("0" if rest == 0 else "X" if rest == 1 else str(11 - rest))


def _is_registration(code: str) -> bool:
    if not re.fullmatch(r"[0-9]{15}", code):
        return False
    carried = 10
    for digit in code[:14]:
        carried = (carried + int(digit)) % 10 or 10
        carried = carried * 2 % 11
    return (carried + int(code[14])) % 10 == 1


def is_email(value: str) -> bool:
    return len(value) <= 60 and ".." not in value and _EMAIL.fullmatch(value) is not None
