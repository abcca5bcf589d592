"""Measurements against peers that do the same work in the same run and must give the same answer."""
