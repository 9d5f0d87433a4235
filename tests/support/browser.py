"""A small browser for real servers: it keeps cookies, logs in, and loads what a page refers to."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener


class _References(HTMLParser):
    """Collects the addresses of images, scripts, styles and icons."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        is_loaded = tag in ("img", "script") or given.get("rel") in ("stylesheet", "icon")
        address = given.get("src") or given.get("href")
        if is_loaded and address:
            self.found.add(address)


@dataclass(frozen=True)
class Page:
    """A reply, as it came."""

    url: str
    status: int
    media_type: str
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    @property
    def references(self) -> set[str]:
        """Return the full addresses of all that a browser would load with the page."""
        parser = _References()
        parser.feed(self.text)
        return {urljoin(self.url, found) for found in parser.found}

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field."""
        return self.text.partition(f'name="{name}" value="')[2].partition('"')[0]


def _opener() -> OpenerDirector:
    # A proxy of the environment must not come between a test and its server.
    return build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))


@dataclass
class Browser:
    """A visitor of one site, whose pages are on loopback."""

    root: str
    opener: OpenerDirector = field(default_factory=_opener)

    def get(self, address: str) -> Page:
        """Ask for an address below the root, or for a full one of this host."""
        return self._load(Request(urljoin(self.root, address)))

    def post(self, page: Page, address: str = "", **fields: str) -> Page:
        """Send a page's first form with these fields and the page's own token."""
        fields["csrfmiddlewaretoken"] = page.hidden("csrfmiddlewaretoken")
        url = urljoin(page.url, address)
        headers = {"Referer": page.url}
        return self._load(Request(url, urlencode(fields).encode(), headers))

    def log_in(self, name: str, password: str) -> Page:
        """Log in to the admin by its form."""
        form = self.get("admin/login/?next=/admin/")
        return self.post(form, username=name, password=password)

    def is_here(self, address: str) -> bool:
        """Tell whether an address is of this host."""
        return urlsplit(address).netloc == urlsplit(self.root).netloc

    def _load(self, request: Request) -> Page:
        try:
            reply = self.opener.open(request, timeout=20)
        except HTTPError as error:
            reply = error
        with reply:
            kind = reply.headers.get("Content-Type", "").partition(";")[0]
            return Page(reply.url, reply.status, kind, reply.read())
