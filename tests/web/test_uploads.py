"""Kept files: CSV or XLSX by what is in them, nothing that grows when it is read, forgotten after a day."""

import io
import zipfile

import pyarrow as pa
import pytest

from gisgrid.errors import EmptyInput, InputError, MissingColumn, NotThere, TooLarge, TooMany, UnreadableFile
from gisgrid.table_files import write_table
from web.uploads import KEPT_MS, MOST_INFLATED_BYTES, MOST_WAITING, Uploads, read_upload, shown_name

HEADER = "事件编号,事件类别,上报时间,经度,纬度\n"
ROW = "A1,disputes,2018-05-07 09:30,121.4001,28.6001\n"


class Kept:
    def __init__(self, folder):
        self.now_ms = 1_525_651_200_000
        self.folder = folder
        self.uploads = Uploads(folder, lambda: self.now_ms)

    def keep(self, content, name="list.csv", account="li.na", columns=None):
        return self.uploads.keep(io.BytesIO(content), name, account, "hotline", columns or {}, "wgs84")

    def is_empty(self):
        return not list((self.folder / "uploads").iterdir())


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path)


def sheet(tmp_path, columns):
    path = tmp_path / "made.xlsx"
    write_table(path, pa.table(columns))
    return path.read_bytes()


def with_part(content, name, text):
    """A sheet of which one part says something else."""
    source, stream = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for part in source.namelist():
            made.writestr(part, text if part == name else source.read(part))
    return stream.getvalue()


def cells(rows):
    return {"incident": ["A1"] * rows, "category": ["disputes"] * rows, "time": ["2018-05-07 09:30"] * rows}


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_keep__csv_of_any_writing(kept, encoding, delimiter):
    upload = kept.keep((HEADER + ROW).replace(",", delimiter).encode(encoding), "清单.xlsx")
    assert (upload.path.suffix, upload.name) == (".csv", "清单.xlsx")
    rows = read_upload(upload, {}).rows
    assert rows.source_id.tolist() == ["A1"]
    assert kept.uploads.get(upload.id, "li.na") == upload


def test_keep__xlsx_whatever_it_is_called(kept, tmp_path):
    upload = kept.keep(sheet(tmp_path, cells(1)), "list.csv")
    assert upload.path.suffix == ".xlsx"
    assert read_upload(upload, {}).rows.category.tolist() == ["disputes"]


def test_read_upload__formulas_are_what_they_were_last_worked_out_to(kept, tmp_path):
    content = sheet(tmp_path, cells(2))
    row = (
        '<row r="{0}"><c r="A{0}" t="str"><f>"A"&amp;{0}</f><v>A{0}</v></c><c r="B{0}" t="inlineStr"><is><t>disputes</t></is>'
        '</c><c r="C{0}" t="inlineStr"><is><t>2018-05-07 09:30</t></is></c></row>'
    )
    heads = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("ABC", cells(0), strict=True)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<sheetData><row r="1">{heads}</row>{row.format(2)}{row.format(3)}</sheetData></worksheet>'
    )
    found = read_upload(kept.keep(with_part(content, SHEET, text)), {})
    assert found.rows.source_id.tolist() == ["A2", "A3"]


def hidden_growth(size):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.xml", "<workbook/>")
        with made.open(SHEET, "w") as part:
            for _ in range(size >> 20):
                part.write(bytes(1 << 20))
    return stream.getvalue()


def claims(text):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.xml", "<workbook/>")
        made.writestr(SHEET, text)
    return stream.getvalue()


def a_zip():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("a.txt", "a")
    return stream.getvalue()


