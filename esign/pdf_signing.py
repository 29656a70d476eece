"""The platform's signing key, and how PDFs are signed with it (PAdES, ETSI EN 319 142-1).

The key is in the PKCS#12 file SIGNING_KEY_FILE, encrypted with SIGNING_KEY_SECRET. To use the
certificate of an authority, replace the file. `SigningCertificate` remembers all certificates that
were ever used, so that older documents can still be verified.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydyf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

from core.time_stamps import NoTimeStamp, time_stamper
from esign.models import SigningCertificate

if TYPE_CHECKING:  # pyHanko is imported when something is signed, since it takes long to load
    from pyhanko.sign.signers import SimpleSigner

_FIELD = "Platform"
_REASON = ("\ufeff" + "网签就业协议书").encode("utf-16-be").hex().encode()
_YEARS = 5


class NoUsableKey(Exception):
    """There is no key to sign with: it is missing, can't be opened, has expired or was revoked."""


def key_file() -> Path:
    default = Path(settings.PRIVATE_ROOT) / "signing-key.p12"
    return Path(settings.SIGNING_KEY_FILE) if settings.SIGNING_KEY_FILE else default


def issue_key(*, common_name: str, force: bool = False) -> SigningCertificate:
    """Make a new key with a self-signed certificate, and record the certificate.

    Raises `NoUsableKey` if the secret is too short, or if there is a key and `force` is False.
    """
    path, secret = key_file(), settings.SIGNING_KEY_SECRET
    if len(secret) < 16:
        raise NoUsableKey("SIGNING_KEY_SECRET 未设置或过短")
    if path.exists() and not force:
        raise NoUsableKey(f"{path} 已存在；如确需更换请加 --replace")
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
    _write_key_file(path, content)
    forget_loaded_key()
    return record_certificate(certificate)


def _write_key_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as f:
        f.write(content)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(draft, owner.st_uid, owner.st_gid)
    os.replace(draft, path)


def record_certificate(certificate: x509.Certificate) -> SigningCertificate:
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    row, _ = SigningCertificate.objects.get_or_create(
        fingerprint=fingerprint,
        defaults={
            "pem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
            "subject": certificate.subject.rfc4514_string()[:200],
            "not_before": certificate.not_valid_before_utc,
            "not_after": certificate.not_valid_after_utc,
        },
    )
    return row


def forget_loaded_key() -> None:
    _load_key.cache_clear()


@functools.lru_cache(maxsize=2)
def _load_key(path: str, changed: float) -> tuple[SimpleSigner, SigningCertificate]:
    """The signer in a key file and its certificate. `changed` is the file's time of modification, so
    that a replaced file is read again."""
    from pyhanko.sign import signers

    with open(path, "rb") as f:
        content = f.read()
    secret = settings.SIGNING_KEY_SECRET.encode()
    signer = signers.SimpleSigner.load_pkcs12_data(content, other_certs=[], passphrase=secret)
    _, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    if signer is None or certificate is None:
        raise NoUsableKey("签名密钥无法打开，请核对 SIGNING_KEY_SECRET")
    return signer, record_certificate(certificate)


def current_signer() -> SimpleSigner:
    """pyHanko's signer with the present key. Raises `NoUsableKey` with the reason."""
    return _key_in_use()[0]


def certificate_in_use() -> tuple[SigningCertificate | None, str]:
    """The certificate that agreements are signed with now, or None and the reason why not."""
    try:
        return _key_in_use()[1], ""
    except NoUsableKey as problem:
        return None, str(problem)


def _key_in_use() -> tuple[SimpleSigner, SigningCertificate]:
    path = key_file()
    try:
        changed = path.stat().st_mtime
    except OSError:
        raise NoUsableKey("没有签名密钥，请运行 issue_signing_key") from None
    try:
        signer, row = _load_key(str(path), changed)
    except (ValueError, OSError) as problem:
        raise NoUsableKey("签名密钥无法打开，请核对 SIGNING_KEY_SECRET") from problem
    if row.revoked_at is not None or row.not_after <= timezone.now():
        raise NoUsableKey("签名证书已过期或已停用，请更换密钥")
    return signer, row


class _RawObject(pydyf.Object):
    """An object that is written to the file exactly as given, so that `sign_pdf` finds it there."""

    compressible, data = False, b""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.data = text


_UNSIGNED = b"/FT/Sig" + b" " * 16  # a field that does not refer to its signature yet
_NO_RANGE = b"/ByteRange[" + b" " * 40 + b"]"


