"""The sample district: Jiaojiang's size and outline, everything else made up, always the same from a seed."""

from gisgrid.sample.district import SAMPLE_NOW, SampleDistrict, UnitTable, build_district
from gisgrid.sample.incidents import CATEGORIES, QUICK_TOTAL, build_incidents
from gisgrid.sample.reports import build_reports
from gisgrid.sample.tracks import SampleTracks, build_tracks
from gisgrid.sample.writing import write_sample

__all__ = [
    "CATEGORIES",
    "QUICK_TOTAL",
    "SAMPLE_NOW",
    "SampleDistrict",
    "SampleTracks",
    "UnitTable",
    "build_district",
    "build_incidents",
    "build_reports",
    "build_tracks",
    "write_sample",
]
