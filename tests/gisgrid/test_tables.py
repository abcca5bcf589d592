"""Tables: encodings, delimiters, times, rejects that can be sent again."""

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gisgrid.errors import BadColumn, EmptyInput, MissingColumn, UnreadableFile
from gisgrid.table_files import read_table
from gisgrid.tables import check_not_exchanged, keep_rows, write_rejects


def written(tmp_path, text, encoding="utf-8", name="in.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_read_table__encodings_and_delimiters(tmp_path, encoding, delimiter):
    table = read_table(
        written(tmp_path, delimiter.join(["姓名", "time"]) + "\r\n" + delimiter.join(["张三", "1"]) + "\r\n", encoding)
    )
    assert table.columns == ("姓名", "time")
    assert table.texts("姓名").tolist() == ["张三"]


def test_read_table__gz_is_opened(tmp_path):
    import gzip

    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_table(path).texts("b").tolist() == ["2"]


def test_read_table__a_row_of_another_width_is_set_aside_and_lines_stay_right(tmp_path):
    table = read_table(written(tmp_path, "a,b\n1,2\n3\n4,5\n"))
    assert table.texts("a").tolist() == ["1", "4"]
    assert table.lines.tolist() == [2, 4]
    assert table.unsplit == ((3, "3"),)


@pytest.mark.parametrize("content", ["", "  \n", "a,b\n"])
def test_read_table__nothing_in_it(tmp_path, content):
    with pytest.raises(EmptyInput):
        read_table(written(tmp_path, content))


def test_read_table__what_is_no_table(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UnreadableFile):
        read_table(written(tmp_path, "junk", name="in.parquet"))
    (tmp_path / "binary.csv").write_bytes(b"a\x00b,\x01\n")
    with pytest.raises(UnreadableFile, match="not a text file"):
        read_table(tmp_path / "binary.csv")


def test_need__names_the_columns_there_are(tmp_path):
    table = read_table(written(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(MissingColumn, match=r"its columns are a, b\. Name the right one with --lon"):
        table.need("lon", "--lon")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2018-05-07T08:00:00+08:00", 1525651200000),
        ("2018-05-07T00:00:00Z", 1525651200000),
        ("2018-05-07 00:00:00.250+00:00", 1525651200250),
        ("1525651200", 1525651200000),
        ("1525651200250", 1525651200250),
    ],
)
def test_times_ms__instants(tmp_path, text, ms):
    times = read_table(written(tmp_path, f"time\n{text}\n")).times_ms("time")
    assert times.ms.tolist() == [ms]
    assert not (times.zoneless | times.unreadable | times.empty).any()


def test_times_ms__without_an_offset_only_where_the_zone_is_said(tmp_path):
    table = read_table(written(tmp_path, "time,x\n2018-05-07 08:00:00,1\n2018-05-07,1\nnever,1\n,1\n"))
    times = table.times_ms("time")
    assert times.zoneless.tolist() == [True, True, False, False]
    assert times.unreadable.tolist() == [False, False, True, False]
    assert times.empty.tolist() == [False, False, False, True]
    said = table.times_ms("time", ZoneInfo("Asia/Shanghai"))
    assert said.ms.tolist()[0] == 1525651200000
    assert not said.zoneless.any()


def test_times_ms__parquet_without_a_zone(tmp_path):
    pq.write_table(pa.table({"time": pa.array([1525651200000], pa.timestamp("ms"))}), tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    assert table.times_ms("time").zoneless.tolist() == [True]
    assert table.times_ms("time", ZoneInfo("UTC")).ms.tolist() == [1525651200000]


def test_write_rejects__can_be_corrected_and_sent_again(tmp_path):
    table = read_table(written(tmp_path, "name,lon\n张三,x\n李四,121.4\n"))
    _, bad = table.numbers("lon")
    usable, rejects = keep_rows(table, {"longitude is not a number": bad})
    assert usable.tolist() == [False, True]
    path = tmp_path / "rejects.csv"
    assert write_rejects(path, [rejects]) == 1
    again = read_table(path)
    assert again.columns == ("name", "lon", "reject_file", "reject_line", "reject_reason")
    assert again.texts("name").tolist() == ["张三"]
    assert again.texts("reject_line").tolist() == ["2"]
    assert write_rejects(path, []) == 0
    assert not path.exists()


def test_check_not_exchanged__only_when_the_other_way_round_fits():
    lon, lat = np.full(10, 121.4), np.full(10, 28.6)
    check_not_exchanged("file", lon, lat, (121.0, 28.0, 122.0, 29.0))
    check_not_exchanged("file", np.zeros(10), np.zeros(10), (121.0, 28.0, 122.0, 29.0))
    with pytest.raises(BadColumn, match="exchanged"):
        check_not_exchanged("file", lat, lon, (121.0, 28.0, 122.0, 29.0))


@pytest.mark.parametrize("header", ["co\rde,name", f"{'n' * 200_000},name"])
def test_read_table__a_header_that_cannot_be_split(tmp_path, header):
    path = tmp_path / "table.csv"
    path.write_bytes(f"{header}\n1,2\n".encode())
    with pytest.raises(UnreadableFile, match="cannot be split"):
        read_table(path)
