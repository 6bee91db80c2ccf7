"""Files made to exhaust a reader are refused in two seconds and 150 MB; those that are too large by their length."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from memberships.imports import UnusableFile, files, workbooks

MEGABYTE = 1 << 20
SECONDS, MEMORY_MB = 2.0, 150

TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>%s</Types>"""
RELS = b"""<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="%s"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s"/></Relationships>"""
BOOK = b"""<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"""
SHEET = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
HEAD = b'<row r="1"><c r="A1" t="inlineStr"><is><t>external_id</t></is></c></row>'
TEXTS = (
    b'<Override PartName="/%s"'
    b' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def book(path: Path, sheet: list[bytes], *, override: bytes = b"", parts: dict[str, list[bytes]] | None = None) -> Path:
    """A workbook whose sheet is written piece by piece, so that making it costs no memory either."""
    small = {
        "[Content_Types].xml": [TYPES % override],
        "_rels/.rels": [RELS % (b"xl/workbook.xml", b"officeDocument")],
        "xl/workbook.xml": [BOOK],
        "xl/_rels/workbook.xml.rels": [RELS % (b"worksheets/sheet1.xml", b"worksheet")],
        "xl/worksheets/sheet1.xml": sheet,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, pieces in small.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
    return path


def noise(size: int) -> bytes:
    """Text that packs badly, so that the ratio of packing gives nothing away."""
    return random.Random(7).randbytes(size // 2).hex().encode()


def huge(path: Path) -> Path:
    return book(path, [SHEET, HEAD, *[b"<row><c><v>1</v></c></row>" * 40_000] * 400, END])


def one_cell(path: Path) -> Path:
    cell = [b'<row><c t="inlineStr"><is><t>', *[noise(MEGABYTE)] * 12, b"</t></is></c></row>"]
    return book(path, [SHEET, HEAD, *cell, END])


def one_row(path: Path) -> Path:
    cells = b"".join(b"<c><v>%x</v></c>" % random.Random(3).getrandbits(90) for _ in range(30_000))
    return book(path, [SHEET, HEAD, b"<row>", *[cells] * 12, b"</row>", END])


def far_row(path: Path) -> Path:
    return book(path, [SHEET, HEAD, b'<row r="2000000000"><c><v>1</v></c></row>', END])


def many_texts(path: Path) -> Path:
    texts = [b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">']
    texts += [b"".join(b"<si><t>%s</t></si>" % noise(20) for _ in range(20_000))] * 56 + [b"</sst>"]
    return book(path, [SHEET, HEAD, END], parts={"xl/sharedStrings.xml": texts})


def texts_elsewhere(path: Path) -> Path:
    """The texts under the name of a sheet: what a part is says the list of types."""
    name = b"xl/worksheets/sheet2.xml"
    row = b"<row/>" + noise(MEGABYTE)
    return book(path, [SHEET, HEAD, END], override=TEXTS % name, parts={name.decode(): [row] * 50})


BOMBS = [huge, one_cell, one_row, far_row, many_texts, texts_elsewhere]
READ = """
import json, resource, sys, time
import django
django.setup()
from pathlib import Path
from memberships.imports import files
from memberships.imports.unusable import UnusableFile
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    began = time.process_time()
    try:
        table = files.open_table(Path(path), fields=("external_id",), required=("external_id",))
        said = f"read {sum(1 for _row in table.rows())} rows"
    except UnusableFile as refusal:
        said = str(refusal.message)
    took = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps([said, took, grown]))
"""


def test_workbooks_made_to_exhaust_are_refused_quickly_and_in_little_memory(tmp_path: Path) -> None:
    """One process reads them all; the control, a sheet of many rows, is read by the same one."""
    bombs = [bomb(tmp_path / f"{bomb.__name__}.xlsx") for bomb in BOMBS]
    rows = [b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % noise(2_000) for _ in range(30)] * 200
    control = book(tmp_path / "large.xlsx", [SHEET, HEAD, *rows, END])
    *refused, read = read_apart([*bombs, control])
    for bomb, (said, took, grown) in zip(BOMBS, refused, strict=True):
        assert "not read" in said, bomb
        assert took < SECONDS, bomb
        assert grown < MEMORY_MB, bomb
    assert (read[0], read[2] < MEMORY_MB) == ("read 6000 rows", True)


def read_apart(paths: list[Path]) -> list[tuple[str, float, float]]:
    """What a process of its own says of each file, the seconds of processor it took, and the megabytes so far."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, paths)], capture_output=True, text=True, cwd=settings.BASE_DIR,
        env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_a_file_that_is_too_large_is_refused_by_its_length(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(2 << 30)  # two gigabytes without a byte on the disk
    with pytest.raises(UnusableFile, match="larger than"):
        files.open_table(path, fields=("external_id",), required=())


def test_the_limit_is_a_setting(tmp_path: Path, settings) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"external_id\n" + b"B1\n" * (MEGABYTE // 2))
    settings.IMPORT_FILE_MB = 1
    with pytest.raises(UnusableFile, match="larger than 1 MB"):
        files.open_table(path, fields=("external_id",), required=())
    settings.IMPORT_FILE_MB = 2
    assert files.open_table(path, fields=("external_id",), required=()).header == ["external_id"]


def test_a_long_row_is_not_an_endless_one() -> None:
    """A row of as many columns as are read, each as long as a cell can be, still fits."""
    assert workbooks.LONGEST_ROW > workbooks.MOST_COLUMNS * 32_767
    assert io.DEFAULT_BUFFER_SIZE < workbooks.LONGEST_ROW
