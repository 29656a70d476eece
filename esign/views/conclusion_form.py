"""Sending the form that proposes 转为劳动合同, on the unit's pages and on the console."""

from __future__ import annotations

from django.core import signing

from accounts.models import User
from core.errors import DomainError
from core.models import StoredFile
from esign.actions import conclude
from esign.actions.conclude import PICTURES
from esign.forms import ConclusionForm
from esign.models import Agreement, Conclusion

# For how many seconds pictures are kept that came with a refused form.
_KEPT_FOR = 6 * 3600


def propose_as_typed(form: ConclusionForm, agreement: Agreement, by: User) -> Conclusion | None:
    """Propose what the form says. If something is refused, this returns None, and the form shows why.
    Its pictures are kept even then, so that nobody chooses them twice."""
    form.full_clean()
    kept = _kept_pictures(form, agreement, by)
    for slot in PICTURES:
        content = form.cleaned_data.get(slot)
        if content:
            try:
                kept[slot] = conclude.keep_picture(slot, content, agreement, by)
            except DomainError as refusal:
                form.add_refusal(refusal)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            return conclude.propose(
                agreement=agreement,
                by=by,
                contract_on=typed["contract_on"],
                first_page=kept.get("first_page"),
                signature_page=kept.get("signature_page"),
                note=typed["note"],
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
    ids = {slot: file.pk for slot, file in kept.items()}
    form.show_kept(signing.dumps(ids, salt=_salt(agreement, by)), kept)
    return None


def _salt(agreement: Agreement, by: User) -> str:
    return f"conclusion:{agreement.pk}:{by.pk}"


def _kept_pictures(form: ConclusionForm, agreement: Agreement, by: User) -> dict[str, StoredFile]:
    """The pictures by slot that came with the form before, when it was refused."""
    token = form.cleaned_data.get("kept", "")
    try:
        ids = signing.loads(token, salt=_salt(agreement, by), max_age=_KEPT_FOR)
    except signing.BadSignature:
        return {}
    rows = StoredFile.objects.filter(created_by_id=by.pk, purpose=conclude.PURPOSE)
    files = rows.in_bulk(list(ids.values()))
    return {slot: files[pk] for slot, pk in ids.items() if pk in files}
