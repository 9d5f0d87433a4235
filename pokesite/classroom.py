"""How gunicorn serves a class: ``gunicorn -c python:pokesite.classroom pokesite.wsgi``.

In: ``ADDRESS``, ``PORT`` and ``PROCESSES`` of the environment. Out: gunicorn's settings, and what
students type, as soon as the site listens. ``python -m bench class`` measures it.
"""

import os
from typing import Any

_HOME = f"{os.environ.get('ADDRESS', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
_COMMAND = "python manage.py fetch_sprites --workers 8"
_TOLD = f"""
The gallery: http://{_HOME}/

Each student types, in the project's folder:

    python manage.py migrate
    SPRITES_API_URL=http://{_HOME}/api/v2/ SPRITES_ALLOW_HTTP=true {_COMMAND}

On Windows, in PowerShell, the second line is:

    $env:SPRITES_API_URL="http://{_HOME}/api/v2/"; $env:SPRITES_ALLOW_HTTP="true"; {_COMMAND}

Ctrl-C ends the class."""

bind = _HOME
workers = int(os.environ.get("PROCESSES") or 2)
# Thirty students keep 240 connections open. A worker without threads answers one connection at a
# time and closes it, so each request would pay for a new one, and a browser that opens a connection
# ahead of time would hold up everybody. Here those that wait cost no thread. More threads gain
# nothing, for one of a process computes at a time.
worker_class, threads, keepalive = "gthread", 4, 15
graceful_timeout = 2  # seconds from Ctrl-C to the end, whatever is being served
loglevel = "warning"
control_socket_disable = True  # Ctrl-C is all the control that is needed


def post_fork(server: Any, worker: Any) -> None:
    """Keep Ctrl-C from a process that serves: the first one hears it, and ends the others.

    A second signal, while one of them is busy with the first, would lock it up.
    """
    os.setpgrp()


def post_worker_init(worker: Any) -> None:
    """Ready a process that serves; the last one says what to type."""
    from django.db import connections

    for database in connections.settings.values():
        database["CONN_MAX_AGE"] = 600  # a new connection costs a third of a request
    if worker.age == workers:
        print(_TOLD, flush=True)
