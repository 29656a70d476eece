"""A time-stamp authority (RFC 3161) on this machine that answers over HTTP and fails on demand."""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

_DER = serialization.Encoding.DER


class Authority:
    """The authority. `roots` is the path of its root certificate, `fault` the fault of its next answers,
    `asked` the number of requests so far."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.fault, self.asked = "", 0
        self.url = ""
        root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        root = _certificate(f"{name} root", root_key, f"{name} root", root_key)
        own = _certificate(name, key, f"{name} root", root_key)
        self.roots = folder / f"{name}.pem"
        self.roots.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            _DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._stamper = DummyTimeStamper(
            asn1.Certificate.load(own.public_bytes(_DER)),
            keys.PrivateKeyInfo.load(private),
            certs_to_embed=[asn1.Certificate.load(root.public_bytes(_DER))],  # type: ignore[arg-type]
        )

    def answer(self, body: bytes) -> bytes:
        self.asked += 1
        if self.fault == "garbage":
            return b"\x30\x03\x02\x01\x00 no stamp"
        if self.fault == "refused":
            status = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["not today"]})
            return tsp.TimeStampResp({"status": status}).dump()
        request = tsp.TimeStampReq.load(body)
        if self.fault == "of something else":
            imprint = request["message_imprint"]
            imprint["hashed_message"] = hashlib.sha256(b"something else").digest()
        return self._stamper.request_tsa_response(request).dump()


def _certificate(
    name: str, key: rsa.RSAPrivateKey, issuer: str, issuer_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    root = name == issuer
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
    )
    if not root:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        made = made.add_extension(stamping, critical=True)
    return made.sign(issuer_key, hashes.SHA256())


@contextmanager
def run_authority(authority: Authority) -> Iterator[Authority]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            down = authority.fault == "unavailable"
            content = b"" if down else authority.answer(body)
            self.send_response(503 if down else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
