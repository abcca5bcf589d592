"""Registers: what is written is read again as the same, bad rows are set aside, the rest goes in."""

import datetime as dt

import pytest
import sqlalchemy as sa

from gisgrid.errors import BadOption, EmptyInput, MissingColumn
from gisgrid.store.editions import Editions
from gisgrid.store.register_files import export_register, import_register, translations_of
from gisgrid.store.registers import REGISTERS
from gisgrid.store.tables import DUTY, DWELLING, UNIT
from tests.worlds import draw_network

CONTENT = {
    "units": "code,level,name,kind\n331002001000,,海门街道,street\n331002001001,village,东门社区,community\nA1,area,片一,\n",
    "areas": "area,grid\nA1,A\nA1,B\n",
    "places": "code,kind,name,village,lon,lat\nX1,school,实验小学,,121.4321,28.6\n",
    "dwellings": "dwelling,lon,lat,households,residents,migrants\nD1,121.4321,28.6,12,30,4\n",
    "people": "code,name,telephone\nP1,样例网格员,13800000000\n",
    "duties": "patroller,grid,role,from,to\nP1,A,patroller,2018-01-01,\nP1,B,substitute,2018-02-01,2018-02-03\n",
    "leave": "patroller,from,to,reason\nP1,2018-05-01,2018-05-03,年假\n",
    "calendar": "day,is_workday,note\n2018-05-05,是,调休\n",
    "sub_categories": "category,code,name,name_en,from,to\ncentral_tasks,typhoon_2018,防台专项,Typhoon,2018-06-01,2018-10-01\n矛盾纠纷,pets,宠物,,,\n",
    "departments": "code,name,telephone\nfire,消防大队,88880119\n",
    "roster": "day,shift,unit,patroller,note\n2018-05-07,night,331002001000,P1,\n2018-05-07,白班,331002001000,P2,前台\n",
    "rules": "rule,value\ndone_workdays,7\nways,约谈;通报\n",
    "translations": "source_system,field,theirs,ours\n12345,category,纠纷,disputes\n",
}


@pytest.fixture
def published(store):
    """An open store with one edition."""
    Editions(store).publish(draw_network("AB"), dt.date(2018, 1, 1), author="planner")
    return store


def written(tmp_path, text, name="in.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(store, table):
    with store.reading() as connection:
        return connection.execute(sa.select(table).order_by(*table.primary_key)).all()


def test_contents__cover_every_register():
    assert set(CONTENT) == set(REGISTERS)


@pytest.mark.parametrize("name", REGISTERS)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_round_trip__what_is_written_is_read_as_the_same(published, tmp_path, name, ending):
    first = import_register(published, name, written(tmp_path, CONTENT[name]), author="clerk")
    count = CONTENT[name].count("\n") - 1
    assert (first.taken.new, len(first.rejects)) == (count, 0)
    before = rows_of(published, REGISTERS[name].table)
    assert export_register(published, name, tmp_path / f"out.{ending}", language="zh") == count
    again = import_register(published, name, tmp_path / f"out.{ending}", author="clerk")
    assert (again.taken.new, again.taken.changed, again.taken.same) == (0, 0, count)
    assert rows_of(published, REGISTERS[name].table) == before


@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_round_trip__points(published, tmp_path, ending):
    import_register(published, "dwellings", written(tmp_path, CONTENT["dwellings"]), author="clerk")
    export_register(published, "dwellings", tmp_path / f"out.{ending}")
    again = import_register(published, "dwellings", tmp_path / f"out.{ending}", author="clerk")
    assert (again.taken.new, again.taken.changed, again.taken.same) == (0, 0, 1)


def test_import__changes_what_differs(published, tmp_path):
    import_register(published, "dwellings", written(tmp_path, CONTENT["dwellings"]), author="clerk")
    changed = CONTENT["dwellings"].replace(",30,", ",31,") + "D2,121.5,28.6,1,2,0\n"
    taken = import_register(published, "dwellings", written(tmp_path, changed), author="clerk").taken
    assert (taken.new, taken.changed, taken.same) == (1, 1, 0)
    assert [row.residents for row in rows_of(published, DWELLING)] == [31, 2]


def test_import__levels_follow_from_codes(published, tmp_path):
    import_register(published, "units", written(tmp_path, CONTENT["units"]), author="clerk")
    assert {row.code: row.level for row in rows_of(published, UNIT)} == {
        "331002001000": "township", "331002001001": "village", "A1": "area",
    }  # fmt: skip


def test_import__bad_rows_are_set_aside_and_the_rest_goes_in(published, tmp_path):
    text = CONTENT["duties"] + (
        "P2,Z,patroller,2018-01-01,\nP2,A,king,2018-01-01,\nP2,A,leader,2018-02-30,\nP2,A,leader,2018-02-02,2018-02-02\n"
        ",A,leader,2018-01-01,\nP1,A,patroller,2018-01-01,2018-09-01\n"
    )
    done = import_register(published, "duties", written(tmp_path, text), author="clerk")
    assert done.taken.new == 2
    assert list(done.rejects.lines) == [4, 5, 6, 7, 8, 9]
    for reason, part in zip(
        done.rejects.reasons, ("no edition has a grid 'Z'", "'king'", "'2018-02-30'", "to is not after", "is empty", "earlier row"),
        strict=True,
    ):  # fmt: skip
        assert part in reason
    assert len(rows_of(published, DUTY)) == 2


def test_import__unusable(published, store, tmp_path):
    with pytest.raises(BadOption, match="no register 'kings'"):
        import_register(published, "kings", written(tmp_path, "a\n1\n"), author="clerk")
    with pytest.raises(MissingColumn, match="households"):
        import_register(published, "dwellings", written(tmp_path, "code,lon,lat\nD,121,28\n"), author="clerk")
    with pytest.raises(EmptyInput, match="none of its 1 rows"):
        import_register(
            published, "dwellings", written(tmp_path, CONTENT["dwellings"].replace("121.4321", "east")), author="clerk"
        )
    assert rows_of(published, DWELLING) == []


def test_import__duties_need_grids(store, tmp_path):
    with pytest.raises(BadOption, match="publish a network"):
        import_register(store, "duties", written(tmp_path, CONTENT["duties"]), author="clerk")


def test_translations__of_one_system(published, tmp_path):
    import_register(published, "translations", written(tmp_path, CONTENT["translations"]), author="clerk")
    assert translations_of(published, "12345") == {("category", "纠纷"): "disputes"}
    assert translations_of(published, "other") == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("rule,value\ndone_workdays,99\n", "contradict each other"),
        ("rule,value\ndone_workdays,soon\n", "expected a whole number above 0"),
        ("rule,value\ndone_workday,7\n", "expected one of response_workdays"),
    ],
)
def test_import__rules_that_cannot_be_are_refused(published, tmp_path, content, sentence):
    with pytest.raises((BadOption, EmptyInput), match=sentence):
        import_register(published, "rules", written(tmp_path, content), author="clerk")
    assert rows_of(published, REGISTERS["rules"].table) == []
