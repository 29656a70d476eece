from django.urls import path

from codes import views

urlpatterns = [path("codes/places", views.places, name="places")]
