"""A data folder as the demonstration leaves it, with made-up results."""

import numpy as np
import pytest

from gisgrid.incident_map import incident_map
from gisgrid.mapping import write_map
from tests.worlds import draw_network
from web.summary import MapLink, Summary, TownshipRow, write_summary


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory):
    """summary.json and one map in both languages."""
    folder = tmp_path_factory.mktemp("data")
    network = draw_network("AB", square_m=500)
    position = network.index.locate(*network.plane.to_lonlat(np.full(4, 250.0), np.full(4, 250.0)))
    for language in ("en", "zh"):
        write_map(
            incident_map(network, position, ["disputes"] * 4, title="Incidents", language=language),
            folder / "maps" / f"incidents.{language}.html",
        )
    write_summary(
        folder,
        Summary(
            "2018-05-14T10:00:00+08:00", "2018-05-07", "2018-05-13", 280.1, {"community": 242, "village": 417}, 312, 542_800, 225_600, 4_200_000, 0,
            {"pass": 3000, "fail": 200}, {"pass": 2900}, {"pass": 480, "undetermined": 9}, 564_342, {"inside": 564_000, "unassigned": 342},
            {"disputes": 61_000}, (TownshipRow("331002001000", "海门街道", {"pass": 10}, {"disputes": 7}),),
            (MapLink("incidents", "Incidents", "事件"), MapLink("day_diligent", "A day", "一天", "P0001 · 2018-05-07")),
        ),
    )  # fmt: skip
    return folder
