"""How borders run: the lines between labelled sites, drawn once each, made crooked, and put together to polygons.

A border crosses each triangle of the mesh from edge to edge, or three borders meet inside it; so borders never cross
as long as each keeps to its triangles. Neighbours are built from the same lines and share every vertex.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.sample.mesh import Mesh
from gisgrid.sample.outline import PLANE

_HALVINGS: Final = 3
_ROUGHNESS: Final = (0.04, 0.17)
_FINEST_KEPT: Final = 0.17
_DEGREE_DIGITS: Final = 7
_ATTEMPTS: Final = 8

Line = NDArray[np.float64]


@dataclass(frozen=True)
class Borders:
    """Lines between units: `lines[k]` (m, 2) degrees rounded to 1e-7 with unit `left[k]` on its left, `right[k]` on its
    right (-1 for water and the world outside) and end nodes `start[k]`, `end[k]` (equal for a closed line)."""

    lines: tuple[Line, ...]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def draw_borders(mesh: Mesh, label: NDArray[np.int64], random: np.random.Generator) -> Borders:
    """The crooked borders between sites of different label (n,), and around the land.

    Where a line would cross itself or another, both are drawn calmer. Raises `ValueError` when that does not help.
    """
    chains, left, right = _chains(mesh, label)
    nodes = _node_places(mesh, random)
    straight = [nodes[np.array(chain)] for chain in chains]
    roughness = random.uniform(*_ROUGHNESS, len(chains))
    wobble = [random.standard_normal((len(chain) - 1, 2**_HALVINGS - 1)).clip(-1.6, 1.6) for chain in chains]
    kept = [_kept_vertices(len(chain) - 1, random) for chain in chains]
    for _ in range(_ATTEMPTS):
        lines = [line[keep] for line, keep in zip(_crooked(straight, wobble, roughness), kept, strict=True)]
        crossing = _crossing(lines)
        if not len(crossing):
            start = np.array([chain[0] for chain in chains], np.int64)
            end = np.array([chain[-1] for chain in chains], np.int64)
            return Borders(tuple(lines), left, right, start, end)
        roughness[crossing] *= 0.5
    raise ValueError(f"{len(crossing)} borders still cross after {_ATTEMPTS} attempts; choose another seed")


def polygons(borders: Borders, count: int) -> NDArray[np.object_]:
    """The polygons (count,) of the units, Polygon or MultiPolygon in degrees, counter-clockwise with clockwise holes."""
    out: list[list[tuple[int, bool]]] = [[] for _ in range(count)]
    for k, (left, right) in enumerate(zip(borders.left.tolist(), borders.right.tolist(), strict=True)):
        if left >= 0:
            out[left].append((k, False))
        if right >= 0:
            out[right].append((k, True))
    found = np.empty(count, dtype=object)
    for unit in range(count):
        found[unit] = _polygon(_rings(borders, out[unit]))
    return found


def _rings(borders: Borders, sides: list[tuple[int, bool]]) -> list[Line]:
    leaving = {int(borders.end[k] if back else borders.start[k]): (k, back) for k, back in sides}
    rings = []
    while leaving:
        first, (k, back) = next(iter(leaving.items()))
        del leaving[first]
        pieces = []
        while True:
            line = borders.lines[k][::-1] if back else borders.lines[k]
            pieces.append(line[:-1])
            node = int(borders.start[k] if back else borders.end[k])
            if node == first:
                break
            k, back = leaving.pop(node)
        rings.append(np.concatenate([*pieces, pieces[0][:1]]))
    return rings


def _polygon(rings: list[Line]) -> shapely.Polygon | shapely.MultiPolygon:
    outer = [shapely.Polygon(ring) for ring in rings if _signed_area(ring) > 0.0]
    holes = [ring for ring in rings if _signed_area(ring) <= 0.0]
    parts = []
    for shell in sorted(outer, key=lambda polygon: -polygon.area):
        inside = [hole for hole in holes if shell.contains(shapely.Point(hole[0]))]
        parts.append(shapely.Polygon(shell.exterior, inside))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _signed_area(ring: Line) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


def _chains(mesh: Mesh, label: NDArray[np.int64]) -> tuple[list[list[int]], NDArray[np.int64], NDArray[np.int64]]:
    """Chains of nodes between junctions, with the labels on either side.

    Node e < len(edges) lies on edge e, node len(edges) + t in triangle t, where three labels meet.
    """
    inner = len(mesh.edges)
    parted = label[mesh.edges[:, 0]] != label[mesh.edges[:, 1]]
    cut = parted[mesh.triangle_edges]
    links: dict[int, list[int]] = {}
    for triangle in np.flatnonzero(cut.any(axis=1)).tolist():
        nodes = mesh.triangle_edges[triangle][cut[triangle]].tolist()
        pairs = [(node, inner + triangle) for node in nodes] if len(nodes) == 3 else [(nodes[0], nodes[1])]
        for first, second in pairs:
            links.setdefault(first, []).append(second)
            links.setdefault(second, []).append(first)
    chains: list[list[int]] = []
    seen: set[int] = set()
    for junction in sorted(node for node in links if node >= inner):
        # Each step is looked up in `seen` only when its turn comes: a chain may come back to its own junction.
        chains.extend(_walk(links, junction, step, inner, seen) for step in links[junction] if step not in seen)
    for node in sorted(links):
        if node < inner and node not in seen:
            seen.add(node)
            chains.append(_walk(links, node, links[node][0], inner, seen))
    left = np.empty(len(chains), np.int64)
    right = np.empty(len(chains), np.int64)
    for k, chain in enumerate(chains):
        left[k], right[k] = _sides(mesh, label, chain)
    return chains, left, right


def _walk(links: dict[int, list[int]], start: int, step: int, inner: int, seen: set[int]) -> list[int]:
    """From a junction along nodes of two links each to the next junction, or around back to the start."""
    chain = [start, step]
    while chain[-1] < inner and chain[-1] != start:
        seen.add(chain[-1])
        first, second = links[chain[-1]]
        chain.append(second if first == chain[-2] else first)
    return chain


def _sides(mesh: Mesh, label: NDArray[np.int64], chain: list[int]) -> tuple[int, int]:
    """The labels left and right of a chain, seen at its first node that lies on an edge."""
    position = next(k for k, node in enumerate(chain) if node < len(mesh.edges))
    before, after = (position - 1, position) if position else (position, position + 1)
    way = _rough_place(mesh, chain[after]) - _rough_place(mesh, chain[before])
    one, other = mesh.edges[chain[position]].tolist()
    across = mesh.xy_m[one] - mesh.xy_m[other]
    if way[0] * across[1] - way[1] * across[0] > 0.0:
        return int(label[one]), int(label[other])
    return int(label[other]), int(label[one])


def _rough_place(mesh: Mesh, node: int) -> NDArray[np.float64]:
    corners = mesh.edges[node] if node < len(mesh.edges) else mesh.triangles[node - len(mesh.edges)]
    return np.asarray(mesh.xy_m[corners].mean(axis=0), np.float64)


def _node_places(mesh: Mesh, random: np.random.Generator) -> NDArray[np.float64]:
    """Places of all nodes: on edges near the middle, in triangles at the middle of those three."""
    share = 0.5 + random.uniform(-0.14, 0.14, len(mesh.edges))[:, None]
    on_edges = mesh.xy_m[mesh.edges[:, 0]] * share + mesh.xy_m[mesh.edges[:, 1]] * (1.0 - share)
    in_triangles = on_edges[mesh.triangle_edges].mean(axis=1)
    return np.concatenate([on_edges, in_triangles])


def _kept_vertices(steps: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which vertices of a line stay: all but most of the last halving's, so that spacing is uneven as if drawn by hand."""
    keep = np.ones(steps * 2**_HALVINGS + 1, np.bool_)
    keep[1::2] = random.random(steps * 2 ** (_HALVINGS - 1)) < _FINEST_KEPT
    return keep


