"""The metric plane: scale, inverse, straight edges, places beyond it."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.plane import MetricPlane

PLANE = MetricPlane(121.4, 28.6)


def test_for_bounds__centre_is_rounded_to_a_hundredth():
    assert MetricPlane.for_bounds((121.335, 28.42, 121.92, 28.78)) == MetricPlane(121.63, 28.6)


@given(st.floats(121.0, 122.0), st.floats(28.2, 29.0))
def test_to_xy__returns_and_measures_like_the_ellipsoid(lon, lat):
    x, y = PLANE.to_xy(np.array([lon]), np.array([lat]))
    back = PLANE.to_lonlat(x, y)
    assert np.abs(np.array(back).ravel() - (lon, lat)).max() < 1e-12
    step = PLANE.to_xy(np.array([lon + 1e-4]), np.array([lat]))
    true_m = pyproj.Geod(ellps="GRS80").inv(lon, lat, lon + 1e-4, lat)[2]
    assert np.hypot(step[0] - x, step[1] - y)[0] == pytest.approx(true_m, rel=5e-5)


def test_to_xy__far_places_are_far_and_never_nan():
    x, y = PLANE.to_xy(np.array([0.0, -58.6, 121.4, np.nan, np.inf]), np.array([0.0, -28.6, 90.0, 28.6, 28.6]))
    assert np.isfinite(x[:3]).all()
    assert (np.hypot(x[:3], y[:3]) > 1_000_000).all()
    assert np.isnan(x[3:]).all()


def test_project__long_edges_stay_where_they_are_straight_in_degrees():
    edge = shapely.LineString([(121.35, 28.55), (121.45, 28.65)])
    projected = PLANE.project(np.array([edge], dtype=object))[0]
    share = np.linspace(0, 1, 997)
    on_edge = np.array([121.35, 28.55]) + share[:, None] * np.array([0.1, 0.1])
    x, y = PLANE.to_xy(on_edge[:, 0], on_edge[:, 1])
    assert shapely.distance(projected, shapely.points(x, y)).max() < 0.0015
