"""``/sprites/``: each stored sprite at the path that it has among upstream's sprites."""

from contextlib import suppress
from datetime import datetime

from django.core.files.storage import FileSystemStorage, Storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from ..keys import path_of
from ..models import Sprite, sprite_storage
from .replies import BRIEFLY, CACHED, dressed, elsewhere, not_found, public

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG opened by itself runs nothing."""
_COLUMNS = ("file", "sha256", "media_type", "changed_at", "url")


@public
def sprite(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a sprite from its folder, or lead to where its storage, or upstream, serves it."""
    if path_of(f"/sprites/{path}") != path:
        return not_found()
    for _ in range(2):  # a run may replace the file after its row was read
        with suppress(OSError):
            return _answer(request, path)
    return not_found()


def _answer(request: HttpRequest, path: str) -> HttpResponseBase:
    rows = Sprite.objects.filter(path=path).exclude(state=Sprite.State.MISSING, file="")
    found = rows.order_by("-file").values_list(*_COLUMNS).first()  # one with a file before others
    if found is None:
        return not_found()
    *file, url = found
    storage = sprite_storage()
    if not file[0]:
        return elsewhere(url)
    if address := _address(storage, file[0]):
        return HttpResponseRedirect(address, headers={"Cache-Control": BRIEFLY})
    return _image(request, storage, *file)


def _image(
    request: HttpRequest,
    storage: Storage,
    name: str,
    sha256: str,
    media_type: str,
    changed_at: datetime | None,
) -> HttpResponseBase:
    """Answer with an image, or 304; raises OSError where the file is not there."""
    etag, changed = f'"{sha256[:32]}"', int(changed_at.timestamp()) if changed_at else None
    response = get_conditional_response(request, etag=etag, last_modified=changed)
    if response is None:
        with storage.open(name) as file:
            response = HttpResponse(file.read(), content_type=media_type)
    validators = {"ETag": etag} | ({"Last-Modified": http_date(changed)} if changed else {})
    policy = {"Cache-Control": CACHED, "Content-Security-Policy": _POLICY}
    return dressed(response, validators | policy)


def _address(storage: Storage, name: str) -> str:
    """Return where a storage serves a file itself, or "" for a folder, which is ours to serve."""
    if isinstance(storage, FileSystemStorage):
        return ""
    try:
        return storage.url(name)
    except NotImplementedError:
        return ""
