"""Units looked up: those of the register, of every edition, and areas; everything else is told in one way."""

import pytest

from gisgrid.errors import UnknownGrid
from gisgrid.store.tables import AREA_GRID, UNIT
from gisgrid.store.units import find_unit
from gisgrid.units import EVERYWHERE, Unit, unit_meant
from tests.gisgrid.store.incident_places import CODES, DISTRICT
from tests.gisgrid.store.small_district import TOWNSHIPS, VILLAGES, SmallDistrict


@pytest.fixture
def store(database):
    district = SmallDistrict(database)
    with district.store.changing("clerk") as change:
        change.connection.execute(
            UNIT.insert(),
            [
                {"code": code, "level": level, "name": "", "kind": ""}
                for code, level in (
                    ("331002099000", "township"), ("331002099001", "village"), ("V1", "village"), ("T1", "township"),
                    ("west", "area"), ("empty", "area"), (CODES["E"], "area"),
                )
            ],
        )  # fmt: skip
        change.connection.execute(
            AREA_GRID.insert(), [{"area": area, "grid": CODES[letter]} for area in ("west", "bare") for letter in "CA"]
        )
    return district.store


def found(store, code, **options):
    with store.reading() as connection:
        return find_unit(connection, code, **options)


@pytest.mark.parametrize(
    "code", ["", DISTRICT, TOWNSHIPS["A"], VILLAGES["C"], CODES["D"], "331002099000", "331002099001"]
)
def test_find_unit__by_its_form(store, code):
    assert found(store, code) == found(store, code, areas=False) == unit_meant(code)


def test_find_unit__areas_with_their_grids_and_units_of_another_form(store):
    assert found(store, "area:west") == unit_meant("area:west", (CODES["A"], CODES["C"]))
    assert found(store, "area:bare").grids == (CODES["A"], CODES["C"])
    assert found(store, "area:empty") == unit_meant("area:empty")
    assert found(store, "V1") == Unit("V1", "village")
    assert found(store, "T1") == Unit("T1", "township")
    # A grid comes before an area of the same name.
    assert found(store, CODES["E"]) == Unit(CODES["E"], "grid")
    assert found(store, "") == EVERYWHERE


@pytest.mark.parametrize(
    "code",
    [
        "nowhere", "331003000000", "331002098000", "331002001098", "331002001001098", "area:nowhere", "area:", "area:V1",
        "x\0", "area:\0", "331002%", "' or 1=1 --", "３３１００２００００００", "department:fire",
    ],
)  # fmt: skip
def test_find_unit__that_there_is_not(store, code):
    with pytest.raises(UnknownGrid, match=r"no edition and no register|no register has an area"):
        found(store, code)


def test_find_unit__an_area_is_written_as_one_and_not_taken_everywhere(store):
    with pytest.raises(UnknownGrid, match="'west' is an area; write area:west"):
        found(store, "west")
    for code in ("west", "area:west"):
        with pytest.raises(UnknownGrid, match="is an area; give a district, township, village or grid"):
            found(store, code, areas=False)
