"""URLs of the gallery and its JSON; a site includes them wherever it likes."""

from django.urls import path

from .gallery import api, media, views

app_name = "sprites"

urlpatterns = [
    path("", views.pokemon_list, name="list"),
    path("pokemon/<str:name>/", views.pokemon_detail, name="detail"),
    path("preferences/", views.preferences, name="preferences"),
    path("files/<int:pk>/<slug:version>/", media.sprite_file, name="file"),
    path("api/pokemon/", api.pokemon_list, name="api-list"),
    path("api/pokemon/<str:name>/", api.pokemon_detail, name="api-detail"),
]
