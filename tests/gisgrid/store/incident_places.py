"""Where the twin's incidents belong, and the offices there: points in boxes, ground counted square by square."""

import datetime as dt
import math

from gisgrid.grid import GridNetwork
from tests.worlds import PLANE, draw_network, drawn_squares

SQUARE_M = 100.0
SNAP_M = 30.0
FIRST_DAY = dt.date(2018, 4, 20)

# Two townships. The second edition moves the border of A and B, and retires E: its ground goes to B, of the other township.
DRAWINGS = {1: "AABB\nAABB\nCCDE", 2: "AAAB\nAAAB\nCCDB"}
CODES = {
    "A": "331002001001001",
    "B": "331002001002001",
    "C": "331002002001001",
    "D": "331002002001002",
    "E": "331002002002001",
}
DISTRICT = "331002000000"
DEPARTMENTS = [
    f"department:{code}"
    for code in (
        "public_security", "traffic_police", "ocean_fishery", "law_enforcement", "fire", "human_resources", "housing",
        "market_supervision", "water",
    )
]  # fmt: skip


def network_of(edition):
    """The network of an edition, with official codes."""
    drawn = draw_network(DRAWINGS[edition], square_m=SQUARE_M)
    return GridNetwork.from_arrays([CODES[letter] for letter in drawn.codes], drawn.geometry, plane=PLANE)


def units_of(code):
    """The village and the township of a grid or village; nothing of nothing."""
    return (code[:12], code[:9] + "000") if code else ("", "")


def first_office(grade, unit):
    """The lowest office that is known, from the first level of the grade on; `unit` is a grid, a village or nothing."""
    first = {"simple": 0, "ordinary": 0, "prominent": 1, "major": 2}[grade]
    return next(office for office in (*units_of(unit), DISTRICT)[first:] if office)


def level_of(office):
    if office in DEPARTMENTS:
        return "department"
    return "district" if office == DISTRICT else "township" if office.endswith("000") else "village"


class Places:
    """The editions that hold, each a dict of the squares (column, row) of every grid."""

    def __init__(self):
        self.starts = {1: FIRST_DAY}
        self.squares = {
            edition: {CODES[letter]: cells for letter, cells in drawn_squares(drawing).items()}
            for edition, drawing in DRAWINGS.items()
        }

    def edition_on(self, day):
        return max((edition for edition, start in self.starts.items() if start <= day), default=None)

    def has(self, edition, unit):
        return edition is not None and any(unit in (code, code[:12]) for code in self.squares[edition])

    def grid_at(self, edition, place):
        x, y = (int(metres // SQUARE_M) for metres in place)
        return next((code for code, cells in self.squares[edition].items() if (x, y) in cells), "")

    def nearest(self, edition, place):
        """The metres to the nearest grid, and its code."""
        x, y = place
        found = []
        for code, cells in self.squares[edition].items():
            for column, row in cells:
                left, bottom = column * SQUARE_M, row * SQUARE_M
                across = max(left - x, 0.0, x - left - SQUARE_M)
                along = max(bottom - y, 0.0, y - bottom - SQUARE_M)
                found.append((math.hypot(across, along), code))
        return min(found)

    def belonging(self, day, place, stated):
        """Edition, grid, village and how it was found, for a report of a day."""
        edition = self.edition_on(day)
        if edition is None:
            return None, "", "", "unassigned"
        if place is not None:
            code = self.grid_at(edition, place)
            if code:
                return edition, code, code[:12], "inside"
            distance_m, code = self.nearest(edition, place)
            return (edition, code, code[:12], "snapped") if distance_m <= SNAP_M else (edition, "", "", "unassigned")
        grids = [code for code in self.squares[edition] if stated and stated in (code, code[:12])]
        if len(grids) == 1:
            return edition, grids[0], grids[0][:12], "stated"
        return edition, "", stated[:12] if grids else "", "unassigned"

    def answering(self, one, day):
        """The grid that answers on a day, None where it is that of the report (or there is none)."""
        today, own, code = self.edition_on(day), one["edition_id"], one["grid"]
        if not code or today is None or own is None or today == own:
            return None
        found = self.grid_at(today, one["place"]) if one["place"] is not None and one["how"] != "manual" else ""
        if not found and code in self.squares[today]:
            found = code
        if not found:
            ground = self.squares[own][code]
            most = 0
            for new, cells in self.squares[today].items():
                shared = len([cell for cell in cells if cell in ground])
                if shared > most:
                    found, most = new, shared
        return found if found != code else None
