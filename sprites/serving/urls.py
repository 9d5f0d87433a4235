"""URLs of a site that stands in for PokéAPI; a site includes them at its root."""

from django.urls import path

from . import api, media

app_name = "pokeapi"

urlpatterns = [
    path("api/v2/", api.root, name="root"),
    path("api/v2", api.root),
    path("api/v2/<path:path>", api.resource),
    path("sprites/<path:path>", media.sprite, name="sprite"),
]
