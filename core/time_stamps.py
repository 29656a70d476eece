"""Time stamps of an authority (RFC 3161), for agreements and for the anchors of the audit chain.

TIME_STAMP_URL is the authority; TIME_STAMP_ROOTS a PEM file with the roots of all authorities that
were ever used. pyHanko is imported when a stamp is needed, since it takes long to load.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from pyhanko.sign.timestamps import HTTPTimeStamper


class NoTimeStamp(Exception):
    """The time-stamp authority gave no valid time stamp; a later attempt may get one."""


def time_stamper() -> HTTPTimeStamper | None:
    """The client of the authority; None where no authority is set. Raises `NoTimeStamp` when its
    roots are not set."""
    if not settings.TIME_STAMP_URL:
        return None
    from pyhanko.sign.timestamps import HTTPTimeStamper

    if not settings.TIME_STAMP_ROOTS:
        raise NoTimeStamp("没有设置时间戳服务的根证书（TIME_STAMP_ROOTS），时间戳无法验证")
    return HTTPTimeStamper(settings.TIME_STAMP_URL, timeout=10)


def fetch_token(content: bytes) -> bytes:
    """The authority's token over the SHA-256 of `content`; empty where no authority is set.

    Raises `NoTimeStamp` when the authority gives none that `token_fault` accepts.
    """
    stamper = time_stamper()
    if stamper is None:
        return b""
    digest = hashlib.sha256(content).digest()
    try:
        token: bytes = asyncio.run(stamper.async_timestamp(digest, "sha256")).dump()
    except Exception as problem:  # the answer comes from outside and may be anything
        raise NoTimeStamp(f"没有得到时间戳：{problem}") from problem
    if fault := token_fault(token, content):
        raise NoTimeStamp(fault)
    return token


def token_fault(token: bytes, content: bytes) -> str:
    """Why `token` is no valid time stamp over `content`, as a Chinese clause; empty if it is one."""
    from asn1crypto import cms, pem, x509
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko.sign.validation.status import TimestampSignatureStatus
    from pyhanko_certvalidator import ValidationContext

    try:
        pems = Path(settings.TIME_STAMP_ROOTS).read_bytes()
        roots = [x509.Certificate.load(der) for _, _, der in pem.unarmor(pems, multiple=True)]
        signed = cms.ContentInfo.load(token)["content"]
        checking = validate_tst_signed_data(
            signed,
            ValidationContext(trust_roots=roots, allow_fetching=False),
            lambda name: hashlib.new(name, content).digest(),
        )
        status = TimestampSignatureStatus(**asyncio.run(checking))
    except Exception as problem:  # the token comes from outside and may be anything
        return f"无法读取（{type(problem).__name__}）"
    if not (status.intact and status.valid):
        return "与内容不符"
    return "" if status.trusted else "颁发机构不受信任"
