"""gisgrid: grids, points and duties; the ground that boundaries, tracks and web stand on."""

__version__ = "0.1.0"
