"""The gazetteer: places, units and grids in one list, the one that is meant, or a sentence that names the candidates."""

import math

import pytest

from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.store.gazetteer import find_one, make_finder
from gisgrid.store.register_files import import_register
from tests.gisgrid.store.incident_places import CODES, network_of
from tests.worlds import PLANE

A, C = CODES["A"], CODES["C"]
NAMES = {"A": "东门一网格", "B": "西门网格", "C": "南门网格", "D": "南门二网格", "E": "北门网格"}
REGISTERS = {
    "units": f"code,level,name\n{A[:9]}000,,海门街道\n{A[:12]},,东门社区\n{C[:12]},,南门村\nA1,area,海门一片\n",
    "places": f"code,kind,name,village,lon,lat\nX1,school,实验小学,{A[:12]},121.4005,28.6005\n"
    + "".join(f"S{number},shop,好运超市{number}店,,121.401,28.601\n" for number in range(1, 8)),
}


@pytest.fixture
def finder(store, tmp_path):
    for name, text in REGISTERS.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        import_register(store, name, tmp_path / f"{name}.csv", author="clerk")
    drawn = network_of(1)
    letters = {code: letter for letter, code in CODES.items()}
    named = GridNetwork.from_arrays(
        drawn.codes, drawn.geometry, names=[NAMES[letters[code]] for code in drawn.codes], plane=PLANE
    )
    with store.reading() as connection:
        return make_finder(connection, named), named, make_finder(connection, None)


def test_find_one__places_units_and_grids_by_name_pinyin_initials_and_code(finder):
    found, *_ = finder
    expected = {
        "实验小学": "X1", "syxx": "X1", "shiyanxiaoxue": "X1", "实yan小x": "X1", "x1": "X1", "小学": "X1",
        "海门街道": f"{A[:9]}000", "hmjd": f"{A[:9]}000", "东门社区": A[:12], "dmsq": A[:12], "南门村": C[:12], C[:12]: C[:12],
        "东门一网格": A, "dmywg": A, A: A, "海门一片": "A1", "好运超市3店": "S3", "hycs3d": "S3",
    }  # fmt: skip
    assert {typed: find_one(found, typed).code for typed in expected} == expected
    kinds = {typed: find_one(found, typed).kind for typed in ("X1", "海门街道", "东门社区", "海门一片", A)}
    assert list(kinds.values()) == ["school", "township", "village", "area", "grid"]


def test_find_one__where_they_are(finder):
    found, network, _ = finder
    place, village, grid = (find_one(found, code) for code in ("X1", A[:12], C))
    assert (place.lon, place.lat, place.village) == (121.4005, 28.6005, A[:12])
    # A unit has no point of its own; the point of a grid lies in it.
    assert math.isnan(village.lon)
    assert math.isnan(village.lat)
    assert village.village == A[:12]
    assert network.codes[network.index.locate_one(grid.lon, grid.lat)] == C
    assert grid.village == C[:12]
    assert find_one(found, "海门街道").village == ""


def test_find_one__what_fits_several_names_them(finder):
    found, *_ = finder
    with pytest.raises(BadOption) as told:
        find_one(found, "好运超市")
    assert str(told.value) == (
        "'好运超市' may mean 好运超市1店 (S1), 好运超市2店 (S2), 好运超市3店 (S3), 好运超市4店 (S4), 好运超市5店 (S5) and more; "
        "give more of the name, or the code"
    )
    with pytest.raises(BadOption) as told:
        find_one(found, "南门")
    message = str(told.value)
    assert f"南门村 ({C[:12]}), 南门网格 ({C}), 南门二网格 ({CODES['D']})" in message
    assert "and more" not in message


def test_find_one__a_better_fit_wins_over_many_worse(finder):
    found, *_ = finder
    # The whole name of one, the beginning of another.
    assert find_one(found, "南门网格").code == C
    assert find_one(found, "东门社").code == A[:12]


def test_find_one__nothing_fits(finder):
    found, *_ = finder
    for typed in ("", "  ", "火车站", "hcz", "zzzz"):
        with pytest.raises(BadOption) as told:
            find_one(found, typed)
        assert str(told.value).startswith(f"no place, unit or grid is called {typed!r}; give another part of its name")


def test_make_finder__before_the_first_edition_there_are_no_grids(finder):
    *_, without = finder
    assert find_one(without, "syxx").code == "X1"
    with pytest.raises(BadOption, match="no place, unit or grid"):
        find_one(without, "东门一网格")
    with pytest.raises(BadOption, match="no place, unit or grid"):
        find_one(without, A)
