"""Addresses of surveys."""

from django.urls import path

from surveys.views import builder, employer, phone, public
from surveys.views import console as pages
from surveys.views import results as tables

console = [
    path("surveys/", pages.SurveyList.as_view(), name="surveys"),
    path("surveys/add/", pages.new, name="survey-new"),
    path("surveys/<int:pk>/", pages.survey, name="survey"),
    path("surveys/<int:pk>/edit/", pages.edit, name="survey-edit"),
    path("surveys/<int:pk>/publish/", pages.publish, name="survey-publish"),
    path("surveys/<int:pk>/end/", pages.end, name="survey-end"),
    path("surveys/<int:pk>/discard/", pages.discard, name="survey-discard"),
    path("surveys/<int:pk>/copy/", pages.copy, name="survey-copy"),
    path("surveys/<int:pk>/wording/", pages.wording, name="survey-wording"),
    path("surveys/<int:pk>/progress/", pages.progress, name="survey-progress"),
    path("surveys/<int:pk>/questions/", builder.listing, name="survey-questions"),
    path("surveys/<int:pk>/questions/block/", builder.insert_block, name="survey-block"),
    path("surveys/<int:pk>/questions/move/", builder.move, name="survey-move"),
    path("surveys/<int:pk>/questions/add/<str:kind>/", builder.add, name="survey-question-new"),
    path("surveys/<int:pk>/questions/<str:key>/", builder.edit, name="survey-question"),
    path("surveys/<int:pk>/preview/", builder.preview, name="survey-preview"),
    path("survey-results/", pages.ResultList.as_view(), name="surveys-results"),
    path("survey-results/<int:pk>/", tables.results_page, name="survey-results"),
    path("survey-results/<int:pk>/workbook/", tables.workbook, name="survey-workbook"),
]

urlpatterns = [
    path("surveys/", phone.listing, name="surveys"),
    path("surveys/setting/", phone.setting, name="survey-setting"),
    path("surveys/<int:pk>/open/", phone.open_survey, name="survey-open"),
    path("employer/surveys/", employer.listing, name="employer-surveys"),
    path("employer/surveys/<int:pk>/open/", employer.open_survey, name="employer-survey-open"),
    path("s/thanks/", public.thanks, name="survey-thanks"),
    path("s/declined/", public.declined, name="survey-declined"),
    path("s/<str:token>/", public.answer, name="survey"),
    path("s/<str:token>/decline/", public.decline, name="survey-decline"),
]
