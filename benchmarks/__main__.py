"""Measure against peers and write docs/performance.md: `make bench`, or `python -m benchmarks --help`."""

import argparse
import importlib.metadata
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas
import numba
import numpy as np
import shapely

from benchmarks.edits import move_one_border
from benchmarks.floor import read_and_write
from benchmarks.live import live
from benchmarks.looping import looping
from benchmarks.mapping import mapping
from benchmarks.peers import Peer, PeersAnswerDiffersError, all_peers, positions_of
from benchmarks.receiving import receiving
from benchmarks.report import Report
from benchmarks.serving import serving
from benchmarks.storing import incidents_into_the_store, storing
from benchmarks.timing import take_turns
from benchmarks.worlds import World, in_track_order, random_on_land, real_worlds
from gisgrid.cell_table import CellTable
from gisgrid.grid import GridNetwork
from gisgrid.grid_index import GridIndex
from gisgrid.sample import build_district

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
HEAD = """# How fast

Made by `make bench`, not by hand: all numbers of a row's group were taken by turns in one run on one machine, and every
peer had to give the same answer for every point or the run would have failed. gisgrid works on one core unless a row says
otherwise. The best of several runs counts, for everyone. On another machine the times differ; the ratios are what to look at.
"""


def main() -> int:
    """Run all groups, or those named; the page is written only by a whole run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure gisgrid against its peers.")
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all, and the page, without any")
    chosen = parser.parse_args().groups or list(GROUPS)
    if unknown := set(chosen) - set(GROUPS):
        parser.error(f"unknown group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    report = Report()
    numba.set_num_threads(1)
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "numba")}
    network = build_district().network
    with all_peers(report.note) as peers:
        versions |= {peer.name: peer.version for peer in peers}
        for group in chosen:
            print(group, flush=True)
            GROUPS[group](report, network, peers)
    for target in report.targets:
        print(f"{'reached ' if target.reached else 'MISSED  '} {target.name}: {target.measured:.3g}", flush=True)
    if len(chosen) == len(GROUPS):
        report.write(PAGE, HEAD, versions)
        print(f"written: {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")
    return 0


def placing(report: Report, network: GridNetwork, peers: list[Peer]) -> None:
    """Points to grids, against every peer."""
    land = random_on_land(network.geometry, 2_000_000)
    sample = World(f"Sample district, {len(network)} grids, random points on land", network.geometry.copy(), *land)
    for world in [sample, *real_worlds()]:
        _place(report, world, peers, is_sample=world is sample)


def _place(report: Report, world: World, peers: list[Peer], *, is_sample: bool) -> None:
    table = CellTable.build(world.geometry)
    expected = table.locate(world.lon, world.lat)
    size = {peer.name: min(peer.most_points, len(world.lon)) for peer in peers}
    work: dict[str, Callable[[], object]] = {"gisgrid": lambda: table.locate(world.lon, world.lat)}
    for peer in peers:
        count = size[peer.name]
        work[peer.name] = peer.ready(World(world.name, world.geometry, world.lon[:count], world.lat[:count]))
    timed = take_turns(work, rounds=3, most_s=12.0, inner={"gisgrid": 7})
    title = f"{world.name} ({len(world.lon):,})"
    mine = timed["gisgrid"].best_s / len(world.lon)
    report.add(title, "gisgrid", _rate(mine))
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    both = take_turns({"all": work["gisgrid"]}, rounds=9)["all"].best_s / len(world.lon)
    numba.set_num_threads(1)
    report.add(title, f"gisgrid, {numba.config.NUMBA_NUM_THREADS} cores", _rate(both))
    for peer in peers:
        found = positions_of(timed[peer.name].result, size[peer.name])
        differing = np.flatnonzero(found != expected[: size[peer.name]])
        if len(differing):
            point = differing[0]
            raise PeersAnswerDiffersError(
                f"{world.name}: {len(differing)} of {len(found)} points; {peer.name} puts {world.lon[point]!r}, "
                f"{world.lat[point]!r} in {found[point]}, gisgrid in {expected[point]}"
            )
        its = timed[peer.name].best_s / size[peer.name]
        some = "" if size[peer.name] == len(world.lon) else f" (first {size[peer.name]:,})"
        report.add(title, peer.name + some, _rate(its), f"{its / mine:,.0f} times as fast")
        if is_sample and peer.name == "GeoPandas sjoin":
            report.want("2 million random points on land, times as fast as sjoin", its / mine, 200.0, at_least=True)
        if is_sample and peer.name.startswith("SedonaDB"):
            report.want("the same, times as fast as SedonaDB on all cores", its / mine, 20.0, at_least=True)


def floor(report: Report, network: GridNetwork, _: list[Peer]) -> None:
    """How near to reading the coordinates once and writing the answer."""
    table = CellTable.build(network.geometry)
    tracks = in_track_order(build_district(), 2_000_000)
    land = random_on_land(network.geometry, 2_000_000)
    for name, (lon, lat) in (("Fixes in track order", tracks), ("Random points on land", land)):
        found = np.empty(len(lon), np.int32)
        read_and_write(lon[:10], lat[:10], found[:10])
        work: dict[str, Callable[[], object]] = {
            "gisgrid": lambda lon=lon, lat=lat: table.locate(lon, lat),
            "floor": lambda lon=lon, lat=lat, found=found: read_and_write(lon, lat, found),
        }
        timed = take_turns(work, rounds=25)
        mine, least = (timed[who].best_s / len(lon) for who in ("gisgrid", "floor"))
        title = f"{name} of the sample ({len(lon):,})"
        report.add(title, "gisgrid", _rate(mine))
        report.add(
            title,
            "memory floor: read both coordinates, write one answer",
            _rate(least),
            f"at {mine / least:.1f} times the floor",
        )
        if lon is tracks[0]:
            report.want("points in track order, times the memory floor", mine / least, 12.0, at_least=False)


def single(report: Report, network: GridNetwork, _: list[Peer]) -> None:
    """One point at a time, as the live path asks."""
    index = network.index
    lon, lat = random_on_land(network.geometry, 20_000)
    places = list(zip(lon.tolist(), lat.tolist(), strict=True))
    tree = shapely.STRtree(network.geometry)
    shapes = network.geometry

    def by_tree() -> list[int]:
        found = []
        for x, y in places[:5_000]:
            point = shapely.Point(x, y)
            found.append(min((int(k) for k in tree.query(point) if shapes[k].intersects(point)), default=-1))
        return found

    def mine() -> list[int]:
        return [index.locate_one(x, y) for x, y in places]

    timed = take_turns({"gisgrid": mine, "tree": by_tree}, rounds=5)
    if timed["gisgrid"].result[:5_000] != timed["tree"].result:
        raise PeersAnswerDiffersError("locate_one and shapely disagree")
    one, its = timed["gisgrid"].best_s / len(places), timed["tree"].best_s / 5_000
    report.add("One point at a time", "gisgrid locate_one", f"{one * 1e6:.2f} µs")
    report.add(
        "One point at a time",
        "shapely STRtree, point by point",
        f"{its * 1e6:.1f} µs",
        f"{its / one:,.0f} times as fast",
    )
    report.want("locate_one, µs", one * 1e6, 2.0, at_least=False)


def building(report: Report, network: GridNetwork, _: list[Peer]) -> None:
    """The index of the sample, whole and after a border has moved."""
    lon, lat = random_on_land(network.geometry, 100_000)
    grids = geopandas.GeoDataFrame(geometry=list(network.geometry), crs=4490)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4490)
    # A border there and back again, one after the other: one has moved each time.
    states = [state for seed in range(4) for state in (move_one_border(network, seed), network)]
    drafts = [GridIndex(network.geometry, network.plane)]

    def drag() -> GridIndex:
        state = states[(len(drafts) - 1) % len(states)]
        drafts.append(drafts[-1].rebuilt(state.geometry, network.plane))
        return drafts[-1]

    work: dict[str, Callable[[], object]] = {
        "build": lambda: GridIndex(network.geometry, network.plane),
        "part": drag,
        "sjoin": lambda: geopandas.sjoin(points, grids, predicate="intersects"),
    }
    for _ in range(8):
        drag()
    timed = take_turns(work, rounds=7, inner={"build": 3, "part": 8})
    last = states[(len(drafts) - 2) % len(states)]
    fresh = GridIndex(last.geometry, last.plane)
    corners = shapely.get_coordinates(np.concatenate((last.geometry, network.geometry)))
    if not (drafts[-1].locate(*corners.T) == fresh.locate(*corners.T)).all():
        raise PeersAnswerDiffersError("an index rebuilt by parts differs from one built anew")
    build, part, join = (timed[name].best_s for name in ("build", "part", "sjoin"))
    part = float(np.median(timed["part"].seconds))
    whole = float(np.median(timed["build"].seconds))
    title = f"Index of {len(network)} grids"
    report.add(title, "gisgrid", f"{build * 1e3:.0f} ms")
    report.add(title, "GeoPandas sjoin of 100,000 points", f"{join * 1e3:.0f} ms", f"{join / build:.1f} times as fast")
    report.add(
        title,
        "gisgrid, after one border has moved",
        f"{part * 1e3:.1f} ms",
        f"{whole / part:.0f} times as fast as building anew",
    )
    report.want(
        f"index of {len(network)} grids, share of sjoin's time for 100,000 points", build / join, 0.333, at_least=False
    )
    report.want(
        "index after one border has moved, share of a whole build (medians)", part / whole, 0.05, at_least=False
    )


def growing(report: Report, _: GridNetwork, __: list[Peer]) -> None:
    """More grids, and more vertices for each."""
    found = {copies: _in_own_process("copies", copies) for copies in (1, 10, 100)}
    one = found[1]
    for copies, it in found.items():
        title = f"{copies} sample district{'s' if copies > 1 else ''} side by side ({it['grids']:,} grids)"
        report.add(
            title,
            "gisgrid, index",
            f"{it['best_s'] * 1e3:,.0f} ms",
            f"{it['best_s'] / one['best_s']:.3g} times the time of one",
        )
        report.add(title, "gisgrid, memory of the table", f"{it['table_mb']:,.0f} MB")
        report.add(
            title,
            "gisgrid, memory of the process while building",
            f"{it['most_mb']:,.0f} MB",
            f"{it['input_mb']:,.0f} MB with the polygons alone",
        )
        report.add(title, "gisgrid, random points on land", _rate(1.0 / it["points_per_s"]))
    report.want("100 times the grids, times the time", found[100]["best_s"] / one["best_s"], 120.0, at_least=False)
    report.want("100 times the grids, GB of the whole process", found[100]["most_mb"] / 1e3, 1.5, at_least=False)
    report.note(
        f"A first build in memory that the process has not used before takes longer: {found[100]['first_s']:.1f} s against "
        f"{found[100]['best_s']:.1f} s for {found[100]['grids']:,} grids; the difference is the operating system handing out pages."
    )
    for amount in (-20.0, -5.0, 0.0, 10.0, 3.0, 1.0):
        it = _in_own_process("vertices", amount) if amount else one
        each = it["vertices"] / it["grids"]
        report.add(
            "Vertices for each of 659 grids",
            f"{each:,.0f} vertices",
            f"{it['best_s'] * 1e3:,.0f} ms, {it['table_mb']:,.0f} MB",
            f"{it['points_per_s'] / 1e6:,.0f} million points/s",
        )


def _in_own_process(kind: str, amount: float) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.growth", kind, str(amount)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def distances(report: Report, network: GridNetwork, _: list[Peer]) -> None:
    """The nearest grid and the distance to a border."""
    index = network.index
    rng = np.random.default_rng(3)
    west, south, east, north = network.bounds
    lon, lat = rng.uniform(west, east, 200_000), rng.uniform(south, north, 200_000)
    x, y = network.plane.to_xy(lon, lat)
    points = shapely.points(x, y)
    shapes, tree = index.plane_geometry(), index.plane_tree()
    outside = np.flatnonzero(index.locate(lon, lat) < 0)[:20_000]
    own, _ = index.nearest(lon, lat)
    edges, some = shapely.boundary(shapes), slice(0, 20_000)
    borders = index.borders()
    work: dict[str, Callable[[], object]] = {
        "nearest": lambda: borders.nearest(x[outside], y[outside])[1],
        "query_nearest": lambda: tree.query_nearest(points[outside], return_distance=True, all_matches=False)[1],
        "border": lambda: borders.distances(x, y, own),
        "distance": lambda: shapely.distance(edges[own[some]], points[some]),
    }
    timed = take_turns(work, rounds=4, most_s=20.0)
    if not np.allclose(timed["nearest"].result, timed["query_nearest"].result, atol=1e-6, rtol=0.0):
        raise PeersAnswerDiffersError("nearest and STRtree.query_nearest disagree")
    if not np.allclose(timed["border"].result[some], timed["distance"].result, atol=1e-6, rtol=0.0):
        raise PeersAnswerDiffersError("border distances and shapely.distance disagree")
    one, its = (timed[name].best_s / len(outside) for name in ("nearest", "query_nearest"))
    report.add("Nearest grid, points outside, in the plane", "gisgrid", _rate(one))
    report.add(
        "Nearest grid, points outside, in the plane",
        "shapely STRtree.query_nearest",
        _rate(its),
        f"{its / one:,.0f} times as fast",
    )
    one, its = timed["border"].best_s / len(x), timed["distance"].best_s / 20_000
    report.add("Metres to the own border, in the plane", "gisgrid", _rate(one))
    report.add(
        "Metres to the own border, in the plane",
        "shapely.distance (first 20,000)",
        _rate(its),
        f"{its / one:,.0f} times as fast",
    )


def starting(report: Report, network: GridNetwork, _: list[Peer]) -> None:
    """From nothing to 1,000 points placed, on the command line, compiled functions being on disk."""
    lon, lat = random_on_land(network.geometry, 1_000)
    folder = Path("build") / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    network.write(folder / "grids.gpkg")
    rows = "\n".join(f"{x:.7f},{y:.7f}" for x, y in zip(lon, lat, strict=True))
    (folder / "points.csv").write_text(f"lon,lat\n{rows}\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "gisgrid",
        "incidents",
        "assign",
        folder / "points.csv",
        "--grids",
        folder / "grids.gpkg",
    ]
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        subprocess.run([*command, "--out", folder / "assigned.csv"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    best = min(seconds[1:])
    report.add(
        "Start: read a network and 1,000 incidents, write their grids", "gisgrid incidents assign", f"{best:.2f} s"
    )
    report.want("start, 1,000 points on the command line, s", best, 3.0, at_least=False)


def _rate(seconds_each: float) -> str:
    rate = 1e-6 / seconds_each
    return f"{rate:,.0f} million/s" if rate >= 10.0 else f"{rate:.3g} million/s"


GROUPS = {
    "placing": placing,
    "floor": floor,
    "single": single,
    "building": building,
    "growing": growing,
    "distances": distances,
    "starting": starting,
    "storing": storing,
    "incidents": incidents_into_the_store,
    "loop": looping,
    "live": live,
    "mapping": mapping,
    "serving": serving,
    "receiving": receiving,
}

if __name__ == "__main__":
    sys.exit(main())