def reserve_signature(_: Any, file: pydyf.PDF) -> None:
    """Finish an unsigned PDF: add an invisible signature field, which is still empty, and the
    signature's dictionary with blanks to be filled in.

    Both are part of the first and only revision, so the signature covers the whole file, and the
    file need not be parsed again. Raises `NoUsableKey`.
    """
    now = timezone.now().astimezone(datetime.UTC)
    signature = _RawObject(
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"
        b"/M(D:%s)/Reason<%s>"
        % (f"{now:%Y%m%d%H%M%S}Z".encode(), _REASON)
        # A certifying signature that allows no later changes (P 1).
        + b"/Reference[<</Type/SigRef/TransformMethod/DocMDP"
        b"/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]"
        + _NO_RANGE
        + b"/Contents<"
        + b"0" * _reserved_digits(current_signer())
        + b">>>"
    )
    file.add_object(signature)
    page = file.page_references[0]
    field = _RawObject(
        b"<</Type/Annot/Subtype/Widget/T(%s)/F 132/Rect[0 0 0 0]/P %s%s>>"
        % (_FIELD.encode(), page, _UNSIGNED)
    )
    file.add_object(field)
    first = next(o for o in file.objects if o.number == file.pages["Kids"][0])
    first["Annots"] = pydyf.Array([*first.get("Annots", []), field.reference])
    fields = pydyf.Array([field.reference])
    file.catalog["AcroForm"] = pydyf.Dictionary({"Fields": fields, "SigFlags": 3})
    file.catalog["Perms"] = pydyf.Dictionary({"DocMDP": signature.reference})


def sign_pdf(content: bytes) -> bytes:
    """Sign a PDF that `reserve_signature` finished: one certifying signature over the whole file.
    Raises `NoUsableKey` and `NoTimeStamp`."""
    signed = bytearray(content)
    _overwrite(signed, _UNSIGNED, b"/FT/Sig/V %s 0 R" % _object_number(content, b"<</Type/Sig/"))
    start = content.rindex(_NO_RANGE) + len(_NO_RANGE) + len(b"/Contents")
    end = content.index(b">", start) + 1
    spans = b"/ByteRange[0 %d %d %d" % (start, end, len(content) - end)
    _overwrite(signed, _NO_RANGE, spans.ljust(len(_NO_RANGE) - 1) + b"]")
    digest = hashlib.sha256(signed[:start] + signed[end:]).digest()
    container = _signature_container(digest).hex().encode()
    if len(container) > end - start - 2:
        raise NoUsableKey("签名超出预留空间，请检查证书链与时间戳服务")
    signed[start + 1 : start + 1 + len(container)] = container
    return bytes(signed)


def _overwrite(content: bytearray, blank: bytes, text: bytes) -> None:
    """Write `text` over the last `blank`, without moving anything."""
    place = content.rindex(blank)
    content[place : place + len(text)] = text


def _object_number(content: bytes, start: bytes) -> bytes:
    """The number of the object whose content begins with `start`."""
    head = content[: content.rindex(start)].rsplit(b"\n", 2)[-2]
    return head.split()[0]


def _signature_container(digest: bytes) -> bytes:
    """The PAdES container for a document with this SHA-256, with a time stamp if an authority is
    configured."""
    stamper, signer = time_stamper(), current_signer()
    signing = signer.async_sign_prescribed_attributes(
        "sha256", _signed_attributes(signer, digest), timestamper=stamper
    )
    if stamper is None:
        return bytes(asyncio.run(signing).dump())
    try:
        return bytes(asyncio.run(signing).dump())
    except Exception as problem:  # the answer comes from outside and may be anything
        raise NoTimeStamp(f"没有得到时间戳：{problem}") from problem


def _signed_attributes(signer: SimpleSigner, digest: bytes) -> Any:
    """The attributes that are signed together with the document's digest.

    For the same signer only the digest differs between documents. So pyHanko builds and encodes the
    attributes once and the digest is put in: building them each time would take ten times as long as
    everything else in a signature.
    """
    from asn1crypto.cms import CMSAttributes

    attributes = CMSAttributes.load(_encoded_attributes(signer))
    for attribute in attributes:
        if attribute["type"].native == "message_digest":
            attribute["values"] = [digest]
    return CMSAttributes.load(attributes.dump())


@functools.lru_cache(maxsize=2)
def _encoded_attributes(signer: SimpleSigner) -> bytes:
    signing = signer.signed_attrs(bytes(32), "sha256", use_pades=True)
    return bytes(asyncio.run(signing).dump())


def _reserved_digits(signer: SimpleSigner) -> int:
    """How many hexadecimal digits are reserved for the signature: enough for its certificates, its
    attributes, and an authority's time stamp with the authority's certificates."""
    certificates = [signer.signing_cert, *signer.cert_registry]
    known = {certificate.dump() for certificate in certificates}
    stamped = 10_240 if settings.TIME_STAMP_URL else 0
    return 2 * (1024 + sum(map(len, known)) + stamped)
