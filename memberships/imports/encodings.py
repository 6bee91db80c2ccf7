"""In which encoding a text file is written: UTF-8 (BOM or not), UTF-16, cp1251, cp1252."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from django.utils.translation import gettext as _

from memberships.imports.unusable import UnusableFile

BLOCK = 1 << 20
SAMPLE = 1 << 20

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORDS = re.compile(rb"[A-Za-z]*[\xa8\xb8\xc0-\xff][A-Za-z\xa8\xb8\xc0-\xff]*")
_LATIN = re.compile(rb"[A-Za-z]")
_UTF8_PAIRS = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


def of(path: Path) -> str:
    """The codec that reads the file. Reads it all once, in blocks. Raises UnusableFile."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec
    if b"\x00" in head:
        return _utf16_without_bom(head)
    bad_at = _first_that_is_not_utf8(path)
    if bad_at is None:
        return "utf-8"
    return _one_byte(path, bad_at)


def _utf16_without_bom(head: bytes) -> str:
    """Latin text, digits and delimiters in UTF-16 have a zero byte each, always on the same side."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head) // 2 or min(even, odd) * 20 > max(even, odd):
        raise UnusableFile(_("The file is not a table: it holds binary data."))
    return "utf-16-le" if odd > even else "utf-16-be"


def _first_that_is_not_utf8(path: Path) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return read - pending + error.start
            read += len(block)
    return None if not decoder.getstate()[0] else read


def _one_byte(path: Path, bad_at: int) -> str:
    """A Cyrillic word is of high bytes only; a western one has them among plain letters."""
    with path.open("rb") as file:
        file.seek(max(0, bad_at - SAMPLE // 2))
        sample = file.read(SAMPLE)
    pairs = sum(len(match[0]) for match in _UTF8_PAIRS.finditer(sample))
    high = sum(byte > 0x7F for byte in sample)
    if pairs > 10 and pairs > 0.8 * high:
        raise UnusableFile(
            _("The file is UTF-8 but for line %(line)s, which is damaged.") % {"line": _line_at(path, bad_at)}
        )
    words = [match[0] for match in _WORDS.finditer(sample)]
    western = sum(_LATIN.search(word) is not None for word in words)
    codec = "cp1252" if western * 2 >= len(words) else "cp1251"
    _check(path, codec)
    return codec


def _line_at(path: Path, position: int) -> int:
    with path.open("rb") as file:
        return file.read(position).count(b"\n") + 1


def _check(path: Path, codec: str) -> None:
    """Raises UnusableFile where a byte means nothing in the code page."""
    position = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            try:
                block.decode(codec)
            except UnicodeDecodeError as error:
                line = _line_at(path, position + error.start)
                raise UnusableFile(
                    _("Line %(line)s holds a character that is in no known encoding.") % {"line": line}
                ) from None
            position += len(block)
