"""Files of incidents in the words of other platforms."""

import numpy as np
import pyarrow as pa
import pytest

from gisgrid.errors import BadOption, EmptyInput, MissingColumn, UnreadableFile
from gisgrid.incident_rows import read_incident_rows
from gisgrid.table_files import read_table, write_table

PLAIN = """incident,category,sub_category,time,lon,lat,accuracy_m,source,stated_grid,state,urgent,reporter,description
1,disputes,neighbours,2018-05-07T09:30:00+08:00,121.43210001,28.6,12,map_click,,closed,true,P1,"井盖, 松动"
2,其他,,2018-05-07 09:30:00,,,,,331002001001001,,,,
"""


def written(tmp_path, text, name="in.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_read__plain(tmp_path):
    rows = read_incident_rows(written(tmp_path, PLAIN)).rows
    assert rows.source_id.tolist() == ["1", "2"]
    assert rows.category.tolist() == ["disputes", "other"]
    assert rows.reported_ms.tolist() == [1525656600000] * 2
    assert rows.lon[0] == 121.4321
    assert np.isnan([rows.lon[1], rows.lat[1], rows.accuracy_m[1]]).all()
    assert rows.source.tolist() == ["map", ""]
    assert rows.state.tolist() == ["closed", "reported"]
    assert rows.is_urgent.tolist() == [True, False]
    assert rows.stated.tolist() == ["", "331002001001001"]
    assert rows.description[0] == "井盖, 松动"


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "geojson", "gpkg"])
def test_read__every_format_says_the_same(tmp_path, ending):
    plain = read_incident_rows(written(tmp_path, PLAIN)).rows
    table = read_table(tmp_path / "in.csv").rows
    if ending in ("geojson", "gpkg"):
        for name in ("lon", "lat"):
            values = [float(text) if text else None for text in table[name].to_pylist()]
            table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.float64()))
    write_table(tmp_path / f"again.{ending}", table)
    again = read_incident_rows(tmp_path / f"again.{ending}").rows
    assert again.digests().tolist() == plain.digests().tolist()


def test_read__their_words(tmp_path):
    text = "编号,大类,上报时间,经度,纬度\nX,吵架,2018-05-07T09:30:00+08:00,121.4,28.6\n"
    words = {("column", "编号"): "incident", ("column", "大类"): "category", ("category", "吵架"): "disputes"}
    rows = read_incident_rows(written(tmp_path, text), translations=words).rows
    assert (rows.source_id.tolist(), rows.category.tolist(), rows.lon.tolist()) == (["X"], ["disputes"], [121.4])
    named = read_incident_rows(
        tmp_path / "in.csv",
        translations={("category", "吵架"): "other"},
        columns={"incident": "编号", "category": "大类"},
    )
    assert named.rows.category.tolist() == ["other"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("2,其他", ",其他"), "incident is empty"),
        (("2,其他", "1,其他"), "same incident number"),
        (("2,其他", "2,吵架"), "category '吵架' is unknown"),
        (("2018-05-07 09:30:00", "yesterday"), "time is not a time"),
        (("2018-05-07 09:30:00", ""), "time is empty"),
        ((",,,,331002001001001", "121.4,,,,331002001001001"), "longitude or latitude is not a number"),
        ((",,,,331002001001001", "28.6,121.4,,,331002001001001"), "look exchanged"),
        ((",,,,331002001001001", "east,28,,,331002001001001"), "lon is not a number"),
        (("331002001001001,,,,", "331002001001001,lost,,,"), "state 'lost' is unknown"),
        (("331002001001001,,,,", "331002001001001,,perhaps,,"), "urgent is unreadable"),
    ],
)
def test_read__a_bad_row_is_set_aside(tmp_path, change, reason):
    assert change[0] in PLAIN
    found = read_incident_rows(written(tmp_path, PLAIN.replace(*change)))
    assert found.rows.source_id.tolist() == ["1"]
    assert reason in found.rejects.reasons[0]
    assert found.rejects.lines.tolist() == [3]


def test_reject__what_the_store_refuses_comes_with_the_rest(tmp_path):
    text = PLAIN + "3,吵架,,2018-05-07,,,,,,,,,\n4,other,,2018-05-07,,,,,,,,,\n5,other\n"
    found = read_incident_rows(written(tmp_path, text))
    rejects = found.reject({2: "the time lies in the future"})
    assert rejects.lines.tolist() == [4, 5, 6]
    assert "吵架" in rejects.reasons[0]
    assert rejects.reasons[1] == "the time lies in the future"
    assert "fields" in rejects.reasons[2]


def test_read__unusable(tmp_path):
    with pytest.raises(MissingColumn, match="--column incident=HEADING"):
        read_incident_rows(written(tmp_path, "category,time\nother,2018-05-07\n"))
    with pytest.raises(EmptyInput, match="none of its 1 rows"):
        read_incident_rows(written(tmp_path, "incident,category,time\n1,x,2018-05-07\n"))
    with pytest.raises(UnreadableFile):
        read_incident_rows(written(tmp_path, "junk", "in.xlsx"))
    with pytest.raises(UnreadableFile):
        read_incident_rows(written(tmp_path, "junk", "in.geojson"))


def test_write_table__bad_ending_leaves_nothing(tmp_path):
    with pytest.raises(BadOption, match="unknown ending"):
        write_table(tmp_path / "a.doc", pa.table({"a": [1]}))
    assert list(tmp_path.iterdir()) == []


def test_digests__differ_when_anything_differs(tmp_path):
    rows = read_incident_rows(written(tmp_path, PLAIN)).rows
    again = read_incident_rows(written(tmp_path, PLAIN.replace("松动", "缺失"))).rows
    assert rows.digests()[0] != again.digests()[0]
    assert rows.digests()[1] == again.digests()[1]


def test_read__a_wrong_column_is_told_and_not_counted_word_by_word(tmp_path):
    rows = "".join(f"{number},word {number},2018-05-07\n" for number in range(20_000))
    found = read_incident_rows(written(tmp_path, "incident,category,time\nx,other,2018-05-07\n" + rows))
    assert found.rows.source_id.tolist() == ["x"]
    assert len(found.rejects) == 20_000
    assert found.rejects.reasons[0].startswith("category 'word 0' is unknown")
    assert found.rejects.reasons[-1].startswith("category is unknown; expected one of")
