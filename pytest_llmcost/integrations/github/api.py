"""GitHub's REST API over urllib: bounded retries, pages, and a token that never leaves GitHub's host."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pytest_llmcost.errors import GitHubError

_ATTEMPTS = 4
_LONGEST_WAIT = 30.0  # seconds
_TIMEOUT = 30.0  # seconds
_MOST_PAGES = 100  # of a hundred rows each
_MOST_BYTES = 64 * 1024 * 1024  # a hundred comments of 65,536 characters each, four bytes a character
_OFTEN_PASSES = frozenset({500, 502, 503, 504})
_FORBIDDEN, _TOO_MANY = 403, 429
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered.

    Attributes:
        status: HTTP's.
        headers: With names in lower case.
        body: At most as many bytes as were asked for, and one.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as builtin types.

        Raises:
            GitHubError: If it is no JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise GitHubError("GitHub's answer is no JSON", self.status) from error


class _Redirects(HTTPRedirectHandler):
    """Another host gets no token: where artifacts lie, the address alone opens them.

    What was to be written is not sent elsewhere: urllib would read the new address, and that succeeds.
    """

    def redirect_request(  # noqa: PLR0917  # as urllib calls it
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if req.get_method() != "GET":
            return None  # which makes it an HTTPError
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and _origin(newurl) != _origin(req.full_url):
            new.remove_header("Authorization")
        return new


@dataclass(frozen=True, slots=True)
class GitHubApi:
    """The API of one host.

    Attributes:
        url: Such as ``https://api.github.com``.
        token: Sent to that host only.
        sleep: Waits between attempts.
    """

    url: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    def get(self, path: str, most_bytes: int = _MOST_BYTES) -> Answer:
        """Read.

        Raises:
            GitHubError: If it is refused, or not answered after four attempts.
        """
        return self._request("GET", self._address(path), None, most_bytes)

    def rows(self, path: str) -> Iterator[Any]:
        """The rows of all pages.

        Raises:
            GitHubError: As ``get``, and if an answer is no list.
        """
        address: str | None = self._address(path)
        for _ in range(_MOST_PAGES):
            if address is None:
                return
            answer = self._request("GET", address, None, _MOST_BYTES)
            rows = answer.json()
            if not isinstance(rows, list):
                raise GitHubError("GitHub's answer is no list", answer.status)
            yield from rows
            following = _NEXT.search(answer.headers.get("link", ""))
            address = following[1] if following else None
            if address is not None and _origin(address) != _origin(self.url):
                raise GitHubError("GitHub's next page is on another host", answer.status)

    def send(self, method: str, path: str, body: Mapping[str, object]) -> Answer:
        """Write; ``POST`` is sent once, unless GitHub said that it did nothing.

        Raises:
            GitHubError: If it is refused, or not answered.
        """
        return self._request(method, self._address(path), json.dumps(body).encode(), _MOST_BYTES)

    def login(self) -> str | None:
        """Whose token it is, as the REST API names authors; None if GitHub does not tell.

        Raises:
            GitHubError: If it is not answered.
        """
        address = (
            self.url.removesuffix("/v3") + "/graphql"
            if self.url.endswith("/api/v3")
            else f"{self.url}/graphql"
        )
        query = json.dumps({"query": "query { viewer { login } }"}).encode()
        try:
            found = self._request("POST", address, query, _MOST_BYTES, repeats=True).json()
            login = found["data"]["viewer"]["login"]
        except GitHubError as error:
            if error.status is None or error.status in {*_OFTEN_PASSES, _TOO_MANY}:
                raise
            return None
        except (KeyError, TypeError):
            return None
        return login if isinstance(login, str) else None

    def _address(self, path: str) -> str:
        return f"{self.url}/{path}"

    def _request(
        self, method: str, address: str, body: bytes | None, most_bytes: int, *, repeats: bool = False
    ) -> Answer:
        repeats = repeats or method != "POST"  # what failed may have been done
        answer: Answer | None = None
        reason = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.sleep(_wait(answer, attempt))
            try:
                answer = self._once(method, address, body, most_bytes)
            except (URLError, HTTPException, OSError) as error:
                answer, reason = None, f"{method}: no answer ({type(error).__name__})"
                if not repeats:
                    break
                continue
            if answer.status < 300:  # noqa: PLR2004  # HTTP's successes
                return answer
            reason = f"{method} answered {answer.status}{_message(answer)}"
            passing = answer.status in _OFTEN_PASSES and repeats
            if not passing and not _is_limited(answer):
                break
        if answer is not None and _is_limited(answer):
            raise GitHubError(f"{reason} (rate limit)", _TOO_MANY)  # also where GitHub calls it 403
        raise GitHubError(reason, answer.status if answer is not None else None)

    def _once(self, method: str, address: str, body: bytes | None, most_bytes: int) -> Answer:
        request = Request(  # noqa: S310  # the command takes no address but http
            address,
            data=body,
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "User-Agent": "pytest-llmcost",
                "X-GitHub-Api-Version": "2022-11-28",
                **({"Content-Type": "application/json"} if body is not None else {}),
            },
        )
        try:
            with build_opener(_Redirects).open(request, timeout=_TIMEOUT) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read(most_bytes + 1))
        except HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read(_MOST_BYTES))


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _is_limited(answer: Answer) -> bool:
    """Whether the rate limit refused it: then nothing was done."""
    if answer.status == _TOO_MANY:
        return True
    spent = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return answer.status == _FORBIDDEN and spent


def _wait(answer: Answer | None, attempt: int) -> float:
    stated = answer.headers.get("retry-after", "") if answer is not None else ""
    seconds = float(stated) if stated.isascii() and stated.isdigit() else float(2**attempt)
    return min(seconds, _LONGEST_WAIT)


def _message(answer: Answer) -> str:
    """What GitHub says of a refusal, in a few words."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    said = found.get("message") if isinstance(found, dict) else None
    return f": {said[:200]}" if isinstance(said, str) else ""


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
