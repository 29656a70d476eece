from django.urls import path

from codes import views

urlpatterns = [
    path("codes/places", views.places, name="places"),
    path("codes/children", views.children, name="place-children"),
]
