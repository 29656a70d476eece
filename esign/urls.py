"""Addresses of e-signing: `urlpatterns` for graduates and the public, `employer` and `console` for the
unit's and the staff's pages."""

from django.urls import path

from esign.views import (
    card,
    console_agreement,
    console_conclusion,
    console_lists,
    console_print,
    console_setup,
    console_termination,
    document_pages,
    employer_agreements,
    employer_conclusions,
    employer_imports,
    employer_invitations,
    employer_terminations,
    phone,
    phone_agreement,
    phone_conclusion,
    phone_termination,
    scan_print,
    termination_consent,
    verify,
)

urlpatterns = [
    path("card/<str:token>/", card.landing, name="card-landing"),
    path("invite/<str:key>/phone/", card.phone, name="invite-phone"),
    path("invite/<str:key>/<int:number>/", card.step, name="invite-step"),
    path("invite/<str:key>/save/", card.save, name="invite-save"),
    path("invite/<str:key>/units/", card.units, name="invite-units"),
    path("invite/<str:key>/image/<str:slot>/", card.image, name="invite-image"),
    path("invite/<str:key>/upload/<str:slot>/", card.upload, name="invite-upload"),
    path("invite/<str:key>/preview/", card.preview, name="invite-preview"),
    path("invite/<str:key>/sent/", card.sent, name="invite-sent"),
    path("verify/", verify.verify, name="verify"),
    path("verify/<str:token>/", verify.by_token, name="verify-token"),
    path("my-card/", phone.card, name="card"),
    path("my-card/picture/", phone.card_picture, name="card-picture"),
    path("my-card/new/", phone.card_new, name="card-new"),
    path("my-card/revoke/", phone.card_revoke, name="card-revoke"),
    path("invitations/", phone.invitations, name="invitations"),
    path("invitations/<int:pk>/", phone.invitation, name="invitation"),
    path("invitations/<int:pk>/code/", phone.invitation_code, name="invitation-code"),
    path("invitations/<int:pk>/accept/", phone.invitation_accept, name="invitation-accept"),
    path("invitations/<int:pk>/decline/", phone.invitation_decline, name="invitation-decline"),
    path("invitations/<int:pk>/<str:slot>/", phone.invitation_picture, name="invitation-picture"),
    path("signatures/<str:terms_hash>/", phone.own_signature, name="own-signature"),
    path("agreements/", phone.agreements, name="agreements"),
    path("agreements/<int:pk>/", phone_agreement.agreement, name="agreement"),
    path("agreements/<int:pk>/pdf/", phone_agreement.agreement_pdf, name="agreement-pdf"),
    path("agreements/<int:pk>/pages/", document_pages.graduate_pages, name="agreement-pages"),
    path(
        "agreements/<int:pk>/pages/<int:number>/",
        document_pages.graduate_page,
        name="agreement-page",
    ),
    path("agreements/<int:pk>/terminate/", phone_termination.start, name="agreement-terminate"),
    path(
        "agreements/<int:pk>/consent/",
        termination_consent.graduate_sheet,
        name="agreement-consent",
    ),
    path(
        "agreements/<int:pk>/consent/code/",
        termination_consent.graduate_code,
        name="agreement-consent-code",
    ),
    path(
        "agreements/<int:pk>/consent/confirm/",
        termination_consent.graduate_confirm,
        name="agreement-consent-confirm",
    ),
    path(
        "agreements/<int:pk>/termination/<str:action>/",
        phone_termination.act,
        name="agreement-termination",
    ),
    path(
        "termination-materials/<int:pk>/", phone_termination.material, name="termination-material"
    ),
    path("conclusions/<int:pk>/", phone_conclusion.conclusion, name="conclusion"),
    path("conclusions/<int:pk>/confirm/", phone_conclusion.confirm, name="conclusion-confirm"),
    path("conclusions/<int:pk>/refuse/", phone_conclusion.refuse, name="conclusion-refuse"),
    path(
        "conclusions/<int:pk>/picture/<str:slot>/",
        phone_conclusion.picture,
        name="conclusion-picture",
    ),
    path("amendments/<int:pk>/", phone_agreement.amendment, name="amendment"),
    path("amendments/<int:pk>/code/", phone_agreement.amendment_code, name="amendment-code"),
    path(
        "amendments/<int:pk>/confirm/", phone_agreement.amendment_confirm, name="amendment-confirm"
    ),
    path("amendments/<int:pk>/refuse/", phone_agreement.amendment_refuse, name="amendment-refuse"),
    path("print/", scan_print.start, name="print"),
    path("print/scan/<str:token>/", scan_print.scan, name="print-scan"),
    path("print/<str:token>/", scan_print.ticket, name="print-ticket"),
    path("print/<str:token>/state/", scan_print.state, name="print-state"),
    path("print/<str:token>/pdf/", scan_print.download, name="print-download"),
]

