"""Boundaries: read, check, repair, redraw, weigh and publish networks of grids."""
