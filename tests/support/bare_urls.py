"""URLs of a site that is the gallery alone."""

from django.urls import include, path

urlpatterns = [path("", include("sprites.urls"))]
