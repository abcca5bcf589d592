"""The words of the pages in both languages, one table."""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "gisgrid · sample district", "other_language": "中文", "other_lang": "zh",
        "sample": "Sample district · not real", "sample_more": "The outline, the names of streets and villages and the totals are Jiaojiang's; grids, people, tracks and incidents are made up.",
        "heading": "Three jobs on one district", "grids": "grids", "community": "community", "village": "village", "villages": "villages and communities",
        "residents": "residents", "migrants": "migrants", "area": "km² of land",
        "check": "Grids checked", "clean": "No gap, no overlap, no invalid ring", "defects": "defects",
        "verify": "Patrols verified", "fixes": "fixes", "days": "days", "full": "with reports", "weeks": "weeks",
        "pass": "pass", "fail": "fail", "undetermined": "undetermined", "not_due": "not due", "verdict": "verdict",
        "assign": "Incidents at their grids", "incidents": "incidents", "inside": "inside a grid", "snapped": "within 30 m of one", "unassigned": "farther away",
        "without_place": "without a place", "waiting": "wait for someone to place them",
        "maps": "Maps", "townships": "Townships", "township": "township", "total": "incidents", "passed": "days passed",
        "open_map": "Open the map", "none": "Nothing here yet", "none_more": "Run `gisgrid demo` with this data folder; then this page shows its result.",
        "standard": "5 days a week, 2 visits a day, 2 hours a day, 5 reports a day", "clock": "The sample's clock stands at", "maps_days": "Days worth a look", "maps_all": "The whole district",
    },
    "zh": {
        "title": "gisgrid · 样例区", "other_language": "English", "other_lang": "en",
        "sample": "样例区 · 非真实数据", "sample_more": "轮廓、街道与村社名称及总量取自椒江；网格、人口、轨迹与事件均为虚构。",
        "heading": "一个区的三件事", "grids": "个网格", "community": "社区网格", "village": "村网格", "villages": "个村社",
        "residents": "户籍人口", "migrants": "流动人口", "area": "平方公里",
        "check": "网格检查", "clean": "无空隙、无重叠、边界有效", "defects": "处缺陷",
        "verify": "巡查考核", "fixes": "个定位点", "days": "日", "full": "日（含上报）", "weeks": "周",
        "pass": "达标", "fail": "未达标", "undetermined": "待核", "not_due": "不考核", "verdict": "判定",
        "assign": "事件归属网格", "incidents": "件事件", "inside": "在网格内", "snapped": "距网格30米以内", "unassigned": "更远",
        "without_place": "无位置", "waiting": "等待人工归属",
        "maps": "地图", "townships": "镇街", "township": "镇街", "total": "事件", "passed": "达标日",
        "open_map": "打开地图", "none": "这里还没有内容", "none_more": "用此数据目录运行 gisgrid demo,本页即显示结果。",
        "standard": "每周5天、每天2次、每天2小时、每天上报5件", "clock": "样例时钟停在", "maps_days": "值得一看的日子", "maps_all": "全区",
    },
}  # fmt: skip
