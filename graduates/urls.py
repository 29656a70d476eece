from django.urls import path

from graduates.views import changes, entrance, origin, origin_list, phone, roster

urlpatterns = [
    path("", phone.home, name="home"),
    path("login/", entrance.login, name="login"),
    path("activate/", entrance.activate, name="activate"),
    path("logout/", entrance.sign_out, name="logout"),
    path("schools", entrance.schools, name="schools"),
    path("register/", phone.register_tab, name="register-tab"),
    path("services/", phone.services, name="services"),
    path("origin/", phone.origin_page, name="origin"),
    path("contact/", phone.contact, name="contact"),
    path("me/", phone.me, name="me"),
    path("me/password/", phone.password, name="me-password"),
    path("me/sessions/", entrance.end_all_sessions, name="me-sessions"),
]

console = [
    path("graduates/", origin_list.OriginList.as_view(), name="origins"),
    path("graduates/roster/", origin_list.RosterExport.as_view(), name="roster-export"),
    path("graduates/lock/", origin_list.lock_many, name="origins-lock"),
    path("graduates/add/", origin.add, name="origin-add"),
    path("graduates/changes/", changes.Changes.as_view(), name="changes"),
    path("graduates/import/", roster.imports, name="imports"),
    path("graduates/import/template/", roster.template, name="import-template"),
    path("graduates/import/<int:pk>/", roster.detail, name="import"),
    path("graduates/import/<int:pk>/confirm/", roster.confirm, name="import-confirm"),
    path("graduates/import/<int:pk>/cancel/", roster.cancel, name="import-cancel"),
    path("graduates/import/<int:pk>/annotated/", roster.annotated, name="import-annotated"),
    path("graduates/<int:pk>/", origin.detail, name="origin"),
    path("graduates/<int:pk>/lock/", origin.lock, name="origin-lock"),
    path("graduates/<int:pk>/unlock/", origin.unlock, name="origin-unlock"),
    path("graduates/<int:pk>/reveal/", origin.reveal, name="origin-reveal"),
    path("graduates/<int:pk>/initial-code/", origin.show_initial_code, name="origin-code"),
    path("graduates/<int:pk>/standing/", origin.standing, name="origin-standing"),
    path("graduates/<int:pk>/reset/", origin.reset_account, name="origin-reset"),
]
