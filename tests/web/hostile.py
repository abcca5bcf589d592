"""What attackers write into requests, and how it is put into every place of a request that takes words."""

import copy
import json
from urllib.parse import quote

from web.app import ROUTERS

INJECTED = (
    "' OR '1'='1",
    "'; DROP TABLE incident; --",
    "1) UNION SELECT name, password FROM account --",
    '" OR ""="',
    "%' OR 1=1 --",
    "\\'; SELECT pg_sleep(9); --",
)
CLIMBING = (
    "../../../../../../etc/passwd",
    "..\\..\\..\\windows\\win.ini",
    "/etc/passwd",
    "....//....//etc/passwd",
    "file:///etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "gisgrid.db",
)
ODD = (
    "",
    " ",
    "\0",
    "a\0b",
    "\r\nX-Evil: 1",
    "{{7*7}}",
    "${jndi:ldap://x/a}",
    "<script>alert(1)</script>",
    "\u202e\u0000\ufeff",
    "\U0001f9e8" * 50,
    "%",
    "*",
    "[]",
    "null",
    "NaN",
    "Infinity",
    "-1",
    "1e400",
    "9" * 400,
    "2018-05-07T25:61:61Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-23:59",
    "co\rde,name\n1,2\n",
    "A" * 5_000,
)
HOSTILE = INJECTED + CLIMBING + ODD

BROKEN = ("\ud800", "a" * 1_000_000, -(10**400), 1e308, True, None, [], {}, [[[]]], {"$ne": 1})
"""What JSON can say besides; the first is half of a character."""

OGC_ASKED = (
    "bbox",
    "datetime",
    "limit",
    "cursor",
    "f",
    "bbox-crs",
    "crs",
    "offset",
    "filter",
    "category",
    "state",
    "x y",
)

LEAKS = ("Traceback", "sqlalchemy", "sqlite3", "psycopg", "root:x:0", "argon2", 'File "/', "site-packages", "[SQL: ")
"""What no answer may hold."""


def mutations(example, url):
    """Requests made from an example: (method, url, options), with something hostile in one place each."""
    path, _, asked = url.partition("?")
    options = example.options()
    for text in HOSTILE:
        for place in _path_places(example.path, path, text):
            yield example.method, place + (f"?{asked}" if asked else ""), options
        for name in asked_names(example):
            with_it = "&".join(filter(None, (asked, f"{quote(name)}={quote(text, errors='surrogatepass')}")))
            yield example.method, f"{path}?{with_it}", example.options()
    for name in asked_names(example):
        # Half a character, and bytes that are no UTF-8.
        for raw in ("%ED%A0%80", "%FF%FE", "%C0%AE%C0%AE/"):
            yield example.method, f"{path}?{name}={raw}", example.options()
    body = options.get("json")
    if body is not None:
        for made in _bodies(body):
            yield example.method, url, {"content": made, "headers": {"content-type": "application/json"}}
    if "files" in options:
        yield from _forms(example, url)


def asked_names(example):
    """The names that the query of a route takes."""
    if example.path.startswith("/ogc"):
        return OGC_ASKED
    return _names(_route(example).dependant, "query_params")


def header_names(example):
    """The headers that a route reads."""
    return _names(_route(example).dependant, "header_params")


def _names(dependant, kind):
    own = [field.alias for field in getattr(dependant, kind)]
    return [*own, *(name for needed in dependant.dependencies for name in _names(needed, kind))]


def _route(example):
    return next(
        route
        for router in ROUTERS
        for route in router.routes
        if route.path == example.path and example.method in route.methods
    )


def _path_places(template, path, text):
    """The path with a text in the place of each of its parameters."""
    parts, values = template.split("/"), path.split("/")
    if len(parts) != len(values):
        return
    for number, part in enumerate(parts):
        if "{" in part:
            quoted = quote(text, safe="", errors="surrogatepass")
            yield "/".join([*values[:number], quoted, *values[number + 1 :]])


def _bodies(body):
    """The JSON of a body with something hostile in the place of each of its values, and broken as a whole."""
    for name in body:
        for value in (*HOSTILE, *BROKEN):
            yield json.dumps({**copy.deepcopy(body), name: value})
    yield from (
        b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"\x00", b"{}" * 2, b'{"a": NaN}', b"[" * 100_000,
        b'{"a":' * 50_000, json.dumps(body).encode("utf-16"), json.dumps({**body, "__proto__": {"x": 1}}).encode(),
    )  # fmt: skip


def _forms(example, url):
    for text in HOSTILE:
        options = example.options()
        ((field, (_, content, *kind)),) = options["files"].items()
        yield example.method, url, {**options, "files": {field: (text or "x", content, *kind)}}
        yield example.method, url, {**options, "files": {field: ("a.csv", text.encode() * 3, *kind)}}
        for name in options.get("data", {}):
            yield example.method, url, {**options, "data": {**options["data"], name: text}}
