"""Where others on the network find a site: ``python -m pokesite.network``.

In: ``ADDRESS``, which may be empty, and ``PORT`` of the environment.
Out: the address, once it is sure that a site can listen there; else one line on stderr.
"""

import errno
import os
import socket
import sys
from contextlib import closing
from ipaddress import AddressValueError, IPv4Address

_ANYWHERE = ("192.0.2.1", 9)  # an address of nobody, to which nothing is sent
_WHY = {
    errno.EADDRINUSE: "{home} is taken; another port goes by PORT=8001",
    errno.EADDRNOTAVAIL: "{address} is no address of this machine; ADDRESS says another one",
}


def main(asked: str, port: str) -> str:
    """Return the address that was asked for, or this machine's own; exit where it is of no use."""
    address = asked or own_address()
    if not address:
        sys.exit("This machine has no network address: join a network, or say ADDRESS=127.0.0.1")
    try:
        IPv4Address(address)
    except AddressValueError:
        sys.exit(f"ADDRESS is {address!r}; allowed: an IPv4 address of this machine")
    if not port.isdecimal() or not 1 <= int(port) <= 65_535:
        sys.exit(f"PORT is {port!r}; allowed: a whole number from 1 to 65535")
    if why := _refusal(address, int(port)):
        sys.exit(why)
    return address


def own_address() -> str:
    """Return the address by which this machine goes elsewhere, or one of its name's, or ""."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as line:
        try:
            line.connect(_ANYWHERE)
            return str(line.getsockname()[0])
        except OSError:  # a network that leads nowhere else
            return _of_name()


def _of_name() -> str:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        return ""
    addresses = [str(address[0]) for *_, address in found]
    return next((each for each in addresses if not IPv4Address(each).is_loopback), "")


def _refusal(address: str, port: int) -> str:
    """Return why a site can't listen there, or ""."""
    try:
        socket.create_server((address, port)).close()
    except OSError as error:
        home = f"{address}:{port}"
        why = _WHY.get(error.errno or 0, "{home} can't be listened on: {error}")
        return why.format(home=home, address=address, error=error.strerror)
    return ""


if __name__ == "__main__":
    print(main(os.environ.get("ADDRESS", ""), os.environ.get("PORT", "8000")))
