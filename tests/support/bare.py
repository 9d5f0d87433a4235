"""Settings of a site that has what the gallery needs and nothing else, not even Django's admin."""

import os

import environ

SECRET_KEY = "for tests only"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "sprites"]
ROOT_URLCONF = "tests.support.bare_urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
STATIC_URL = "static/"
SPRITES = {"API_URL": os.environ["SPRITES_API_URL"]}
SILENCED_SYSTEM_CHECKS = ["sprites.W002"]
