"""The URLs that a run has asked for, in 256 kB however many they are: a Bloom filter.

It may take a new URL for one that it has, of 52,286 about forty in all, and of a million one in
six; never one that it has for a new one.
"""

_BITS = 2**21


class Asked:
    """A set of URLs that can only be added to."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def add(self, url: str) -> bool:
        """Add a URL, and tell if it was new."""
        whole, is_new = hash(url), False
        for number in (whole, whole >> 32):
            place, bit = divmod(number % _BITS, 8)
            is_new |= not self._bits[place] >> bit & 1
            self._bits[place] |= 1 << bit
        return is_new
