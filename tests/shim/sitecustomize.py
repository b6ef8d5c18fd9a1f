"""Lets an unmodified program talk to the loopback Yahoo of the tests, and to nothing else.

A Python whose PYTHONPATH has this folder imports this file as it starts. With ADVISOR_TEST_YAHOO_PORT set, sessions
of curl_cffi and of requests send what is meant for Yahoo to that port of this machine; any other host is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

PORT = "ADVISOR_TEST_YAHOO_PORT"
HOST_HEADER = "X-Original-Host"
REDIRECTS = 10


def to_loopback(request: Callable[..., Any]) -> Callable[..., Any]:
    """`Session.request` of either library, with every address turned to this machine."""

    def ask(session: Any, method: str, url: str, options: dict[str, Any]) -> Any:
        parts = urlsplit(url)
        if not (parts.hostname or "").endswith("yahoo.com"):
            raise OSError(f"{parts.hostname}: the tests send nothing there")
        here = parts._replace(scheme="http", netloc=f"127.0.0.1:{os.environ[PORT]}").geturl()
        headers = dict(options.pop("headers", None) or {}) | {HOST_HEADER: parts.hostname}
        response = request(session, method, here, headers=headers, **options | {"allow_redirects": False})
        response.url = url
        return response

    def to_here(session: Any, method: str, url: str, **options: Any) -> Any:
        follows = options.pop("allow_redirects", True)
        response = ask(session, method, url, options)
        for _ in range(REDIRECTS if follows else 0):
            location = response.headers.get("Location")
            if not location or not 300 <= response.status_code < 400:
                break
            url = urljoin(url, location)
            response = ask(session, "GET", url, {"timeout": options.get("timeout")})
        return response

    return to_here


def install() -> None:
    """Turn both libraries to this machine."""
    import curl_cffi.requests
    import requests

    os.environ["NO_PROXY"] = "127.0.0.1"
    for library in (curl_cffi.requests, requests):
        library.Session.request = to_loopback(library.Session.request)


if PORT in os.environ and __name__ == "sitecustomize":
    install()
