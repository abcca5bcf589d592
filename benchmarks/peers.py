"""The peers: each gets polygons and points ready-made, in its own form, and says which points lie in which polygons.

A peer's work is timed from its ready-made input to its own pairs of point and polygon; turning the pairs into one position
for each point, to compare, is not.
"""

import importlib
import importlib.metadata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import rtree.index
import shapely
from numpy.typing import NDArray
from shapely.prepared import prep

from benchmarks.worlds import World
from tests.servers import NoServerError, postgis

Pairs = tuple[NDArray[np.integer], NDArray[np.integer]]
"""Numbers of points and positions of polygons, one of each per pair."""


@dataclass(frozen=True)
class Peer:
    """A peer with its version, how it makes ready for a world, and with how many points it can be asked in patience."""

    name: str
    version: str
    ready: Callable[[World], Callable[[], Pairs]]
    most_points: int = 2_000_000


class PeersAnswerDiffersError(Exception):
    """A peer places points elsewhere: then no time means anything."""


def positions_of(pairs: Pairs, count: int) -> NDArray[np.int32]:
    """One position for each point: the smallest, -1 for none."""
    found = np.full(count, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(found, np.asarray(pairs[0]), np.asarray(pairs[1]).astype(np.int32))
    return np.where(found == np.iinfo(np.int32).max, -1, found).astype(np.int32)


@contextmanager
def all_peers(say: Callable[[str], None]) -> Iterator[list[Peer]]:
    """The peers that this machine can run; `say` tells which cannot, and why."""
    peers = [
        Peer("GeoPandas sjoin", geopandas.__version__, _sjoin),
        Peer("shapely STRtree.query", shapely.__version__, _strtree),
        Peer("rtree + prepared geometry", rtree.__version__, _rtree, most_points=50_000),
    ]
    for name, package, ready in (
        ("SedonaDB (all cores)", "sedonadb", _sedona),
        ("DuckDB spatial", "duckdb_extension_spatial", _duckdb),
    ):
        try:
            importlib.import_module(package)
            peers.append(Peer(name, importlib.metadata.version(package), ready))
        except ImportError as error:
            say(f"{name}: left out ({error}); make bench installs it")
    try:
        with postgis() as address:
            psycopg = importlib.import_module("psycopg")
            with psycopg.connect(address, autocommit=True) as connection:
                version = connection.execute("select postgis_lib_version()").fetchone()[0]
                peers.append(Peer("PostGIS", version, lambda world: _postgis(connection, world), most_points=500_000))
                yield peers
    except (NoServerError, ImportError) as error:
        say(f"PostGIS: left out ({error})")
        yield peers


def _sjoin(world: World) -> Callable[[], Pairs]:
    grids = geopandas.GeoDataFrame(geometry=list(world.geometry), crs=4490)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(world.lon, world.lat), crs=4490)

    def run() -> Pairs:
        joined = geopandas.sjoin(points, grids, predicate="intersects")
        return joined.index.to_numpy(), joined["index_right"].to_numpy()

    return run


def _strtree(world: World) -> Callable[[], Pairs]:
    points = shapely.points(world.lon, world.lat)
    tree = shapely.STRtree(world.geometry)

    def run() -> Pairs:
        asked, grids = tree.query(points, predicate="intersects")
        return asked, grids

    return run


def _rtree(world: World) -> Callable[[], Pairs]:
    boxes = shapely.bounds(world.geometry)
    tree = rtree.index.Index((np.arange(len(boxes)), boxes[:, :2].copy(), boxes[:, 2:].copy()))
    grids = [prep(shape) for shape in world.geometry]
    places = list(zip(world.lon.tolist(), world.lat.tolist(), strict=True))
    points = list(shapely.points(world.lon, world.lat))

    def run() -> Pairs:
        asked, found = [], []
        for number, (x, y) in enumerate(places):
            for grid in tree.intersection((x, y, x, y)):
                if grids[grid].intersects(points[number]):
                    asked.append(number)
                    found.append(grid)
        return np.array(asked, np.int64), np.array(found, np.int64)

    return run


def _sedona(world: World) -> Callable[[], Pairs]:
    session = importlib.import_module("sedonadb").connect()
    grids = geopandas.GeoDataFrame(
        {"position": np.arange(len(world.geometry))}, geometry=list(world.geometry), crs=4326
    )
    points = geopandas.GeoDataFrame(
        {"number": np.arange(len(world.lon))}, geometry=shapely.points(world.lon, world.lat), crs=4326
    )
    session.create_data_frame(grids).to_memtable().to_view("grids", overwrite=True)
    session.create_data_frame(points).to_memtable().to_view("points", overwrite=True)

    def run() -> Pairs:
        table = session.sql(
            "SELECT points.number, grids.position FROM points JOIN grids ON ST_Intersects(grids.geometry, points.geometry)"
        ).to_arrow_table()
        return table["number"].to_numpy(), table["position"].to_numpy()

    return run


def _duckdb(world: World) -> Callable[[], Pairs]:
    database = importlib.import_module("duckdb").connect()
    package = Path(importlib.import_module("duckdb_extension_spatial").__file__ or "")
    database.execute(f"load '{next(package.parent.rglob('spatial.duckdb_extension'))}'")
    database.execute("set threads = 1")
    grids = shapely.to_wkb(world.geometry)
    numbers, lon, lat, positions = np.arange(len(world.lon)), world.lon, world.lat, np.arange(len(grids))
    database.register("raw_points", {"number": numbers, "lon": lon, "lat": lat})
    database.register("raw_grids", {"position": positions, "wkb": grids})
    database.execute("create table points as select number, ST_Point(lon, lat) as place from raw_points")
    database.execute("create table grids as select position, ST_GeomFromWKB(wkb) as shape from raw_grids")

    def run() -> Pairs:
        found = database.execute(
            "select number, position from points join grids on ST_Intersects(shape, place)"
        ).fetchnumpy()
        return found["number"], found["position"]

    return run


def _postgis(connection: object, world: World) -> Callable[[], Pairs]:
    execute, cursor = connection.execute, connection.cursor  # type: ignore[attr-defined]
    execute("drop table if exists points, grids")
    execute("create table grids (position int, shape geometry)")
    execute("create table points (number int, place geometry(Point))")
    with cursor() as open_cursor:
        with open_cursor.copy("copy grids from stdin") as copy:
            for position, wkb in enumerate(shapely.to_wkb(world.geometry, hex=True).tolist()):
                copy.write_row((position, wkb))
        with open_cursor.copy("copy points from stdin") as copy:
            for number, wkb in enumerate(shapely.to_wkb(shapely.points(world.lon, world.lat), hex=True).tolist()):
                copy.write_row((number, wkb))
    execute("create index on grids using gist (shape)")
    execute("vacuum analyze grids")
    execute("vacuum analyze points")
    execute("set max_parallel_workers_per_gather = 0")

    def run() -> Pairs:
        with cursor(binary=True) as open_cursor:
            open_cursor.execute("select number, position from points join grids on ST_Intersects(shape, place)")
            rows = np.array(open_cursor.fetchall(), np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1]

    return run
