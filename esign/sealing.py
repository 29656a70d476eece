"""The platform's own key: made, loaded, and used to sign PDFs (PAdES, ETSI EN 319 142-1).

The key lies in a PKCS#12 file named by SIGNING_KEY_FILE and opened by SIGNING_KEY_SECRET. A
certificate of an authority replaces it by replacing the file; `SigningCertificate` keeps every
certificate ever used, so that older documents stay verifiable.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import hashlib
import os
from pathlib import Path
from typing import Any

import pydyf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

from esign.models import SigningCertificate

_FIELD = "Platform"
_REASON = ("\ufeff" + "网签就业协议书").encode("utf-16-be").hex().encode()
_YEARS = 5


class NoKey(Exception):
    """There is no key to sign with now: missing, not openable, expired or withdrawn."""


class NoStamp(Exception):
    """The time-stamp authority gives no stamp that holds; a later try may get one."""


def key_file() -> Path:
    default = Path(settings.PRIVATE_ROOT) / "signing-key.p12"
    return Path(settings.SIGNING_KEY_FILE) if settings.SIGNING_KEY_FILE else default


def issue_key(*, common_name: str, force: bool = False) -> SigningCertificate:
    """Make a new key with a certificate of its own and remember the certificate."""
    path, secret = key_file(), settings.SIGNING_KEY_SECRET
    if len(secret) < 16:
        raise NoKey("SIGNING_KEY_SECRET 未设置或过短")
    if path.exists() and not force:
        raise NoKey(f"{path} 已存在; 如确需更换请加 --replace")
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=False,
                crl_sign=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    content = pkcs12.serialize_key_and_certificates(
        b"platform", key, certificate, None,
        serialization.BestAvailableEncryption(secret.encode()),
    )  # fmt: skip
    _write(path, content)
    forget()
    return remember(certificate)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as f:
        f.write(content)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(draft, owner.st_uid, owner.st_gid)
    os.replace(draft, path)


def remember(certificate: x509.Certificate) -> SigningCertificate:
    print_ = certificate.fingerprint(hashes.SHA256()).hex()
    row, _ = SigningCertificate.objects.get_or_create(
        fingerprint=print_,
        defaults={
            "pem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
            "subject": certificate.subject.rfc4514_string()[:200],
            "not_before": certificate.not_valid_before_utc,
            "not_after": certificate.not_valid_after_utc,
        },
    )
    return row


def forget() -> None:
    _load.cache_clear()


@functools.lru_cache(maxsize=2)
def _load(path: str, changed: float) -> tuple[Any, SigningCertificate]:
    """The signer of a key file, read once for every state of the file."""
    from pyhanko.sign import signers

    with open(path, "rb") as f:
        content = f.read()
    secret = settings.SIGNING_KEY_SECRET.encode()
    signer = signers.SimpleSigner.load_pkcs12_data(content, other_certs=[], passphrase=secret)
    _, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    if signer is None or certificate is None:
        raise NoKey("签名密钥无法打开, 请核对 SIGNING_KEY_SECRET")
    return signer, remember(certificate)


def signer() -> Any:
    """The signer in force. Raises `NoKey` with the reason for operations."""
    return _in_force()[0]


def certificate_in_use() -> tuple[SigningCertificate | None, str]:
    """The certificate that agreements are signed with now, or why there is none."""
    try:
        return _in_force()[1], ""
    except NoKey as problem:
        return None, str(problem)


def _in_force() -> tuple[Any, SigningCertificate]:
    path = key_file()
    try:
        changed = path.stat().st_mtime
    except OSError:
        raise NoKey("没有签名密钥, 请运行 issue_signing_key") from None
    try:
        found, row = _load(str(path), changed)
    except (ValueError, OSError) as problem:
        raise NoKey("签名密钥无法打开, 请核对 SIGNING_KEY_SECRET") from problem
    if row.revoked_at is not None or row.not_after <= timezone.now():
        raise NoKey("签名证书已过期或已停用, 请更换密钥")
    return found, row


class _Written(pydyf.Object):
    """An object that stands in the file just as it is given, where `seal` finds it."""

    compressible, data = False, b""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.data = text


_UNSIGNED = b"/FT/Sig" + b" " * 16  # a field that doesn't name its signature yet
_NO_RANGE = b"/ByteRange[" + b" " * 40 + b"]"


def leave_room(_: Any, file: pydyf.PDF) -> None:
    """Finish a drawing: an invisible field for the signature, empty still, and the signature's
    dictionary beside it. Part of the drawing, so that the signature covers the first and only
    revision, and nothing has to be read again. Raises `NoKey`."""
    now = timezone.now().astimezone(datetime.UTC)
    signature = _Written(
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"
        b"/M(D:%s)/Reason<%s>"
        % (f"{now:%Y%m%d%H%M%S}Z".encode(), _REASON)
        # Certified, and nothing may be changed from now on.
        + b"/Reference[<</Type/SigRef/TransformMethod/DocMDP"
        b"/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]"
        + _NO_RANGE
        + b"/Contents<"
        + b"0" * _room(signer())
        + b">>>"
    )
    file.add_object(signature)
    page = file.page_references[0]
    field = _Written(
        b"<</Type/Annot/Subtype/Widget/T(%s)/F 132/Rect[0 0 0 0]/P %s%s>>"
        % (_FIELD.encode(), page, _UNSIGNED)
    )
    file.add_object(field)
    first = next(o for o in file.objects if o.number == file.pages["Kids"][0])
    first["Annots"] = pydyf.Array([*first.get("Annots", []), field.reference])
    fields = pydyf.Array([field.reference])
    file.catalog["AcroForm"] = pydyf.Dictionary({"Fields": fields, "SigFlags": 3})
    file.catalog["Perms"] = pydyf.Dictionary({"DocMDP": signature.reference})


def seal(content: bytes) -> bytes:
    """A drawing that left room, with one certifying signature over the whole file. Raises
    `NoKey` and `NoStamp`."""
    found = bytearray(content)
    _put(found, _UNSIGNED, b"/FT/Sig/V %s 0 R" % _number_before(content, b"<</Type/Sig/"))
    start = content.rindex(_NO_RANGE) + len(_NO_RANGE) + len(b"/Contents")
    end = content.index(b">", start) + 1
    spans = b"/ByteRange[0 %d %d %d" % (start, end, len(content) - end)
    _put(found, _NO_RANGE, spans.ljust(len(_NO_RANGE) - 1) + b"]")
    digest = hashlib.sha256(found[:start] + found[end:]).digest()
    made = _container(digest).hex().encode()
    if len(made) > end - start - 2:
        raise NoKey("签名超出预留空间, 请检查证书链与时间戳服务")
    found[start + 1 : start + 1 + len(made)] = made
    return bytes(found)


def _put(content: bytearray, blank: bytes, text: bytes) -> None:
    """Write over a blank; nothing moves."""
    place = content.rindex(blank)
    content[place : place + len(text)] = text


def _number_before(content: bytes, start: bytes) -> bytes:
    """The number of the object that begins so."""
    head = content[: content.rindex(start)].rsplit(b"\n", 2)[-2]
    return head.split()[0]


def _container(digest: bytes) -> bytes:
    """The PAdES container for a document of this SHA-256, with a time stamp if one is set."""
    stamper, found = _stamper(), signer()
    making = found.async_sign_prescribed_attributes(
        "sha256", _signed_attributes(found, digest), timestamper=stamper
    )
    if stamper is None:
        return bytes(asyncio.run(making).dump())
    try:
        return bytes(asyncio.run(making).dump())
    except Exception as problem:  # what comes from outside may break anywhere
        raise NoStamp(f"没有得到时间戳: {problem}") from problem


def _signed_attributes(signer: Any, digest: bytes) -> Any:
    """What is signed beside the document: of one document and the next with the same signer only
    the digest differs. pyHanko builds them once; building and encoding them anew takes ten times
    as long as all else in a signature."""
    from asn1crypto.cms import CMSAttributes

    attributes = CMSAttributes.load(_attributes_of(signer))
    for attribute in attributes:
        if attribute["type"].native == "message_digest":
            attribute["values"] = [digest]
    return CMSAttributes.load(attributes.dump())


@functools.lru_cache(maxsize=2)
def _attributes_of(signer: Any) -> bytes:
    making = signer.signed_attrs(bytes(32), "sha256", use_pades=True)
    return bytes(asyncio.run(making).dump())


def _stamper() -> Any:
    if not settings.TIME_STAMP_URL:
        return None
    from pyhanko.sign.timestamps import HTTPTimeStamper

    if not settings.TIME_STAMP_ROOTS:
        raise NoStamp("没有设置时间戳服务的根证书(TIME_STAMP_ROOTS), 时间戳无法验证")
    return HTTPTimeStamper(settings.TIME_STAMP_URL, timeout=10)


def _room(signer: Any) -> int:
    """Hexadecimal digits kept free for the signature: its certificates, what is signed beside
    them, and an authority's time stamp with certificates of its own."""
    certificates = [signer.signing_cert, *signer.cert_registry]
    known = {certificate.dump() for certificate in certificates}
    stamped = 10_240 if settings.TIME_STAMP_URL else 0
    return 2 * (1024 + sum(map(len, known)) + stamped)
