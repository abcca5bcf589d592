"""What stands over a map: its title, the mark of the sample district, and the legend."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import folium

Symbol = Literal["area", "line", "dashed", "dot"]


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend: a colour, what it means, and how it is drawn."""

    colour: str
    label: str
    symbol: Symbol = "area"


def banner_html(title: str, subtitle: str, *, is_sample: bool) -> str:
    """The title of a map, the lines of its subtitle and, on the sample district, its unmistakable mark."""
    mark = (
        '<div class="gg-sample">样例区 · 非真实数据<span>Sample district · not real</span></div>' if is_sample else ""
    )
    below = "".join(f'<div class="gg-subtitle">{escape(line)}</div>' for line in subtitle.splitlines())
    return f'<div class="gg-banner"><div class="gg-title">{escape(title)}</div>{below}</div>{mark}'


def add_legend(page: folium.Map, title: str, entries: Sequence[LegendEntry], note: str = "") -> None:
    """Put a legend into the lower right corner of a map; `note` stands below it in small type."""
    rows = "".join(
        f'<li><i class="gg-{entry.symbol}" style="--c:{escape(entry.colour)}"></i>{escape(entry.label)}</li>'
        for entry in entries
    )
    below = f"<p>{escape(note)}</p>" if note else ""
    html = f'<details class="gg-legend" open><summary>{escape(title)}</summary><ul>{rows}</ul>{below}</details>'
    page.get_root().html.add_child(  # type: ignore[attr-defined]  # the figure of new_map
        folium.Element(html)
    )


STYLE = """
html,body{width:100%;height:100%;margin:0;padding:0}
body{font:14px/1.45 "Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei","PingFang SC",system-ui,sans-serif;color:#1d2733}
.folium-map{position:absolute!important;inset:0;width:100%!important;height:100%!important}
.leaflet-container{background:#eef2f5;font:inherit}
.leaflet-popup-content{margin:10px 14px;line-height:1.45}
.leaflet-tooltip{font:inherit;font-size:13px}
.gg-banner{position:fixed;z-index:900;top:12px;left:56px;max-width:min(620px,calc(100vw - 240px));background:#fffffff2;
 border-radius:8px;box-shadow:0 1px 5px #0003;padding:8px 14px}
.gg-title{font-weight:650;font-size:16px}
.gg-subtitle{font-size:13px;color:#4a5867;margin-top:2px}
.gg-sample{position:fixed;z-index:900;top:12px;right:12px;background:#ffd23f;color:#3b2b00;font-weight:650;
 padding:7px 12px;border-radius:8px;box-shadow:0 1px 5px #0003;text-align:right}
.gg-sample span{display:block;font-weight:450;font-size:12px}
.gg-legend{position:fixed;z-index:900;right:12px;bottom:24px;background:#fffffff2;border-radius:8px;
 box-shadow:0 1px 5px #0003;padding:8px 14px;font-size:13px;max-width:min(330px,calc(100vw - 48px));max-height:60vh;overflow:auto}
.gg-legend summary{font-weight:650;cursor:pointer}
.gg-legend ul{list-style:none;margin:6px 0 2px;padding:0}
.gg-legend li{display:flex;align-items:center;gap:8px;margin:3px 0}
.gg-legend p{margin:6px 0 0;font-size:12px;color:#4a5867}
.gg-legend i{flex:none;width:20px;height:12px;border-radius:2px}
.gg-area{background:var(--c);border:1px solid #0002;box-sizing:border-box}
.gg-line{height:4px!important;background:var(--c)}
.gg-dashed{height:0!important;border-top:3px dashed var(--c);border-radius:0!important}
.gg-dot{width:12px!important;margin:0 4px;border-radius:50%!important;background:var(--c)}
@media (max-width:600px){.gg-banner{left:52px;right:10px;top:10px;max-width:none}.gg-sample{top:auto;bottom:64px;left:10px;right:auto;text-align:left}
 .gg-legend{font-size:12px;max-height:34vh;max-width:56vw}.gg-title{font-size:15px}}
"""
