"""URLs of the example site: the gallery is its home page, and it stands in for PokéAPI."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import include, path

from .media import media

urlpatterns = [
    path("", include("sprites.urls")),
    path("", include("sprites.serving.urls")),
    path("admin/", admin.site.urls),
    # A web server is to answer for these two; where there is none, the site does.
    path(f"{settings.MEDIA_URL.lstrip('/')}<path:path>", media),
    path(f"{settings.STATIC_URL.lstrip('/')}<path:path>", serve, {"insecure": True}),
]
