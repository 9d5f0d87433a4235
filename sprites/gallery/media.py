"""The view that serves a stored sprite on a site whose media has no address of its own."""

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ..models import Sprite

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""An address carries a hash of the bytes; an SVG opened by itself runs nothing."""


@require_safe
def sprite_file(request: HttpRequest, pk: int, version: str) -> FileResponse:
    """Serve a sprite's bytes from the storage, whichever it is."""
    sprite = get_object_or_404(Sprite.objects.stored(), pk=pk)
    if not sprite.sha256.startswith(version):
        raise Http404(sprite.key)
    try:
        file = sprite.file.open("rb")
    except OSError:
        raise Http404(sprite.key) from None
    response = FileResponse(file, content_type=sprite.media_type)
    del response.headers["Content-Disposition"]  # a link that downloads chooses the name
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
