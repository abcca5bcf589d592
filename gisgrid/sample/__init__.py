"""The sample district: Jiaojiang's size and outline, everything else made up, always the same from a seed."""

from gisgrid.sample.district import SAMPLE_NOW, SampleDistrict, UnitTable, build_district

__all__ = ["SAMPLE_NOW", "SampleDistrict", "UnitTable", "build_district"]
