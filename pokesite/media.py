"""Media as a web server should serve it: for ever, as what it is, and unable to act."""

import os
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils._os import safe_join
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

from sprites.gallery.media import HEADERS

TYPES = {
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""All that is served; whatever else lies in the folder is not there."""


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve one image from MEDIA_ROOT."""
    file = _open(path)
    changed = os.fstat(file.fileno()).st_mtime
    response: HttpResponseBase
    if was_modified_since(request.headers.get("If-Modified-Since"), changed):
        response = FileResponse(file, content_type=TYPES[Path(path).suffix])
        del response.headers["Content-Disposition"]  # a link that downloads chooses the name
    else:
        file.close()
        response = HttpResponseNotModified()
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers["Last-Modified"] = http_date(changed)
    return response


def _open(path: str) -> BinaryIO:
    """Open the file, or answer 404: for a path that leads out, too."""
    parts = Path(path).parts
    if Path(path).suffix in TYPES and not any(part.startswith(".") for part in parts):
        try:
            return open(safe_join(settings.MEDIA_ROOT, path), "rb")
        except (SuspiciousFileOperation, ValueError, OSError):
            pass
    raise Http404(path)