def lies_about_size():
    content = bytearray(claims("x" * 100_000))
    place = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", EmptyInput, "empty"),
        (b"\xef\xbb\xbf \r\n", EmptyInput, "empty"),
        (b",".join([b"c"] * 1_000_000) + b"\n1\n", UnreadableFile, "64 kB"),
        (b"," * 5_000 + b"\n1\n", TooLarge, "702 columns"),
        (b"a;b\0c\n", UnreadableFile, "neither CSV"),
        (b"\x1f\x8b\x08" + bytes(50), UnreadableFile, "neither CSV"),
        (b"\xd0\xcf\x11\xe0" + bytes(50), UnreadableFile, "XLS file"),
        (b"PK\x03\x04" + bytes(50), UnreadableFile, "damaged"),
        (lies_about_size(), UnreadableFile, "damaged"),
        (a_zip(), UnreadableFile, "no XLSX"),
        (claims('<!DOCTYPE lolz [<!ENTITY lol "lol">]><a>&lol;</a>'), UnreadableFile, "entities"),
        (claims('<row r="99999999"><c r="A99999999"/></row>'), TooLarge, "row 1,048,576"),
        (claims('<row r="1"><c r="XFD1"/></row>'), TooLarge, "column ZZ"),
    ],
)  # fmt: skip
def test_keep__refuses_with_a_sentence_and_keeps_nothing(kept, content, error, says):
    with pytest.raises(error, match=says):
        kept.keep(content)
    assert kept.is_empty()


def test_keep__a_sheet_that_grows_is_refused(kept):
    content = hidden_growth(MOST_INFLATED_BYTES + (1 << 20))
    assert len(content) < 1 << 20
    with pytest.raises(TooLarge, match="256 MB inside"):
        kept.keep(content)
    assert kept.is_empty()


def test_read_upload__messages_say_the_name_that_was_sent(kept):
    upload = kept.keep(b"incident|category|time\n1|disputes|2018-05-07\n", "..\\..\\secret/my list.csv")
    with pytest.raises(MissingColumn) as told:
        read_upload(upload, {})
    text = str(told.value)
    assert text.startswith("my list.csv has no column 'incident'")
    assert 'columns={"incident": "HEADING"}' in text
    assert str(kept.folder) not in text
    assert "table.csv" not in text


def test_read_upload__columns_by_heading(kept):
    content = "编号,类,时间\nA1,disputes,2018-05-07 09:30\n".encode("gb18030")
    columns = {"incident": "编号", "category": "类", "time": "时间"}
    assert read_upload(kept.keep(content, columns=columns), {}).rows.source_id.tolist() == ["A1"]
    with pytest.raises(InputError):
        read_upload(kept.keep(content, columns=columns | {"time": "没有"}), {})


def test_get__ones_own_for_a_day(kept):
    upload = kept.keep((HEADER + ROW).encode())
    for number in ("0" * 24, upload.id.upper(), "../" + upload.id, "", upload.id[:-1]):
        with pytest.raises(NotThere):
            kept.uploads.get(number, "li.na")
    with pytest.raises(NotThere):
        kept.uploads.get(upload.id, "other")
    kept.now_ms += KEPT_MS
    assert kept.uploads.sweep() == 0
    assert kept.uploads.get(upload.id, "li.na") == upload
    again = kept.uploads.confirmed(upload, 7)
    kept.now_ms += KEPT_MS
    assert kept.uploads.get(upload.id, "li.na") == again
    kept.now_ms += 1
    with pytest.raises(NotThere):
        kept.uploads.get(upload.id, "li.na")
    assert kept.uploads.sweep() == 1
    assert kept.is_empty()


def test_keep__not_more_than_an_account_may_have(kept):
    content = (HEADER + ROW).encode()
    for _ in range(MOST_WAITING):
        last = kept.keep(content)
    with pytest.raises(TooMany):
        kept.keep(content)
    assert kept.keep(content, account="other").account == "other"
    kept.uploads.forget(last)
    assert kept.keep(content).account == "li.na"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("清单.csv", "清单.csv"), ("../../etc/passwd", "passwd"), ("C:\\a\\b.csv", "b.csv"), ('a"\r\nb.csv', "ab.csv"),
     ("", "file"), ("x" * 500, "x" * 120)],
)  # fmt: skip
def test_shown_name(name, shown):
    assert shown_name(name) == shown
