"""The platform's own key: made, loaded, and used to sign PDFs (PAdES, ETSI EN 319 142-1).

The key lies in a PKCS#12 file named by SIGNING_KEY_FILE and opened by SIGNING_KEY_SECRET. A
certificate of an authority replaces it by replacing the file; `SigningCertificate` keeps every
certificate ever used, so that older documents stay verifiable.
"""

from __future__ import annotations

import datetime
import functools
import io
import os
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

from esign.models import SigningCertificate

_FIELD = "Platform"
_YEARS = 5


class NoKey(Exception):
    """There is no key to sign with now: missing, not openable, expired or withdrawn."""


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


def seal(content: bytes) -> bytes:
    """`content` with one certifying signature over the whole file. Raises `NoKey`."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers, timestamps

    found = signer()
    stamper = None
    if settings.TIME_STAMP_URL:
        stamper = timestamps.HTTPTimeStamper(settings.TIME_STAMP_URL, timeout=10)
    metadata = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        reason="网签就业协议书",
    )
    out = io.BytesIO()
    signers.PdfSigner(metadata, signer=found, timestamper=stamper).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(content)),
        output=out,
        bytes_reserved=_room(found, stamped=stamper is not None),
    )
    return out.getvalue()


def _room(signer: Any, *, stamped: bool) -> int:
    """Hexadecimal digits kept free for the signature: its certificates, what is signed beside
    them, and an authority's time stamp with certificates of its own."""
    certificates = [signer.signing_cert, *signer.cert_registry]
    known = {certificate.dump() for certificate in certificates}
    return 2 * (1024 + sum(map(len, known)) + (6144 if stamped else 0))
