from django.urls import path

from core import views

urlpatterns = [path("gallery/", views.gallery, name="gallery")]

inbox = [path("inbox/", views.development_inbox, name="development-inbox")]
