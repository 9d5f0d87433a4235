"""Small images of every format, drawn here: whole, animated, and built by hand to be a bomb."""

import io
import struct
import zlib

from PIL import Image

SVG = (
    b'<?xml version="1.0" encoding="UTF-8"?><svg xmlns="http://www.w3.org/2000/svg"'
    b' viewBox="0 0 40 30"><g id="a"><path d="M1 1h9v9z" fill="#a0f"/></g></svg>'
)


def picture(mode: str = "RGB", number: int = 0) -> Image.Image:
    """Return a picture of 12 by 9 pixels; every number gives another one."""
    image = Image.new("RGB", (12, 9))
    for place in range(12 * 9):
        colour = (20 * place + number) % 256, 9 * place % 256, (place * place + 40 * number) % 256
        image.putpixel((place % 12, place // 12), colour)
    return image.convert(mode)


def encoded(form: str, frames: int = 1, mode: str = "RGB") -> bytes:
    """Return a picture, or an animation of so many frames, as the bytes of a format."""
    first, *rest = (picture(mode, number) for number in range(frames))
    out = io.BytesIO()
    first.save(out, form, **({"save_all": True, "append_images": rest} if rest else {}))
    return out.getvalue()


IMAGES: dict[str, tuple[bytes, str, int]] = {
    "png": (encoded("PNG"), "image/png", 1),
    "apng": (encoded("PNG", 4), "image/png", 4),
    "gif": (encoded("GIF"), "image/gif", 1),
    "gif-animated": (encoded("GIF", 5), "image/gif", 5),
    "jpg": (encoded("JPEG"), "image/jpeg", 1),
    "webp": (encoded("WEBP"), "image/webp", 1),
    "webp-animated": (encoded("WEBP", 3), "image/webp", 3),
    "svg": (SVG, "image/svg+xml", 1),
}
"""Whole images by name: bytes, media type, frames."""


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *more: bytes) -> bytes:
    """Return a PNG of one bit a pixel whose rows are all black, with more chunks before them."""
    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), *more, chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def gif(frames: int, width: int = 1, height: int = 1) -> bytes:
    """Return a GIF of so many frames of one pixel on a canvas."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"
