from django.urls import path

from employers import views

urlpatterns = [
    path("", views.login, name="employer"),
    path("logout/", views.sign_out, name="employer-logout"),
]
