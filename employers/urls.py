from django.urls import path

from employers import views

urlpatterns = [path("", views.login, name="employer")]
