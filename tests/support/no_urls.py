"""URLs of a site that uses the template tags alone."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
