"""The names of files: ``sprites/<stem>.<head of the SHA-256>.<extension>``.

A site may choose the stem. The hash lets a file be cached for ever, and tells our files from those
of others when stray ones are deleted.
"""

import re

from ..errors import Code, SpritesError, UsageError, plain
from ..hooks import load
from ..keys import DEVICES, MAX_LENGTH

ROOT = "sprites"
_HEAD = 8
OURS = re.compile(rf"{ROOT}/[A-Za-z0-9_/-]+\.([0-9a-f]{{{_HEAD}}})(?:_\w+)?\.\w{{3,4}}")
"""A name of ours, whatever chose its stem; a storage may have added ``_`` and a suffix."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SAMPLES = ((1, "front_default"), (2, "front_default"), (1, "other/home/front_default"))


def file_name(pokemon: int, key: str, sha256: str, extension: str, naming: str = "") -> str:
    """Return the name of a sprite's file; ``naming`` is the path of a site's own function.

    Raises UsageError where there is none, and SpritesError where it gives no safe stem.
    """
    stem = _own_stem(naming, pokemon, key) if naming else f"{pokemon}/{key}"
    return f"{ROOT}/{stem}.{sha256[:_HEAD]}.{extension}"


def _own_stem(naming: str, pokemon: int, key: str) -> str:
    function = load("NAMING", naming)
    try:
        stem: object = function(pokemon, key)
    except Exception as error:  # the function is somebody else's and may raise anything
        detail = plain(f"{type(error).__name__}: {error}")
        raise SpritesError(Code.INTERNAL, f"NAMING {naming!r} failed: {detail}") from None
    if not (isinstance(stem, str) and _is_safe(stem)):
        detail = f"NAMING {naming!r} gives {stem!r} for {pokemon}/{key}, which is no safe path"
        raise SpritesError(Code.INTERNAL, detail)
    return stem


def _is_safe(stem: str) -> bool:
    """Tell whether a stem is a path on any file system; its parts may be longer than a key's."""
    if len(stem) > MAX_LENGTH:
        return False
    return all(_PART.fullmatch(part) and not DEVICES.fullmatch(part) for part in stem.split("/"))


def check_naming(naming: str) -> None:
    """Try a site's own function on a few sprites; raises UsageError where it is of no use."""
    try:
        names = {file_name(*sample, "0" * _HEAD, "png", naming) for sample in _SAMPLES}
    except SpritesError as error:
        raise UsageError(error.detail) from None
    if len(names) < len(_SAMPLES):
        raise UsageError(f"NAMING {naming!r} gives several sprites one name")
