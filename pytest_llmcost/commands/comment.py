"""``llmcost comment``: one comment on a pull request, kept up to date."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from pytest_llmcost.commands.reading import DEFAULT_REPORT, load_report
from pytest_llmcost.errors import ConfigError, GitHubError, ReportError
from pytest_llmcost.integrations.github.api import GitHubApi
from pytest_llmcost.integrations.github.artifact import download_report
from pytest_llmcost.integrations.github.pulls import PullRequest, find_pull, read_pull
from pytest_llmcost.integrations.github.sticky import StickyComment
from pytest_llmcost.model.check import check_report
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.verdict import Verdict
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.markdown import (
    DEFAULT_ID,
    is_comment_id,
    marker,
    render_comment,
    says_something,
)
from pytest_llmcost.reports.text import safe

OK = 0
_UNAUTHORISED = 401
_NOT_ALLOWED = frozenset({403, 404})
_MOVED = frozenset({301, 302, 307, 308})
_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WHENS = ("changes", "always", "failures", "never")
_FORK = "reported by the run of a fork"


class NothingToDoError(Exception):
    """There is no comment to write; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument(
        "report", nargs="?", metavar="REPORT.json", default=DEFAULT_REPORT, help=f"default: {DEFAULT_REPORT}"
    )
    parser.add_argument("--repo", metavar="OWNER/NAME", help="default: $GITHUB_REPOSITORY")
    parser.add_argument("--pr", metavar="N", help="the number of the pull request")
    parser.add_argument("--head", metavar="OWNER:BRANCH", help="find the pull request of a branch instead")
    parser.add_argument("--head-sha", metavar="SHA", help="the commit that ran (default: that of the report)")
    parser.add_argument(
        "--run-id", metavar="N", help="take report.json from an artifact of that workflow run"
    )
    parser.add_argument("--artifact", metavar="NAME", default="llm-cost", help="default: llm-cost")
    parser.add_argument("--id", metavar="ID", default=DEFAULT_ID, help="one comment for each id")
    parser.add_argument(
        "--when",
        choices=_WHENS,
        default="changes",
        help="when to make one where there is none (default: changes)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the comment, and ask nobody")
    parser.add_argument("--token-env", metavar="NAME", default="GITHUB_TOKEN", help="default: GITHUB_TOKEN")
    parser.add_argument("--api-url", metavar="URL", help="default: $GITHUB_API_URL, else api.github.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the command line asks for, checked."""

    repo: str
    number: int | None
    head: str | None
    head_sha: str | None
    run_id: int | None


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:  # noqa: ARG001
    """Write the comment.

    Returns:
        0 also where GitHub does not let us write or does not answer: a comment gates nothing.
    """
    return comment(arguments, os.environ, out, err)


def comment(
    arguments: argparse.Namespace,
    environ: Mapping[str, str],
    out: TextIO,
    err: TextIO,
    connect: Callable[[str, str], GitHubApi] = GitHubApi,
) -> int:
    """Write the comment with effects as arguments.

    Raises:
        ConfigError: If something that was typed is wrong.
        GitHubError: If GitHub says that the request is wrong, or does not know the token.
        ReportError: If the report cannot be read.
    """
    if not is_comment_id(arguments.id):
        raise ConfigError(f"--id {arguments.id}: letters, digits, dots, dashes and underscores, at most 64")
    if arguments.dry_run:
        text = render_comment(_checked(load_report(arguments.report)), comment_id=arguments.id)
        if _is_job(environ):  # whose log obeys lines
            text = "".join(f"{safe(line)}\n" for line in text.splitlines())
        out.write(text)
        return OK
    if arguments.when == "never":
        out.write("no comment: --when=never\n")
        return OK
    request = _request(arguments, environ)
    api = connect(_api_url(arguments, environ), _token(arguments, environ))
    try:
        out.write(f"{safe(_put(api, request, arguments))}\n")
    except NothingToDoError as reason:
        _notice(str(reason), environ, err)
    except GitHubError as error:
        if error.status == _UNAUTHORISED:
            raise GitHubError(
                f"{error}; is ${arguments.token_env} a token of GitHub's?", error.status
            ) from error
        if error.status in _MOVED:
            raise GitHubError(
                f"{error}; the repository has moved: give its new name with --repo", error.status
            ) from error
        if error.status in _NOT_ALLOWED:
            _notice(f"{error}; the job needs permissions: {{pull-requests: write}}", environ, err)
        elif error.status is None or error.status >= 500 or error.status == 429:  # noqa: PLR2004
            _notice(f"{error}; run it again later", environ, err)
        else:
            raise
    return OK


def _put(api: GitHubApi, request: _Request, arguments: argparse.Namespace) -> str:
    report = _report(api, request, arguments)
    pull = _pull(api, request, report)
    if request.head_sha is not None:  # a checkout may be of a merge that no reviewer knows
        report = report._replace(meta=report.meta._replace(commit=request.head_sha))
    wanted = {
        "always": True,
        "changes": says_something(report),
        "failures": report.verdict is Verdict.FAIL,
    }[arguments.when]
    body = render_comment(report, comment_id=arguments.id, note=_FORK if pull.is_fork else None)
    sticky = StickyComment(api, request.repo, pull.number, marker(arguments.id))
    outcome = sticky.put(body, may_create=wanted)
    return f"comment on {request.repo}#{pull.number}: {outcome.value}"


def _report(api: GitHubApi, request: _Request, arguments: argparse.Namespace) -> RunReport:
    if request.run_id is None:
        return _checked(load_report(arguments.report))
    text = download_report(api, request.repo, request.run_id, arguments.artifact)
    if text is None:
        raise NothingToDoError(
            f"run {request.run_id} has left no artifact {arguments.artifact}: nothing to say"
        )
    return _checked(parse_report(text, f"artifact {arguments.artifact}"))


def _checked(report: RunReport) -> RunReport:
    try:
        check_report(report)
    except ValueError as error:
        raise ReportError(f"damaged ({error}); run pytest --llm-cost again to write a new one") from error
    return report


def _pull(api: GitHubApi, request: _Request, report: RunReport) -> PullRequest:
    if request.number is not None:
        pull = read_pull(api, request.repo, request.number)
    else:
        found = find_pull(api, request.repo, request.head or "", request.head_sha or "")
        if found is None:
            raise NothingToDoError(
                f"no open pull request of {request.head} is at {request.head_sha}: nothing to say"
            )
        pull = found
    current = {pull.head_sha} if request.head_sha else {pull.head_sha, pull.merge_sha}
    ran = request.head_sha or report.meta.commit
    if ran is not None and ran not in current:
        raise NothingToDoError(
            f"the report is of {ran[:7]}, and the pull request is at {pull.head_sha[:7]}: nothing is written"
        )
    return pull


def _request(arguments: argparse.Namespace, environ: Mapping[str, str]) -> _Request:
    repo = arguments.repo or environ.get("GITHUB_REPOSITORY", "")
    if not _REPO.fullmatch(repo):
        raise ConfigError(f"--repo {repo or '(not given)'}: write OWNER/NAME, such as --repo acme/app")
    number = _number(arguments.pr, "--pr")
    head_sha = arguments.head_sha or None
    if head_sha is not None and not _SHA.fullmatch(head_sha):
        raise ConfigError(f"--head-sha {head_sha}: not the 40 digits of a commit")
    if number is None and not (arguments.head and head_sha):
        raise ConfigError("which pull request? Write --pr N, or --head OWNER:BRANCH and --head-sha SHA")
    return _Request(
        repo=repo,
        number=number,
        head=arguments.head or None,
        head_sha=head_sha,
        run_id=_number(arguments.run_id, "--run-id"),
    )


def _number(typed: str | None, option: str) -> int | None:
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 20):  # noqa: PLR2004  # digits of a 64-bit id
        raise ConfigError(f"{option} {typed}: not a number")
    return int(typed)


def _api_url(arguments: argparse.Namespace, environ: Mapping[str, str]) -> str:
    url: str = arguments.api_url or environ.get("GITHUB_API_URL") or "https://api.github.com"
    if not url.startswith(("https://", "http://")):
        raise ConfigError(f"--api-url {url}: write https://HOST/api/v3, or leave it out for github.com")
    return url.rstrip("/")


def _token(arguments: argparse.Namespace, environ: Mapping[str, str]) -> str:
    token = environ.get(arguments.token_env, "").strip()
    if not token:
        raise ConfigError(
            f"${arguments.token_env} is not set: in a job, give the step"
            f" env: {{{arguments.token_env}: ${{{{ github.token }}}}}}; to see the comment, type --dry-run"
        )
    if not token.isascii() or not token.isprintable():
        raise ConfigError(f"${arguments.token_env} is no token: it has characters that no token has")
    return token


def _is_job(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def _notice(text: str, environ: Mapping[str, str], err: TextIO) -> None:
    if _is_job(environ):
        from pytest_llmcost.integrations.github.annotations import escape_data

        err.write(f"::notice title=LLM cost::{escape_data(text)}\n")
    else:
        err.write(f"llmcost comment: {safe(text)}\n")
