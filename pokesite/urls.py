"""URLs of the example site: the gallery is its home page."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from .media import media

urlpatterns = [
    path("", include("sprites.urls")),
    path("admin/", admin.site.urls),
    path(f"{settings.MEDIA_URL.lstrip('/')}<path:path>", media),
    *staticfiles_urlpatterns(),
]