employer = [
    path("invitations/", employer_invitations.invitations, name="employer-invitations"),
    path("invitations/new/", employer_invitations.invite_new, name="employer-invite-new"),
    path("invitations/workbook/", employer_imports.listing, name="employer-workbooks"),
    path(
        "invitations/workbook/template/",
        employer_imports.template,
        name="employer-workbook-template",
    ),
    path("invitations/workbook/<int:pk>/", employer_imports.detail, name="employer-workbook"),
    path(
        "invitations/workbook/<int:pk>/confirm/",
        employer_imports.confirm,
        name="employer-workbook-confirm",
    ),
    path(
        "invitations/workbook/<int:pk>/cancel/",
        employer_imports.cancel,
        name="employer-workbook-cancel",
    ),
    path(
        "invitations/workbook/<int:pk>/annotated/",
        employer_imports.annotated,
        name="employer-workbook-annotated",
    ),
    path("invitations/<int:pk>/", employer_invitations.invitation, name="employer-invitation"),
    path(
        "invitations/<int:pk>/withdraw/",
        employer_invitations.invitation_withdraw,
        name="employer-invitation-withdraw",
    ),
    path(
        "invitations/<int:pk>/picture/<str:slot>/",
        employer_invitations.invitation_picture,
        name="employer-invitation-picture",
    ),
    path("agreements/", employer_agreements.agreements, name="employer-agreements"),
    path("agreements/<int:pk>/", employer_agreements.agreement, name="employer-agreement"),
    path(
        "agreements/<int:pk>/pdf/", employer_agreements.agreement_pdf, name="employer-agreement-pdf"
    ),
    path(
        "agreements/<int:pk>/pages/", document_pages.employer_pages, name="employer-agreement-pages"
    ),
    path(
        "agreements/<int:pk>/pages/<int:number>/",
        document_pages.employer_page,
        name="employer-agreement-page",
    ),
    path("agreements/<int:pk>/amend/", employer_agreements.amend_form, name="employer-amend"),
    path(
        "agreements/<int:pk>/amend/withdraw/",
        employer_agreements.amend_withdraw,
        name="employer-amend-withdraw",
    ),
    path("agreements/<int:pk>/terminate/", employer_terminations.start, name="employer-terminate"),
    path(
        "agreements/<int:pk>/terminate/consent/",
        termination_consent.unit_sheet,
        name="employer-terminate-consent",
    ),
    path(
        "agreements/<int:pk>/terminate/consent/code/",
        termination_consent.unit_code,
        name="employer-terminate-code",
    ),
    path(
        "agreements/<int:pk>/terminate/consent/confirm/",
        termination_consent.unit_confirm,
        name="employer-terminate-confirm",
    ),
    path(
        "agreements/<int:pk>/terminate/take-back/",
        employer_terminations.take_back,
        name="employer-terminate-take-back",
    ),
    path(
        "agreements/<int:pk>/terminate/refuse/",
        employer_terminations.refuse,
        name="employer-terminate-refuse",
    ),
    path(
        "agreements/<int:pk>/terminate/withdraw/",
        employer_terminations.withdraw,
        name="employer-terminate-withdraw",
    ),
    path("agreements/<int:pk>/conclude/", employer_conclusions.start, name="employer-conclude"),
    path(
        "agreements/<int:pk>/conclude/withdraw/",
        employer_conclusions.withdraw,
        name="employer-conclude-withdraw",
    ),
    path(
        "agreements/<int:pk>/conclusions/<int:conclusion_id>/<str:slot>/",
        employer_conclusions.picture,
        name="employer-conclusion-picture",
    ),
    path(
        "agreements/<int:pk>/materials/<int:material_id>/",
        employer_terminations.material,
        name="employer-material",
    ),
]
console = [
    path("agreements/", console_lists.AgreementList.as_view(), name="agreements"),
    path("agreements/<int:pk>/", console_agreement.agreement, name="agreement"),
    path("agreements/<int:pk>/conclude/", console_conclusion.start, name="agreement-conclude"),
    path("conclusions/", console_lists.ConclusionList.as_view(), name="conclusions"),
    path("conclusions/queue/", console_lists.ConclusionQueue.as_view(), name="conclusion-queue"),
    path("conclusions/<int:pk>/", console_conclusion.conclusion, name="conclusion"),
    path("conclusions/<int:pk>/act/<str:action>/", console_conclusion.act, name="conclusion-act"),
    path(
        "conclusions/<int:pk>/picture/<str:slot>/",
        console_conclusion.picture,
        name="conclusion-picture",
    ),
    path("agreements/<int:pk>/image/<str:slot>/", console_agreement.image, name="agreement-image"),
    path(
        "agreements/<int:pk>/signature/<int:number>/<str:side>/",
        console_agreement.signature,
        name="agreement-signature",
    ),
    path("agreements/<int:pk>/pages/", document_pages.console_pages, name="agreement-pages"),
    path(
        "agreements/<int:pk>/pages/<int:number>/",
        document_pages.console_page,
        name="agreement-page",
    ),
    path("prints/", console_lists.PrintList.as_view(), name="prints"),
    path("prints/<int:pk>/", console_print.agreement_print, name="print"),
    path("terminations/", console_lists.TerminationList.as_view(), name="terminations"),
    path("terminations/queue/", console_lists.TerminationQueue.as_view(), name="termination-queue"),
    path("terminations/<int:pk>/", console_termination.termination, name="termination"),
    path(
        "terminations/<int:pk>/act/<str:action>/", console_termination.act, name="termination-act"
    ),
    path(
        "terminations/material/<int:pk>/",
        console_termination.material,
        name="termination-material",
    ),
    path("setup/signing/", console_setup.signing_rules, name="signing-rules"),
    path("province/documents/", console_lists.DocumentList.as_view(), name="documents"),
    path("province/documents/retry/", console_setup.documents_retry, name="documents-retry"),
]
