from django.urls import path

from destinations.views import (
    catalogue,
    codes,
    disputes,
    figures,
    imports,
    lists,
    phone,
    progress,
    releases,
    review,
    sheets,
    wages,
)

urlpatterns = [
    path("dispute/", disputes.raise_page, name="dispute"),
    path("dispute/appeal/", disputes.appeal, name="dispute-appeal"),
    path("destination/", phone.state, name="destination"),
    path("destination/choose/", phone.choose, name="destination-choose"),
    path("destination/materials/", phone.materials, name="destination-materials"),
    path("destination/sheet/", sheets.sheet, name="destination-sheet"),
    path("destination/form/", phone.form, name="destination-form"),
    path("destination/touch-up/", phone.touch_up, name="destination-touch-up"),
    path("destination/take-back/", phone.take_back, name="destination-take-back"),
    path("destination/release/", releases.own, name="destination-release"),
    path(
        "destination/release/withdraw/", releases.own_withdraw, name="destination-release-withdraw"
    ),
    path("destination/release/image/<int:pk>/", releases.own_image, name="release-image"),
    path("destination/evidence/<int:pk>/", phone.image, name="evidence"),
    path("destination/evidence/<int:pk>/remove/", phone.remove_image, name="evidence-remove"),
    path("categories/", phone.categories, name="categories"),
]

console = [
    path("disputes/", disputes.DisputeList.as_view(), name="disputes"),
    path("disputes/<int:pk>/", disputes.page, name="dispute"),
    path("disputes/<int:pk>/settle/", disputes.settle, name="dispute-settle"),
    path("releases/", releases.ReleaseList.as_view(), name="releases"),
    path("releases/<int:pk>/", releases.page, name="release"),
    path("releases/<int:pk>/decide/", releases.decide, name="release-decide"),
    path("releases/image/<int:pk>/", releases.image, name="release-image"),
    path("destinations/", lists.DestinationList.as_view(), name="destinations"),
    path("destinations/queue/", lists.ReviewQueue.as_view(), name="review-queue"),
    path("destinations/review/", lists.review_many, name="review-many"),
    path("destinations/export/", imports.DestinationExport.as_view(), name="destinations-export"),
    path("destinations/import/", imports.listing, name="destination-imports"),
    path("destinations/import/template/", imports.template, name="destination-import-template"),
    path("destinations/import/<int:pk>/", imports.detail, name="destination-import"),
    path(
        "destinations/import/<int:pk>/confirm/", imports.confirm, name="destination-import-confirm"
    ),
    path("destinations/import/<int:pk>/cancel/", imports.cancel, name="destination-import-cancel"),
    path(
        "destinations/import/<int:pk>/annotated/",
        imports.annotated,
        name="destination-import-annotated",
    ),
    path("destinations/<int:pk>/", review.workspace, name="destination"),
    path("destinations/<int:pk>/enter/", review.enter, name="destination-enter"),
    path("destinations/<int:pk>/release/", releases.propose, name="release-propose"),
    path("destinations/<int:pk>/evidence/", review.add_image, name="evidence-add"),
    path("destinations/<int:pk>/sheet/", sheets.console_sheet, name="destination-sheet"),
    path("destinations/<int:pk>/codes/", codes.codes, name="destination-codes"),
    path("destinations/<int:pk>/<slug:action>/", review.act, name="destination-act"),
    path("evidence/<int:pk>/", review.image, name="evidence"),
    path("figures/", figures.figures, name="figures"),
    path("catalogue/", catalogue.categories, name="catalogue"),
    path("catalogue/<str:code>/", catalogue.category, name="category"),
    path("catalogue/<str:code>/<slug:form>/", catalogue.category_form, name="category-form"),
    path("progress/", progress.progress, name="progress"),
    path("province/wages/", wages.wages, name="wages"),
    path("province/wages/<int:pk>/delete/", wages.delete, name="wage-delete"),
]
