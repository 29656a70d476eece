"""Forms of entrances, which ask for a proof while there are many failures (`accounts.proof`)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict
from django.http import HttpRequest
from django.urls import reverse

from accounts import proof
from codes import text
from core import rate
from core.errors import DomainError
from core.forms import PlatformForm, fields, widgets

_NAME, _CHALLENGE, _ANOTHER = "proof", "proof_challenge", "proof_another"
# Sums in words for one network in a quarter of an hour; pictures have no such limit.
_MOST_SUMS = 60
_HELP = "此网络或帐号最近失败次数较多，先填写图片中的5位数字（或文字题的答案）再继续。"
_NO_SUM = "此网络换文字题的次数过多，请填写图片中的5位数字，或15分钟后再换。"


class ProofInput(widgets.NumberInput):
    """The input for the answer below its picture or sum, and buttons for another one."""

    template_name = "accounts/parts/proof.html"
    challenge = ""
    # The name and value of the button that the key Enter presses. It stands before the one for
    # another picture, which would be pressed otherwise.
    enter: tuple[str, str] = ("", "")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)  # another picture has other digits
        context["widget"] |= self.context_of(self.challenge) | {"enter": self.enter}
        # A screen reader reads what the picture is, or the sum, together with the input.
        described = context["widget"]["attrs"].get("aria-describedby", "")
        context["widget"]["attrs"]["aria-describedby"] = f"proof-question {described}".strip()
        return context

    @staticmethod
    def context_of(challenge: str) -> dict[str, str]:
        entrance = challenge.partition(".")[0]
        return {
            "challenge": challenge,
            "question": proof.question_of(challenge),
            "picture": reverse("proof-picture", args=[challenge]),
            "another": reverse("proof-another", args=[entrance]),
        }


def new_challenge(entrance: proof.Entrance, kind: proof.Kind, network: str) -> str:
    """A new challenge for somebody in this network. Raises `RateLimited` after many sums in words."""
    if kind == proof.Kind.WORDS:
        rate.limit(f"proof-words:{network}", most=_MOST_SUMS, seconds=proof.WINDOW)
    return proof.new_challenge(entrance, kind)


class ProtectedForm(PlatformForm):
    """A form of an entrance. The view calls `protect` before it asks `is_valid`.

    Refusals of its action count as failures of the address and of the account that
    `account_fields` name. The action may itself refuse an account without a proof
    (`proof.ProofRequired`), which is asked for then.
    """

    entrance: ClassVar[proof.Entrance]
    account_fields: ClassVar[tuple[str, ...]] = ()
    _network = ""
    _request: HttpRequest | None = None
    _enter = ("", "")

    def protect(self, request: HttpRequest, *, enter: tuple[str, str] = ("", "")) -> None:
        """Ask for a proof if there were many failures. `enter` is the name and value of the button
        that the key Enter presses, if it has a name."""
        self._request, self._network, self._enter = request, proof.network_of(request), enter
        # A proof that was typed is judged even if the failures were forgotten meanwhile.
        if _CHALLENGE in self.data or self._pressure() >= 1:
            self._ask()

    def count_try(self) -> None:
        """Count one try that cost work, such as a code that was sent."""
        if not self._network:
            return
        proof.count(self.entrance, self._network, self._account())

    def add_refusal(self, refusal: DomainError) -> None:
        if isinstance(refusal, proof.ProofRequired):  # nothing was tried, so nothing is counted
            self._ask()
            super().add_refusal(refusal)
            return
        super().add_refusal(refusal)
        self.count_try()
        if self._pressure() >= 1:
            self._ask()

    def _pressure(self) -> float:
        if not self._network:
            return 0
        return proof.pressure(self.entrance, self._network, self._account())

    def _account(self) -> str:
        typed = [text.clean_code(str(self.data.get(name, ""))) for name in self.account_fields]
        return ":".join(typed) if all(typed) else ""

    def _ask(self) -> None:
        """Add the field with a new picture, or with a new sum for who chose that."""
        widget = ProofInput({"autocomplete": "off", "maxlength": "10", "inputmode": "numeric"})
        kind, help_text = self._kind(), _HELP
        try:
            widget.challenge = new_challenge(self.entrance, kind, self._network)
        except rate.RateLimited:
            widget.challenge, help_text = proof.new_challenge(self.entrance), _NO_SUM
        widget.enter = self._enter
        self.fields[_NAME] = fields.Text(
            "验证数字", widget=widget, required=False, star=True, help_text=help_text
        )

    def _kind(self) -> proof.Kind:
        wanted = self.data.get(_ANOTHER)
        if wanted in tuple(proof.Kind):
            return proof.Kind(wanted)
        return proof.kind_of(str(self.data.get(_CHALLENGE, "")))

    @property
    def _wants_another(self) -> bool:
        return self.is_bound and _ANOTHER in self.data

    def full_clean(self) -> None:
        if self._wants_another:  # nothing is checked: only the picture changes
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def is_valid(self) -> bool:
        return not self._wants_another and super().is_valid()

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        typed = values.pop(_NAME, None)
        # A proof serves once, so it is not judged together with values that are wrong anyway.
        if typed is not None and not self.errors:
            found = proof.problem(
                self.entrance,
                str(self.data.get(_CHALLENGE, "")),
                text.clean_code(typed),
                is_slow=self._pressure() >= proof.SLOW_FROM,
            )
            if found:
                self.add_error(_NAME, forms.ValidationError(found, code="proof"))
            elif self._request is not None:
                proof.note_given(self._request)
        return values
