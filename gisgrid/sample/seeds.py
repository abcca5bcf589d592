"""Random numbers of the sample: one stream for each part, so that a change in one part leaves the others as they were."""

import zlib

import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """The random stream of one named part under a seed; the same numbers on every machine."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(part.encode())]))
