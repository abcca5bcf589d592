"""Maps as pages: no other origin, the sample mark, both ways of being read."""

import re

import folium
import pytest
from branca.element import CssLink, JavascriptLink

from gisgrid.errors import AssetsMissing
from gisgrid.mapping import LegendEntry, add_legend, count_colour, new_map, nice_breaks, served_html, write_map
from gisgrid.mapping.assets import VENDOR, local_asset

BOUNDS = (121.3, 28.5, 121.6, 28.8)
OUTSIDE = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


def page(**options):
    return new_map(BOUNDS, title="A <map>", subtitle="one\ntwo", **options)


def test_local_asset__every_link_of_the_layers_in_use_is_decided():
    urls = [url for kind in (folium.Map, folium.GeoJson, folium.Marker, folium.CircleMarker, folium.PolyLine, folium.DivIcon, folium.LayerControl)
            for _, url in (*getattr(kind, "default_js", []), *getattr(kind, "default_css", []))]  # fmt: skip
    assert len(urls) > 5
    for url in urls:
        place = local_asset(url)
        assert place is None or (VENDOR / place).is_file(), url


def test_write_map__asks_no_other_origin_and_lies_beside_its_assets(tmp_path):
    drawn = page(is_sample=True)
    folium.GeoJson({"type": "Point", "coordinates": [121.4, 28.6]}, marker=folium.CircleMarker()).add_to(drawn)
    folium.CircleMarker((28.6, 121.4), popup="<b>here</b>").add_to(drawn)
    add_legend(drawn, "Legend", [LegendEntry("#0072b2", "certain", "line")])
    write_map(drawn, tmp_path / "maps" / "a.html")
    html = (tmp_path / "maps" / "a.html").read_text(encoding="utf-8")
    assert not OUTSIDE.search(html)
    for place in re.findall(r'(?:src|href)="(map-assets/[^"]+)"', html):
        assert (tmp_path / "maps" / place).is_file()
    assert "样例区" in html
    assert "A &lt;map&gt;" in html
    assert '<html lang="en">' in html


def test_write_map__can_be_written_twice(tmp_path):
    drawn = page()
    write_map(drawn, tmp_path / "a.html")
    write_map(drawn, tmp_path / "b.html")
    assert not OUTSIDE.search((tmp_path / "b.html").read_text(encoding="utf-8"))
    assert "样例区" not in (tmp_path / "b.html").read_text(encoding="utf-8")


def test_served_html__links_and_nonces():
    html = served_html(page(language="zh"), asset_base="/assets", nonce="abc")
    assert '<script nonce="abc" src="/assets/leaflet/leaflet.js">' in html
    assert 'lang="zh-CN"' in html
    assert "<script>" not in html


def test_render__an_unknown_outside_link_raises():
    drawn = page()
    drawn.get_root().header.add_child(JavascriptLink("https://example.org/new.js"), name="new")
    with pytest.raises(AssetsMissing, match=r"example\.org/new\.js"):
        served_html(drawn)
    drawn = page()
    drawn.get_root().header.add_child(CssLink("//example.org/new.css"), name="new")
    with pytest.raises(AssetsMissing):
        served_html(drawn)


def test_render__an_outside_image_in_the_body_raises():
    drawn = page()
    drawn.get_root().html.add_child(folium.Element('<img src="https://example.org/tile.png">'))
    with pytest.raises(AssetsMissing, match="would ask another origin"):
        served_html(drawn)


def test_write_map__a_map_made_elsewhere_is_refused(tmp_path):
    with pytest.raises(AssetsMissing, match="new_map"):
        write_map(folium.Map(tiles=None), tmp_path / "a.html")


def test_nice_breaks__rise_and_cover():
    breaks = nice_breaks([0, 1, 2, 3, 50, 400, 1234, 5678])
    assert breaks == sorted(set(breaks))
    assert breaks[0] == 1
    assert nice_breaks([0, 0]) == [1]
    assert count_colour(0, breaks) != count_colour(1, breaks) != count_colour(10_000, breaks)
