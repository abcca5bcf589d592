"""What a planner does while dragging: one shared border moves, both its grids follow."""

import numpy as np
import shapely

from gisgrid.grid import GridNetwork

_BY_DEGREES = 1e-5


def move_one_border(network: GridNetwork, seed: int) -> GridNetwork:
    """The network after the border between two neighbours, without its ends, has moved by a metre."""
    rng = np.random.default_rng(seed)
    while True:
        one = int(rng.integers(len(network)))
        near = [k for k in network.index.within(network.geometry[one]).tolist() if k != one]
        corners = {k: set(map(tuple, shapely.get_coordinates(network.geometry[k]).tolist())) for k in (one, *near)}
        for other in near:
            elsewhere = set().union(*(corners[k] for k in near if k != other))
            border = (corners[one] & corners[other]) - elsewhere
            if len(border) > 5:
                return _moved(network, (one, other), border)


def _moved(network: GridNetwork, grids: tuple[int, int], border: set[tuple[float, ...]]) -> GridNetwork:
    def move(points: np.ndarray) -> np.ndarray:
        step = np.array([tuple(point) in border for point in points.tolist()])[:, None]
        return points + step * _BY_DEGREES

    geometry = network.geometry.copy()
    for grid in grids:
        geometry[grid] = shapely.transform(geometry[grid], move)
    return GridNetwork.from_arrays(network.codes, geometry, plane=network.plane)
