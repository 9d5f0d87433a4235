"""An S3 of our own: moto's on loopback, which says what it was asked and fails when told to."""

import json
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any
from uuid import uuid4

import boto3  # type: ignore[import-untyped]
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BACKEND = "storages.backends.s3.S3Storage"
KEY, SECRET = "AKIAKEYOFTHETESTS", "the-secret-of-the-tests"


@dataclass
class S3Server:
    """A server whose requests are noted; those that ``refuse`` names fail."""

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[tuple[str, str, str]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator["S3Server"]:
        """Serve from a thread, on a port that is free."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def clear(self) -> None:
        """Forget the requests and refuse nothing."""
        self.requests.clear()
        self.refusals.clear()

    def refuse(self, request: str, status: str, code: str) -> None:
        """Answer requests such as ``PUT *.png`` with an error of S3's own kind."""
        self.refusals.append((request, status, f"<Error><Code>{code}</Code></Error>"))

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((method, path))
        for request, status, body in self.refusals:
            if fnmatch(f"{method} {path}", request):
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response(status, [("Content-Type", "application/xml")])
                return [body.encode()]
        answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer


@dataclass(frozen=True)
class Bucket:
    """A bucket of one test, as a site has it and as one looks into it from outside."""

    server: S3Server
    name: str

    @classmethod
    def create(cls, server: S3Server) -> "Bucket":
        """Make a bucket with nothing in it."""
        bucket = cls(server, f"sprites-{uuid4().hex}")
        bucket._client.create_bucket(Bucket=bucket.name)
        return bucket

    @property
    def storage(self) -> dict[str, Any]:
        """Return its entry in STORAGES, credentials included, for a site in this process."""
        options = {"bucket_name": self.name, "endpoint_url": self.server.url,
                   "access_key": KEY, "secret_key": SECRET}  # fmt: skip
        return {"BACKEND": BACKEND, "OPTIONS": options}

    @property
    def environment(self) -> dict[str, str]:
        """Return what a site in processes of its own finds it by, credentials included."""
        options = {"bucket_name": self.name, "endpoint_url": self.server.url}
        return {
            "DJANGO_SETTINGS_MODULE": "tests.storages.settings",
            "STORAGE": json.dumps({"BACKEND": BACKEND, "OPTIONS": options}),
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def files(self) -> dict[str, bytes]:
        """Return every object by its name."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        names = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return {name: self._read(name) for name in names}

    def put(self, name: str, data: bytes) -> None:
        """Store an object past the site."""
        self._client.put_object(Bucket=self.name, Key=name, Body=data)

    def _read(self, name: str) -> bytes:
        data: bytes = self._client.get_object(Bucket=self.name, Key=name)["Body"].read()
        return data

    @property
    def _client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.server.url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