def _crooked(straight: list[Line], wobble: list[Line], roughness: NDArray[np.float64]) -> list[Line]:
    """Midpoint displacement of every step of every line, then degrees rounded to 1e-7."""
    steps = np.array([len(line) - 1 for line in straight])
    begin = np.concatenate([line[:-1] for line in straight])
    finish = np.concatenate([line[1:] for line in straight])
    shift = np.concatenate(wobble) * np.repeat(roughness, steps)[:, None]
    points = np.stack([begin, finish], axis=1)
    used = 0
    for _ in range(_HALVINGS):
        way = points[:, 1:] - points[:, :-1]
        across = np.stack([-way[..., 1], way[..., 0]], axis=-1)
        middle = (points[:, 1:] + points[:, :-1]) / 2.0 + across * shift[:, used : used + way.shape[1], None]
        used += way.shape[1]
        finer = np.empty((len(points), points.shape[1] + middle.shape[1], 2))
        finer[:, ::2], finer[:, 1::2] = points, middle
        points = finer
    lon, lat = PLANE.to_lonlat(points[..., 0].ravel(), points[..., 1].ravel())
    degrees = np.round(np.column_stack([lon, lat]), _DEGREE_DIGITS).reshape(points.shape)
    found = []
    for first, count in zip((np.cumsum(steps) - steps).tolist(), steps.tolist(), strict=True):
        piece = degrees[first : first + count]
        found.append(np.concatenate([piece[:, :-1].reshape(-1, 2), piece[-1, -1:]]))
    return found


def _crossing(lines: list[Line]) -> NDArray[np.int64]:
    """Lines that cross or touch themselves, or others elsewhere than at common ends."""
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    closed = shapely.is_closed(shapes)
    bad = set(np.flatnonzero(~shapely.is_simple(shapes)).tolist())
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    pairs = np.column_stack([first, second])[first < second]
    meeting = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    ends = np.where(closed, 0, 1)
    for (one, other), common in zip(pairs.tolist(), meeting, strict=True):
        places = {tuple(pair) for pair in shapely.get_coordinates(common).tolist()}
        allowed = {tuple(lines[k][j]) for k in (one, other) if ends[k] for j in (0, -1)}
        if shapely.get_dimensions(common) > 0 or not places <= allowed:
            bad.update((one, other))
    return np.array(sorted(bad), np.int64)
