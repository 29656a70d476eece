"""Addresses of the employer's pages, and of the province's pages of letters (`console`)."""

from django.urls import path

from employers.views import account, letters, sign_in, unit
from employers.views import console as letter_review

urlpatterns = [
    path("", sign_in.login, name="employer"),
    path("logout/", sign_in.sign_out, name="employer-logout"),
    path("recover/", letters.recover, name="employer-recover"),
    path("recover/sent/", letters.recover_sent, name="employer-recover-sent"),
    path("recover/letter.pdf", letters.blank_template, name="employer-recover-letter"),
    path("home/", account.home, name="employer-home"),
    path("choose/", account.choose, name="employer-choose"),
    path("password/", account.password, name="employer-password"),
    path("sessions/", sign_in.own_sessions, name="employer-sessions"),
    path("messages/", account.inbox_page, name="employer-messages"),
    path("messages/<int:pk>/", account.open_message, name="employer-message"),
    path("unit/", unit.unit, name="employer-unit"),
    path("unit/signature/", unit.signature, name="employer-signature"),
    path("unit/papers/", unit.documents, name="employer-papers"),
    path("unit/picture/<str:slot>/", unit.picture, name="employer-picture"),
    path("unit/members/", unit.people, name="employer-members"),
    path("unit/members/<int:pk>/verify/", unit.verify_member, name="employer-member-verify"),
    path("unit/members/<int:pk>/end/", unit.end_member, name="employer-member-end"),
    path("unit/letter/", letters.letter, name="employer-letter"),
    path("unit/letter/template.pdf", letters.letter_template, name="employer-letter-template"),
    path("unit/letter/<int:pk>/", letters.letter_scan, name="employer-letter-scan"),
    path("unit/letter/<int:pk>/object/", letters.object_to, name="employer-letter-object"),
]

console = [
    path("letters/", letter_review.LetterList.as_view(), name="letters"),
    path("letters/<int:pk>/", letter_review.letter, name="letter"),
    path("letters/<int:pk>/approve/", letter_review.approve, name="letter-approve"),
    path("letters/<int:pk>/refuse/", letter_review.refuse, name="letter-refuse"),
    path("letters/<int:pk>/picture/<str:slot>/", letter_review.picture, name="letter-picture"),
]
