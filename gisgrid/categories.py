"""What incidents are about: five categories, their sub-categories, and when a local one begins and ends."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gisgrid.errors import BadOption

CATEGORIES: Final[dict[str, tuple[str, str]]] = {
    "public_security_hazards": ("Public security and safety hazards", "公共安全隐患"),
    "livelihood_services": ("Livelihood services", "民生服务"),
    "disputes": ("Disputes", "矛盾纠纷"),
    "central_tasks": ("Central tasks", "中心工作"),
    "other": ("Other", "其他"),
}
"""Categories with their labels in English and Chinese."""


@dataclass(frozen=True)
class SubCategory:
    """A sub-category with its labels in English and Chinese; for reports of local days [from_day, to_day), None: no limit."""

    category: str
    code: str
    labels: tuple[str, str]
    from_day: dt.date | None = None
    to_day: dt.date | None = None

    def is_open(self, day: dt.date) -> bool:
        """Whether a report of this local day may have it."""
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day < self.to_day)


_BUILT_IN: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "public_security_hazards": {
        "fire_hazard": ("Fire hazard", "消防隐患"),
        "workplace_safety": ("Workplace safety", "安全生产"),
        "rental_housing": ("Rental housing", "出租房管理"),
        "traffic_hazard": ("Traffic hazard", "交通隐患"),
        "theft": ("Theft and burglary", "盗窃"),
        "gambling_and_drugs": ("Gambling and drugs", "涉赌涉毒"),
        "fraud": ("Fraud", "诈骗"),
        "key_persons": ("People who need attention", "重点人员"),
        "dangerous_goods": ("Dangerous goods", "危险物品"),
        "food_safety": ("Food and drug safety", "食品药品安全"),
        "road_and_water_hazard": ("Hazard on road or water", "道路水域隐患"),
        "flood_and_typhoon": ("Flood and typhoon", "防汛防台"),
        "geological_hazard": ("Geological hazard", "地质灾害"),
        "school_surroundings": ("Surroundings of schools", "校园周边"),
        "fishing_boat_safety": ("Safety of fishing boats", "渔船安全"),
        "other_hazard": ("Other hazard", "其他隐患"),
    },
    "livelihood_services": {
        "water_and_power": ("Water, power and gas", "水电气"),
        "environment": ("Environment and sanitation", "环境卫生"),
        "public_facilities": ("Public facilities", "公共设施"),
        "help_for_residents": ("Help for residents", "帮扶救助"),
        "care_for_the_elderly": ("Care for the elderly", "养老服务"),
        "policy_questions": ("Questions about policy", "政策咨询"),
        "papers_and_licences": ("Papers and licences", "证照办理"),
        "stray_animals": ("Stray animals", "流浪动物"),
        "other_service": ("Other service", "其他服务"),
    },
    "disputes": {
        "petitions": ("Handling of petitions", "信访处理"),
        "instability": ("Report of instability", "不稳定因素"),
        "family": ("Marriage and family", "婚姻家庭"),
        "neighbours": ("Neighbours", "邻里"),
        "environmental": ("Environment", "环境保护"),
        "construction": ("Construction", "建设施工"),
        "property_management": ("Property management", "物业管理"),
        "restructuring": ("Restructuring of enterprises", "企业改制"),
        "judicial_activity": ("Judicial activity", "司法活动"),
        "conduct_of_cadres": ("Conduct of cadres", "干部作风"),
        "labour": ("Labour", "劳动争议"),
        "land_and_demolition": ("Land and demolition", "征地拆迁"),
        "veterans": ("Veterans", "退役军人"),
        "land_and_housing": ("Houses and homesteads", "房屋宅基地"),
        "rural_assets": ("Rural assets", "农村三资"),
        "burdens_on_farmers": ("Burdens on farmers", "农民负担"),
        "schools": ("Schools", "校园"),
        "ethnic_and_religious": ("Ethnic and religious", "民族宗教"),
        "economic_activity": ("Economic activity", "经济活动"),
        "forests_and_land": ("Forests and land", "山林土地"),
        "medical": ("Doctors and patients", "医患"),
        "village_affairs": ("Village and community affairs", "村居事务"),
        "administrative_enforcement": ("Administrative enforcement", "行政执法"),
        "maritime_and_fishery": ("Maritime and fishery", "海事渔业"),
        "accidents": ("Traffic and work accidents", "交通与生产事故"),
        "family_planning": ("Family planning", "计划生育"),
        "contracts": ("Contracts", "合同"),
        "consumers": ("Consumers", "消费"),
        "other_dispute": ("Other dispute", "其他纠纷"),
    },
    "central_tasks": {
        "five_water_treatment": ("Treatment of waters", "五水共治"),
        "illegal_construction": ("Illegal construction", "违章建筑"),
        "waste_sorting": ("Sorting of waste", "垃圾分类"),
    },
    "other": {"other": ("Other", "其他")},
}
"""The disputes are the vendor dictionary's; of the others no published list was found: these are ours."""


class SubCategories:
    """The sub-categories that there are: the built-in ones, changed and added to by a district's own."""

    def __init__(self, own: Iterable[SubCategory] = ()) -> None:
        self._known = {
            (category, code): SubCategory(category, code, labels)
            for category, subs in _BUILT_IN.items()
            for code, labels in subs.items()
        }
        self._known.update({(one.category, one.code): one for one in own})

    def of(self, category: str) -> tuple[SubCategory, ...]:
        """Those of a category."""
        return tuple(one for one in self._known.values() if one.category == category)

    def labels(self, category: str, code: str) -> tuple[str, str]:
        """The labels of a sub-category in English and Chinese; one that is unknown (of another platform) is its own."""
        found = self._known.get((category, code))
        return found.labels if found else (code, code)

    def find_open(self, category: str, word: str, day: dt.date) -> str:
        """The code of a sub-category named by code or label, for a report of a local day; nothing for no word.

        Raises `BadOption` for an unknown category or sub-category, and for one that has ended or not yet begun.
        """
        if category not in CATEGORIES:
            raise BadOption(
                f"there is no category {category!r}; expected one of {', '.join(CATEGORIES)}",
                zh=f"没有事件类别 {category!r}；应为以下之一：{'、'.join(CATEGORIES)}",
            )
        if not word:
            return ""
        meant = [one for one in self.of(category) if word in (one.code, *one.labels)]
        # A campaign may come back under the same name: the one of the day is meant.
        found = next((one for one in meant if one.is_open(day)), meant[-1] if meant else None)
        open_now = ", ".join(one.code for one in self.of(category) if one.is_open(day))
        if found is None:
            raise BadOption(
                f"{category} has no sub-category {word!r}; expected one of {open_now}, or nothing",
                zh=f"类别 {category} 没有子类 {word!r}；应为以下之一：{open_now}，或留空",
            )
        if not found.is_open(day):
            span = f"ended on {found.to_day}" if found.to_day and found.to_day <= day else f"begins on {found.from_day}"
            raise BadOption(
                f"sub-category {found.code} {span}; expected one of {open_now}, or nothing",
                zh=f"子类 {found.code} {f'已于 {found.to_day} 结束' if found.to_day and found.to_day <= day else f'自 {found.from_day} 起启用'}；应为以下之一：{open_now}，或留空",
            )
        return found.code


def sub_category_names(known: SubCategories, language: int) -> dict[str, str]:
    """What sub-categories are called by code, in English (0) or Chinese (1)."""
    return {one.code: one.labels[language] for category in CATEGORIES for one in known.of(category)}
