from django.urls import path

from schools.views import session

console = [
    path("", session.home, name="home"),
    path("login/", session.login, name="login"),
    path("logout/", session.sign_out, name="logout"),
    path("password/", session.password, name="password"),
    path("counts/", session.counts, name="counts"),
]
