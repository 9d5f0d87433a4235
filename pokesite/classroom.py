"""How gunicorn serves a class: ``gunicorn -c python:pokesite.classroom pokesite.wsgi``.

In: ``ADDRESS``, ``PORT`` and ``PROCESSES`` of the environment. Out: gunicorn's settings, and what
students type, as soon as the site listens. ``python -m bench class`` measures it.
"""

import os
import signal
import socket
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
# Thirty students keep 240 connections open. A worker without threads answers one at a time and then
# closes it, so that each request pays for a new one. With threads, those that wait cost none. But a
# new one takes a thread until its first bytes come, five seconds at the most: as many as there are
# threads, of browsers that open them ahead of time, hold up everybody. Linux can keep such ones to
# itself. Elsewhere more threads must do, which get in each other's way: a sixth more CPU a request.
_IS_LINUX = hasattr(socket, "TCP_DEFER_ACCEPT")
worker_class, threads, keepalive = "gthread", 8 if _IS_LINUX else 32, 15
graceful_timeout = 5  # seconds from Ctrl-C to the end, at the most
loglevel = "warning"
control_socket_disable = True  # Ctrl-C is all the control that is needed


def when_ready(server: Any) -> None:
    """Take a connection only once something has come over it, where the system can wait."""
    for listener in server.LISTENERS if _IS_LINUX else ():
        listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)


def post_worker_init(worker: Any) -> None:
    """Ready a process that serves; the last one says what to type."""
    from django.db import connections

    # There is nothing to save, and Python's own way out takes seconds on a busy machine.
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: os._exit(0))
    for database in connections.settings.values():
        database["CONN_MAX_AGE"] = 600  # a new connection costs a third of a request
    if worker.age == workers:
        print(_TOLD, flush=True)
