"""An image's bytes in, ImageFacts out, or SpritesError; nothing is converted or re-encoded.

The bytes decide what an image is, never a header or a URL. First its container is walked to its
end, then every frame is decoded, because half a GIF passes Pillow's ``verify()`` and ``load()``;
of a plain PNG it is enough to unpack the rows.
"""

import io
import math
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from PIL import Image

from ..errors import Code, SpritesError
from .containers import gif_end, gif_frames, jpeg_bare, jpeg_end, webp_end
from .png import is_plain, png_end
from .records import ImageFacts, Policy
from .svg import svg_size

SVG = "image/svg+xml"
_T = TypeVar("_T")
_MAX_SCREENS = 25
"""An animation may decode to this many times the pixels of the largest still image."""


class _Format(NamedTuple):
    """A raster format: what it is called, how its bytes begin, and what finds their end."""

    name: str
    magic: bytes
    media_type: str
    extension: str
    end: Callable[[bytes], int]


_FORMATS = (
    _Format("PNG", b"\x89PNG\r\n\x1a\n", "image/png", "png", png_end),
    _Format("GIF", b"GIF8", "image/gif", "gif", gif_end),
    _Format("JPEG", b"\xff\xd8\xff", "image/jpeg", "jpg", jpeg_end),
    _Format("WEBP", b"RIFF", "image/webp", "webp", webp_end),
)

_ENDINGS = {form.extension: form.media_type for form in _FORMATS} | {
    "jpeg": "image/jpeg",
    "svg": SVG,
}
_SAME = {"image/apng": "image/png", "image/jpg": "image/jpeg"}
_NO_CLAIM = {"", "text/plain", "application/octet-stream"}
"""Types that say nothing of an image; raw.githubusercontent.com serves each SVG as plain text."""


def inspect(data: bytes, policy: Policy, seconds: float = math.inf) -> ImageFacts:
    """Tell what an image is, having made sure that it is whole; raises SpritesError.

    ``seconds`` is the CPU time that its frames may take to decode.
    """
    for form in _FORMATS:
        if data.startswith(form.magic):
            return _raster(data, form, policy, seconds)
    if _looks_like_svg(data):
        width, height = svg_size(data)
        return ImageFacts(SVG, "svg", width, height, 1)
    raise SpritesError(Code.BAD_CONTENT, f"no image begins with {data[:16]!r}")


def mismatch(facts: ImageFacts, url: str, served_as: str) -> str:
    """Say where the URL's ending or the type it was served as names another image, else ""."""
    ending = url.partition("?")[0].rpartition("/")[2].rpartition(".")[2].lower()
    served = served_as.partition(";")[0].strip().lower()
    claims = {_ENDINGS.get(ending, ""), _SAME.get(served, served)} - _NO_CLAIM
    others = ", ".join(sorted(claims - {facts.media_type}))
    return f"type_mismatch: {facts.media_type} in what is said to be {others}" if others else ""


def _looks_like_svg(data: bytes) -> bool:
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<") and b"<svg" in data[:4096]


def _raster(data: bytes, form: _Format, policy: Policy, seconds: float) -> ImageFacts:
    end = form.end(data)
    if not end:
        raise SpritesError(Code.BAD_IMAGE, f"a {form.name} that ends too soon")
    if end < len(data) and not policy.allow_trailing_data:
        raise SpritesError(Code.TRAILING_DATA, f"{len(data) - end} bytes after the image's end")
    try:
        decode = {"PNG": _decode_png, "GIF": _decode_gif}.get(form.name, _decode)
        width, height, frames = decode(data, form, policy, seconds)
    except SpritesError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise SpritesError(Code.BOMB, str(error)[:200]) from None
    except Exception as error:  # Pillow's decoders raise errors of many kinds on damaged bytes
        code = Code.BOMB if "too large" in str(error) else Code.BAD_IMAGE
        raise SpritesError(code, f"{form.name}: {str(error)[:160]}") from None
    return ImageFacts(form.media_type, form.extension, width, height, frames)


def _decode(data: bytes, form: _Format, policy: Policy, seconds: float) -> tuple[int, int, int]:
    """Decode every frame; return the width, the height and how many frames there are."""
    if form.name == "JPEG":
        data = jpeg_bare(data)
    with Image.open(io.BytesIO(data), formats=(form.name,)) as image:
        width, height = image.size
        frames = getattr(image, "n_frames", 1)
        _check_frames(width * height, frames, policy)
        for number in _in_time(range(frames), seconds):
            image.seek(number)
            image.load()
    return width, height, frames


def _decode_png(data: bytes, form: _Format, policy: Policy, seconds: float) -> tuple[int, int, int]:
    """Unpack a plain picture's rows; let Pillow decode all others, animations among them."""
    width, height = struct.unpack_from(">II", data, 16)
    _check_frames(width * height, 1, policy)  # before anything is allocated
    if width * height > (Image.MAX_IMAGE_PIXELS or math.inf):
        return _decode(data, form, policy, seconds)
    for _ in _in_time(range(1), seconds):
        plain = is_plain(data, width, height)
    return (width, height, 1) if plain else _decode(data, form, policy, seconds)


def _decode_gif(data: bytes, form: _Format, policy: Policy, seconds: float) -> tuple[int, int, int]:
    """Decode each picture by itself, once; raises ValueError where one is damaged.

    Pillow's plugin composes each frame from those before it, and reads all of them twice to count
    them: that takes three times as long, and reads beyond a picture that is short of pixels. Of the
    pictures of upstream's animations, half are there twice or more.
    """
    width, height = struct.unpack_from("<HH", data, 6)
    pictures = list(islice(gif_frames(data), policy.max_frames + 1))
    _check_frames(width * height, len(pictures), policy)
    sizes = [picture.width * picture.height for picture in pictures]  # the screen may be smaller
    _check_pixels(max(sizes), policy.max_pixels)
    _check_pixels(sum(sizes), policy.max_pixels * _MAX_SCREENS)
    for picture in _in_time(dict.fromkeys(pictures), seconds):
        canvas = Image.new("L", (picture.width, picture.height), None)
        canvas.frombytes(picture.coded, "gif", picture.code_size, picture.interlaced)
    return width, height, len(pictures)


def _check_frames(pixels: int, frames: int, policy: Policy) -> None:
    """Refuse what has no pixels, too many, or too many of them over all its frames."""
    if not pixels or not frames:
        raise SpritesError(Code.BAD_IMAGE, "an image without pixels")
    if frames > policy.max_frames:
        raise SpritesError(Code.BOMB, f"over {policy.max_frames} frames")
    _check_pixels(pixels, policy.max_pixels)
    _check_pixels(pixels * frames, policy.max_pixels * _MAX_SCREENS)


def _check_pixels(pixels: int, maximum: int) -> None:
    if pixels > maximum:
        raise SpritesError(Code.BOMB, f"{pixels} pixels to decode, over {maximum}")


def _in_time(frames: Iterable[_T], seconds: float) -> Iterator[_T]:
    """Yield frames to decode; raise SpritesError once they have cost too much CPU time.

    A wait for a lock or for a busy machine costs none, so neither makes a bomb of an image.
    """
    end = time.thread_time() + seconds
    for frame in frames:
        yield frame
        if time.thread_time() > end:
            raise SpritesError(Code.BOMB, f"not decoded within {seconds:.3g} s of CPU time")
