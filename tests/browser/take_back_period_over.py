"""Lets the hour pass in which a consent to a termination can be taken back, and hands it on to the
department."""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()
    from esign.actions import consent
    from tests.esign import signing

    signing.let_take_back_period_pass()
    consent.forward_due()
