"""Addresses of support."""

from django.urls import URLPattern, path

from support.views import (
    console_figures,
    console_imports,
    console_list,
    console_person,
    console_proposals,
    console_rules,
    phone,
)

console: list[URLPattern] = [
    path("support/", console_list.SupportList.as_view(), name="support"),
    path("support/export/", console_list.SupportExport.as_view(), name="support-export"),
    path("support/assign/", console_list.assign, name="support-assign"),
    path("support/<int:pk>/", console_person.person, name="support-person"),
    path("support/<int:pk>/responsible/", console_person.assign, name="support-responsible"),
    path("support/<int:pk>/profile/", console_person.profile, name="support-profile"),
    path("support/<int:pk>/plan/", console_person.plan, name="support-plan"),
    path("support/<int:pk>/records/new/", console_person.record_new, name="support-record"),
    path(
        "support/<int:pk>/records/<int:record>/correct/",
        console_person.record_correct,
        name="support-record-correct",
    ),
    path(
        "support/<int:pk>/records/<int:record>/delete/",
        console_person.record_delete,
        name="support-record-delete",
    ),
    path(
        "support/<int:pk>/images/<int:image>/", console_person.picture, name="support-record-image"
    ),
    path("support/<int:pk>/recommend/", console_person.recommend, name="support-recommend"),
    path("support-proposals/", console_proposals.ProposalList.as_view(), name="support-proposals"),
    path("support-proposals/new/", console_proposals.find, name="support-proposal-new"),
    path("support-proposals/new/<int:pk>/", console_proposals.propose, name="support-propose"),
    path("support-proposals/<int:pk>/", console_proposals.proposal, name="support-proposal"),
    path(
        "support-proposals/<int:pk>/decide/",
        console_proposals.decide,
        name="support-proposal-decide",
    ),
    path(
        "support-proposals/<int:pk>/withdraw/",
        console_proposals.withdraw,
        name="support-proposal-withdraw",
    ),
    path(
        "support-proposals/<int:pk>/images/<int:image>/",
        console_proposals.picture,
        name="support-proposal-image",
    ),
    path("support-imports/", console_imports.listing, name="support-imports"),
    path("support-imports/template/", console_imports.template, name="support-import-template"),
    path("support-imports/<int:pk>/", console_imports.detail, name="support-import"),
    path(
        "support-imports/<int:pk>/confirm/", console_imports.confirm, name="support-import-confirm"
    ),
    path("support-imports/<int:pk>/cancel/", console_imports.cancel, name="support-import-cancel"),
    path(
        "support-imports/<int:pk>/annotated/",
        console_imports.annotated,
        name="support-import-annotated",
    ),
    path("support-figures/", console_figures.support_figures, name="support-figures"),
    path("support-rules/", console_rules.support_rules, name="support-rules"),
    path("support-rules/quota/", console_rules.quota, name="support-quota"),
    path("support-rules/ways/new/", console_rules.way_new, name="support-way-new"),
    path("support-rules/ways/<int:pk>/", console_rules.way, name="support-way"),
]

urlpatterns: list[URLPattern] = [
    path("employment-services/", phone.services, name="employment-services"),
    path("employment-services/jobs/<int:pk>/", phone.recommended, name="support-recommended"),
]
