"""One network in a process of its own: time, size and memory of its index, as one line of JSON.

python -m benchmarks.growth copies 100      so many sample districts side by side
python -m benchmarks.growth vertices 0.1    the sample district with vertices every so many metres, at most
"""

import json
import resource
import sys
import time
from pathlib import Path

import numba
import numpy as np
import shapely

from benchmarks.worlds import random_on_land, side_by_side
from gisgrid.cell_table import CellTable
from gisgrid.sample import build_district

_M_PER_DEGREE = 111_195.0


def main(kind: str, amount: float) -> None:
    """Build, measure, print."""
    numba.set_num_threads(1)
    sample = build_district().network.geometry.copy()
    CellTable.build(sample[:5])
    if kind == "copies":
        geometry = side_by_side(sample, int(amount))
    elif amount > 0.0:
        geometry = shapely.segmentize(sample, amount / _M_PER_DEGREE)
    else:
        geometry = shapely.coverage_simplify(sample, -amount / _M_PER_DEGREE)
    before = _most_memory_kb()
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        table = CellTable.build(geometry)
        seconds.append(time.perf_counter() - began)
        if kind == "copies" and amount == 1:
            for _ in range(9):
                began = time.perf_counter()
                CellTable.build(geometry)
                seconds.append(time.perf_counter() - began)
        most = _most_memory_kb()
        del table
    table = CellTable.build(geometry)
    some = geometry if len(geometry) < 10_000 else geometry[:: len(geometry) // 2_000]
    lon, lat = random_on_land(some, 500_000)
    placing = []
    table.locate(lon, lat)
    for _ in range(7):
        began = time.perf_counter()
        table.locate(lon, lat)
        placing.append(time.perf_counter() - began)
    print(
        json.dumps(
            {
                "grids": len(geometry),
                "vertices": int(shapely.get_num_coordinates(geometry).sum()),
                "first_s": seconds[0],
                "best_s": min(seconds),
                "table_mb": table.nbytes / 1e6,
                "input_mb": before / 1e3,
                "most_mb": most / 1e3,
                "points_per_s": len(lon) / min(placing),
                "placed": int((table.locate(lon, lat) >= 0).sum()) / len(lon),
            }
        )
    )


def _most_memory_kb() -> int:
    """The most memory this process has held; what its parent held before does not count."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    np.seterr(all="raise")
    main(sys.argv[1], float(sys.argv[2]))
