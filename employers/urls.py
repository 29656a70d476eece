from django.urls import path

from employers.views import account, entrance, letters, unit
from employers.views import console as certify

urlpatterns = [
    path("", entrance.login, name="employer"),
    path("logout/", entrance.sign_out, name="employer-logout"),
    path("recover/", letters.recover, name="employer-recover"),
    path("recover/sent/", letters.recover_sent, name="employer-recover-sent"),
    path("recover/letter.pdf", letters.blank_template, name="employer-recover-letter"),
    path("home/", account.home, name="employer-home"),
    path("choose/", account.choose, name="employer-choose"),
    path("password/", account.password, name="employer-password"),
    path("sessions/", entrance.end_all_sessions, name="employer-sessions"),
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
]

console = [
    path("letters/", certify.LetterList.as_view(), name="letters"),
    path("letters/<int:pk>/", certify.letter, name="letter"),
    path("letters/<int:pk>/approve/", certify.approve, name="letter-approve"),
    path("letters/<int:pk>/refuse/", certify.refuse, name="letter-refuse"),
    path("letters/<int:pk>/picture/<str:slot>/", certify.picture, name="letter-picture"),
]
