"""How a set of sites is parted into connected regions of wanted sizes: growth from seeds, again and again.

Every region grows from its seed along the cheapest edges; regions that came out too large grow slower in the next
round. A site is always reached through its own region, so regions are connected.
"""

import heapq
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.sample.mesh import Mesh

_ROUNDS: Final = 14
_DAMPING: Final = 0.45


class Ground:
    """The land of a mesh as a graph with a random cost of crossing each edge (metres times 0.6 to 1.4)."""

    def __init__(self, mesh: Mesh, random: np.random.Generator) -> None:
        self.xy_m = mesh.xy_m
        self.neighbours = mesh.neighbours()
        pairs = mesh.edges
        length = np.hypot(*(mesh.xy_m[pairs[:, 0]] - mesh.xy_m[pairs[:, 1]]).T)
        self.cost = (length * (0.6 + 0.8 * random.random(len(length)))).tolist()

    def parts(self, members: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """The connected parts of some sites, largest first."""
        waiting = set(members.tolist())
        found = []
        for start in members.tolist():
            if start not in waiting:
                continue
            waiting.remove(start)
            part, stack = [start], [start]
            while stack:
                for other, _ in self.neighbours[stack.pop()]:
                    if other in waiting:
                        waiting.remove(other)
                        part.append(other)
                        stack.append(other)
            found.append(np.array(sorted(part), np.int64))
        return sorted(found, key=lambda part: (-len(part), int(part[0])))

    def grow(
        self, members: NDArray[np.int64], seeds: Sequence[int], slowness: NDArray[np.float64], limit: int | None = None
    ) -> NDArray[np.int64]:
        """The region of every site in `members` (-1 where none came), from one seed each; `limit` stops after so many sites."""
        label = dict.fromkeys(members.tolist(), -1)
        slow = slowness.tolist()
        queue = [(0.0, seed, region) for region, seed in enumerate(seeds)]
        heapq.heapify(queue)
        left = len(members) if limit is None else limit
        while queue and left:
            reached, site, region = heapq.heappop(queue)
            if label[site] != -1:
                continue
            label[site] = region
            left -= 1
            for other, edge in self.neighbours[site]:
                if label.get(other, 0) == -1:
                    heapq.heappush(queue, (reached + self.cost[edge] * slow[region], other, region))
        return np.fromiter((label[site] for site in members.tolist()), np.int64, len(members))

    def nearest(self, members: NDArray[np.int64], xy_m: NDArray[np.float64]) -> int:
        """The member nearest to a place."""
        return int(members[np.argmin(((self.xy_m[members] - xy_m) ** 2).sum(axis=1))])

    def divide(
        self,
        members: NDArray[np.int64],
        shares: NDArray[np.float64],
        random: np.random.Generator,
        *,
        seeds_at_m: NDArray[np.float64] | None = None,
    ) -> NDArray[np.int64]:
        """Part connected `members` (n,) into len(shares) regions with about those shares of the sites; labels (n,).

        Seeds move to the middle of their regions unless `seeds_at_m` (k, 2) fixes them. Raises `ValueError` when there
        are fewer sites than regions.
        """
        if len(members) < len(shares):
            raise ValueError(f"{len(members)} sites cannot be parted into {len(shares)} regions")
        wanted = shares / shares.sum() * len(members)
        seeds = (
            self._spread(members, len(shares), random) if seeds_at_m is None else self._distinct(members, seeds_at_m)
        )
        slowness = np.sqrt(wanted.mean() / wanted)
        best, best_error = np.zeros(len(members), np.int64), np.inf
        for _ in range(_ROUNDS if len(shares) > 1 else 1):
            label = self.grow(members, seeds, slowness)
            sizes = np.bincount(label[label >= 0], minlength=len(shares))
            error = float(np.abs(np.log(np.maximum(sizes, 0.5) / wanted)).max())
            if error < best_error:
                best, best_error = label, error
            slowness = slowness * np.clip((sizes + 0.5) / (wanted + 0.5), 0.4, 2.5) ** _DAMPING
            if seeds_at_m is None:
                seeds = [
                    self.nearest(members[label == k], self.xy_m[members[label == k]].mean(axis=0))
                    for k in range(len(shares))
                ]
        return best

    def _spread(self, members: NDArray[np.int64], count: int, random: np.random.Generator) -> list[int]:
        """Seeds far from each other: each next one is the farthest of a few drawn at random."""
        seeds = [int(members[random.integers(len(members))])]
        near = ((self.xy_m[members] - self.xy_m[seeds[0]]) ** 2).sum(axis=1)
        while len(seeds) < count:
            drawn = random.choice(len(members), min(len(members), 12 + len(members) // count), replace=False)
            free = drawn[near[drawn] > 0.0]
            pool = free if len(free) else np.flatnonzero(near > 0.0)
            pick = int(pool[np.argmax(near[pool])])
            seeds.append(int(members[pick]))
            near = np.minimum(near, ((self.xy_m[members] - self.xy_m[seeds[-1]]) ** 2).sum(axis=1))
        return seeds

    def _distinct(self, members: NDArray[np.int64], places_m: NDArray[np.float64]) -> list[int]:
        seeds: list[int] = []
        for place in places_m:
            seeds.append(self.nearest(np.setdiff1d(members, seeds), place))
        return seeds
