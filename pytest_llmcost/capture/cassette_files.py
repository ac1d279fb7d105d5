"""Cassette files, found and read without vcr and without running anything.

A file is taken for what it holds and not for its name: compressed or not, JSON or YAML.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from pytest_llmcost.capture.cassette_forms import NO_CASSETTE, RecordedExchange, recorded_exchanges
from pytest_llmcost.capture.cassette_yaml import plain_yaml
from pytest_llmcost.errors import CassetteError, NotACassetteError

_GZIP_MAGIC = b"\x1f\x8b"
# A hostile file may inflate to any size; no recorded cassette comes near this.
_MOST_BYTES = 1024 * 1024 * 1024
_YAML_SUFFIXES = (".yaml", ".yml", ".yaml.gz", ".yml.gz")
_JSON_SUFFIXES = (".json", ".json.gz")
# vcrpy names a cassette after the test, without a suffix, if it is not told otherwise.
_VCRPY_START = re.compile(rb'interactions:\s|\{\s*(?:"version":\s*1,\s*)?"interactions":')
_LOOKED_AT = 64
_JSON_START = re.compile(r"\s*[{\[]")


def read_cassette(path: Path) -> Iterator[RecordedExchange]:
    """Read the interactions of a file in order; what is no HTTP exchange is passed over.

    Raises:
        CassetteError: If the file cannot be read; the message does not name it.
        NotACassetteError: If it is a file of another kind.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CassetteError(f"cannot be read: {error.strerror or error}") from error
    return read_cassette_bytes(data)


def read_cassette_bytes(data: bytes) -> Iterator[RecordedExchange]:
    """Read what a cassette file holds; see ``read_cassette``."""
    text = _text(data)
    document = _from_json(text) if _JSON_START.match(text) else plain_yaml(text)
    return recorded_exchanges(document)


def cassettes_in(folder: Path) -> Iterator[Path]:
    """The files of a folder that are cassettes by their names, or begin as vcrpy's do; sorted."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.name.lower().endswith(_YAML_SUFFIXES + _JSON_SUFFIXES) or _begins_as_cassette(path):
            yield path


def is_yaml(path: Path) -> bool:
    """Whether a file is YAML by its name; most JSON files of a project are no cassettes."""
    return path.name.lower().endswith(_YAML_SUFFIXES)


def _begins_as_cassette(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _VCRPY_START.match(file.read(_LOOKED_AT)) is not None
    except OSError:
        return False


def _text(data: bytes) -> str:
    try:
        if data.startswith(_GZIP_MAGIC):
            data = _unpacked(data)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CassetteError(f"not UTF-8 (byte {error.start})") from error


def _unpacked(data: bytes) -> bytes:
    # Cut in the middle it is an error: the calls that are missing would cost nothing.
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            plain = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CassetteError(f"not valid gzip: {error}") from error
    if len(plain) > _MOST_BYTES:
        raise CassetteError("not a cassette: too large when unpacked")
    return plain


def _from_json(text: str) -> object:
    # Most JSON files of a project are none: they need not be parsed to know it.
    if "interactions" not in text and not ("request" in text and "response" in text):
        raise NotACassetteError(NO_CASSETTE)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise CassetteError("not a cassette: nested too deeply") from error
    except ValueError as error:
        try:
            # YAML in braces, as people write it by hand, is no JSON.
            return plain_yaml(text)
        except CassetteError:
            raise CassetteError(f"not valid JSON: {error}") from error
