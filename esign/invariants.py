"""What must always hold for agreements."""

from __future__ import annotations

from collections.abc import Iterator

from core.invariants import Invariant, from_sql
from esign import terms
from esign.models import AgreementVersion, Invitation

LOCKED_WHILE_ACTIVE = from_sql(
    "agreement_locks_destination",
    "协议有效期间去向锁定且编号一致，没有有效协议的去向不锁定。",
    """
    SELECT d.graduate_id FROM destinations_destination d
    LEFT JOIN esign_agreement a ON a.graduate_id = d.graduate_id AND a.state = 'active'
    WHERE coalesce(a.number, '') <> d.agreement_no
    """,
)
ACCEPTED_IS_AGREEMENT = from_sql(
    "accepted_invitation_is_agreement",
    "已接受的邀约都有协议，协议的邀约都已接受。",
    """
    SELECT coalesce(i.id, a.invitation_id) FROM esign_invitation i
    FULL JOIN esign_agreement a ON a.invitation_id = i.id
    WHERE (i.state = 'accepted') IS DISTINCT FROM (a.id IS NOT NULL)
      AND (a.id IS NOT NULL OR i.state = 'accepted')
    """,
)
VERSIONS_COMPLETE = from_sql(
    "agreement_versions",
    "协议的各版本齐全，当前版本就是最后一版。",
    """
    SELECT a.number FROM esign_agreement a
    LEFT JOIN esign_agreementversion v ON v.agreement_id = a.id
    GROUP BY a.id HAVING count(v.id) <> a.version OR max(v.number) <> a.version
    """,
)
DOCUMENT_IS_FILE = from_sql(
    "document_is_file",
    "协议书文件的校验值与存储的文件一致。",
    """
    SELECT d.id FROM esign_document d JOIN core_storedfile f ON f.id = d.file_id
    WHERE d.sha256 <> f.sha256
    """,
)


def changed_terms() -> Iterator[str]:
    """Versions and invitations whose terms have another hash than when they were signed."""
    for model in (AgreementVersion, Invitation):
        rows = model._default_manager.order_by("pk").values_list("pk", "terms", "terms_hash")
        for pk, text, known in rows.iterator(chunk_size=500):
            if terms.digest(text) != known:
                yield f"{model._meta.verbose_name}{pk}"


INVARIANTS = (
    LOCKED_WHILE_ACTIVE,
    ACCEPTED_IS_AGREEMENT,
    VERSIONS_COMPLETE,
    DOCUMENT_IS_FILE,
    Invariant("terms_unchanged", "签署的条款与签署时一致。", changed_terms),
)
