"""nginx over a folder, on two free ports of loopback: one answers at once, one after 50 ms.

The delay is made in nginx itself, by Lua before each reply: no proxy stands between. Debian's
packages ``nginx`` and ``libnginx-mod-http-lua`` are what it needs.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

LATENCY = 0.05

_FLUSH = 1  # seconds until a line is in the log for sure
_MODULES = "/usr/lib/nginx/modules"
_CONFIG = """
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
{user}
daemon off;
pid nginx.pid;
worker_processes 2;
worker_rlimit_nofile 16384;
events {{ worker_connections 2048; }}
http {{
    {places}
    types {{ image/png png; image/gif gif; image/svg+xml svg; application/json json; }}
    log_format times "$msec $request_time";
    sendfile on;
    tcp_nopush on;
    gunzip on;
    keepalive_requests 100000000;
    keepalive_timeout 600;
    open_file_cache max=8000 inactive=600s;
    open_file_cache_valid 600s;
    root {root};
    {servers}
}}
"""
_SERVER = """
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        {settings}
        location /api/ {{
            root {root}/{port};
            gzip_static always;
            rewrite ^(/api/.*)/$ $1/index.json break;
        }}
    }}
"""
_AT_ONCE = "access_log off;"
_SLOW = """
        access_log slow.log times buffer=64k flush={flush}s;
        access_by_lua_block {{ ngx.sleep({latency}) }}
"""
_PLACES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """A server over a folder while it is entered; ``url`` and ``slow_url`` are its two origins."""

    def __init__(self, root: Path, state: Path, ports: tuple[int, int]) -> None:
        self.url, self.slow_url = (f"http://127.0.0.1:{port}" for port in ports)
        self._ports, self._state = ports, state
        state.mkdir(parents=True)
        (state / "nginx.conf").write_text(_config(root, ports))

    def __enter__(self) -> Self:
        binary = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if binary is None or not Path(_MODULES, "ngx_http_lua_module.so").exists():
            raise SystemExit("bench: apt-get install nginx libnginx-mod-http-lua")
        self._process = subprocess.Popen(
            [binary, "-p", self._state, "-e", "error.log", "-c", "nginx.conf"]
        )
        while not _answers(self._ports[0]):
            if self._process.poll() is not None:
                raise SystemExit("bench: nginx did not start")
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def first_request(self, since: float) -> float:
        """Return when the slow server got its first request after a moment, in Unix time."""
        time.sleep(2 * _FLUSH)
        with (self._state / "slow.log").open() as lines:
            times = (line.split()[:2] for line in lines)
            began = (float(ended) - float(took) for ended, took in times)
            return min(moment for moment in began if moment > since)


def free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens on."""
    here = ("127.0.0.1", 0)
    with socket.create_server(here) as one, socket.create_server(here) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _config(root: Path, ports: tuple[int, int]) -> str:
    settings = (_AT_ONCE, _SLOW.format(flush=_FLUSH, latency=LATENCY))
    servers = (
        _SERVER.format(port=port, settings=each, root=root)
        for port, each in zip(ports, settings, strict=True)
    )
    return _CONFIG.format(
        modules=_MODULES,
        user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        places="\n    ".join(f"{name}_temp_path {name};" for name in _PLACES),
        root=root,
        servers="".join(servers),
    )
