"""Checks the signature of one PDF, in a child process with limits. `esign.verification` starts it.

Anybody may send a PDF for verification, and a hostile one may break the parser. So it runs in a
process of its own (see `core.child_process`).

argv: the path of the PDF, the path of a PEM file with the platform's certificates, the path of one
with the roots of time-stamp authorities (or ""), and the time at which the signature must be valid
(ISO 8601, or "" for now).
stdout: one JSON object, either {"signatures", "intact", "valid", "trusted", "whole", "bottom_line",
"fingerprint"} or {"error": slug}.
"""

import datetime
import json
import logging
import sys


def main() -> None:
    logging.disable(logging.CRITICAL)
    try:
        answer = judge(*sys.argv[1:5])
    except MemoryError:
        answer = {"error": "too_large"}
    except Exception:  # a hostile file may make the parser raise anything
        answer = {"error": "unreadable"}
    sys.stdout.write(json.dumps(answer))


def read_certificates(path: str) -> list:
    from asn1crypto import pem, x509

    with open(path, "rb") as f:
        return [x509.Certificate.load(der) for _, _, der in pem.unarmor(f.read(), multiple=True)]


def judge(path: str, trusted: str, stamps: str, moment: str) -> dict:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    roots = read_certificates(trusted)
    authorities = read_certificates(stamps) if stamps else []
    at = datetime.datetime.fromisoformat(moment) if moment else None
    with open(path, "rb") as f:
        reader = PdfFileReader(f)
        signatures = reader.embedded_signatures
        if len(signatures) != 1:
            return {"signatures": len(signatures)}
        signature = signatures[0]
        context = ValidationContext(trust_roots=roots, allow_fetching=False, moment=at)
        stamping = ValidationContext(trust_roots=authorities, allow_fetching=False, moment=at)
        status = validate_pdf_signature(signature, context, ts_validation_context=stamping)
        return {
            "signatures": 1,
            "intact": bool(status.intact),
            "valid": bool(status.valid),
            "trusted": bool(status.trusted),
            "whole": status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
            "bottom_line": bool(status.bottom_line),
            "fingerprint": signature.signer_cert.sha256.hex(),
        }


if __name__ == "__main__":
    main()
