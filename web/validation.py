"""What the shapes of requests refuse, in plain words of both languages: which field, what was sent, what was expected."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gisgrid.told import Told

_PLACES: Final[dict[str, tuple[str, str]]] = {
    "body": ("in the body", "请求体"),
    "query": ("parameter", "查询参数"),
    "path": ("part of the address", "地址"),
    "header": ("header", "请求头"),
    "cookie": ("cookie", "Cookie"),
}
FIELDS_ZH: Final[dict[str, str]] = {
    "category": "事件类别", "sub_category": "事件子类", "description": "描述", "lon": "经度", "lat": "纬度",
    "accuracy_m": "精度(米)", "source": "定位方式", "stated": "所报网格", "grade": "事件等级", "reported_at": "上报时间",
    "reporter": "上报人", "is_urgent": "是否紧急", "is_handled": "是否当场办结", "source_system": "来源系统",
    "source_id": "来源编号", "move": "流转动作", "office": "单位", "reason": "理由", "to": "去向", "assistants": "协办部门",
    "until": "截止时间", "is_satisfied": "是否满意", "is_same": "是否重复", "version": "版本号", "number": "编号",
    "of_number": "重复事件编号", "state": "状态", "unit": "单位编号", "level": "办理层级", "card": "督办牌", "how": "归属方式",
    "limit": "每页条数", "cursor": "翻页标记", "name": "名称", "password": "密码", "new_password": "新密码", "role": "角色",
    "person": "人员编号", "scopes": "权限项", "label": "备注名", "ends_at": "到期时间", "hours": "小时数", "app": "手机应用",
    "datum": "坐标系", "file": "文件", "photo": "照片", "columns": "列对照", "kind": "类型", "first_day": "首日",
    "last_day": "末日", "day": "日期", "from": "开始日期", "from_day": "开始日期", "to_day": "结束日期", "edition": "版本",
    "language": "语言", "ending": "文件格式", "code": "编号", "q": "查询词", "by": "分组方式", "as_of": "截至日期",
}  # fmt: skip
"""What the fields of requests are called in Chinese; the name that programs use stands beside it."""

_WHOLE: Final = ("the body", "请求体")
_INSTANT: Final = (
    "expected an instant with an offset, such as 2018-05-07T09:30:00+08:00",
    "应为带时区的时间，例如 2018-05-07T09:30:00+08:00",
)
DAY_EXPECTED: Final = ("expected a day as YYYY-MM-DD, without a time of day", "应为日期，格式 YYYY-MM-DD，不带时刻")
_NUMBER: Final = ("expected a number", "应为数字")
_WHOLE_NUMBER: Final = ("expected a whole number", "应为整数")
_YES_OR_NO: Final = ("expected true or false", "应为 true 或 false")
_TEXT: Final = ("expected text", "应为文本")
_OBJECT: Final = ("expected a JSON object", "应为 JSON 对象")

EXPECTED: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is missing; it is needed", "缺少，必须提供"),
    "extra_forbidden": ("is not known here; leave it out", "此处没有这一项，请去掉"),
    "string_type": _TEXT,
    "string_unicode": ("expected text in UTF-8", "应为 UTF-8 文本"),
    "string_too_short": ("expected at least {min_length} characters", "至少应有 {min_length} 个字符"),
    "string_too_long": ("expected at most {max_length} characters", "最多 {max_length} 个字符"),
    "string_pattern_mismatch": ("expected text of the form {pattern}", "格式应符合 {pattern}"),
    "enum": ("expected one of {expected}", "应为以下之一：{expected}"),
    "literal_error": ("expected one of {expected}", "应为以下之一：{expected}"),
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing_size": ("is a number that is too large", "数字过大"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": ("expected a finite number", "应为有限的数字"),
    "greater_than": ("expected more than {gt}", "应大于 {gt}"),
    "greater_than_equal": ("expected at least {ge}", "应不小于 {ge}"),
    "less_than": ("expected less than {lt}", "应小于 {lt}"),
    "less_than_equal": ("expected at most {le}", "应不大于 {le}"),
    "multiple_of": ("expected a multiple of {multiple_of}", "应为 {multiple_of} 的倍数"),
    "too_short": ("expected at least {min_length} entries", "至少应有 {min_length} 项"),
    "too_long": ("expected at most {max_length} entries", "最多 {max_length} 项"),
    "list_type": ("expected a list", "应为列表"),
    "tuple_type": ("expected a list", "应为列表"),
    "set_type": ("expected a list", "应为列表"),
    "frozen_set_type": ("expected a list", "应为列表"),
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "union_tag_not_found": ("lacks {discriminator}, which says what it is", "缺少 {discriminator}，无法判断类型"),
    "union_tag_invalid": (
        "{discriminator} is {tag}; expected one of {expected_tags}",
        "{discriminator} 为 {tag}，应为以下之一：{expected_tags}",
    ),
    "date_type": DAY_EXPECTED,
    "date_parsing": DAY_EXPECTED,
    "date_from_datetime_parsing": DAY_EXPECTED,
    "date_from_datetime_inexact": DAY_EXPECTED,
    "date_past": ("expected a day in the past", "应为过去的日期"),
    "date_future": ("expected a day in the future", "应为将来的日期"),
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
    "timezone_naive": _INSTANT,
    "timezone_offset": _INSTANT,
    "none_required": ("expected nothing (null)", "应为空（null）"),
    "bytes_type": _TEXT,
    "url_parsing": ("expected an address such as https://grid.example.gov", "应为网址，例如 https://grid.example.gov"),
    "url_type": ("expected an address such as https://grid.example.gov", "应为网址，例如 https://grid.example.gov"),
    "json_invalid": ("is not JSON", "不是有效的 JSON"),
    "json_type": ("is not JSON", "不是有效的 JSON"),
}
"""What was expected, in English and Chinese, by the kind of refusal."""

_OTHER: Final = ("this cannot be used; the description of the API says what is expected", "无法使用，要求见接口说明")
_MOST_SHOWN: Final = 60
_SILENT: Final = frozenset({"missing", "extra_forbidden"})
_SECRET: Final = frozenset({"password", "new_password", "old_password", "token", "secret", "csrf"})


def told_of(refusal: Mapping[str, Any]) -> Told:
    """One sentence on a refusal, as pydantic tells it; what was sent is repeated where it is short and no secret."""
    where, kind, context = tuple(refusal["loc"]), str(refusal["type"]), refusal.get("ctx", {})
    if kind == "value_error":
        own = context.get("error")
        # What our own shapes say is a sentence already, and may repeat what was sent, braces and all.
        said = own.args[0] if isinstance(own, ValueError) and own.args else None
        expected = (str(said), said.zh if isinstance(said, Told) else str(said)) if said else _OTHER
        filled = expected
    else:
        expected = EXPECTED.get(kind, _OTHER)
        filled = (_filled(expected[0], context, 0), _filled(expected[1], context, 1))
    sent = "" if kind in _SILENT or kind == "value_error" else _shown(where, refusal.get("input"))
    told = [f"{_where(where, language)}{_is(sent, language, expected)}{filled[language]}" for language in (0, 1)]
    return Told(*told)


def first_told(refusals: Sequence[Mapping[str, Any]]) -> Told:
    """The first refusal, and how many more there are."""
    first, more = told_of(refusals[0]), len(refusals) - 1
    if not more:
        return first
    others = f"{more} more field" + ("s" if more > 1 else "")
    return Told(f"{first} (and {others} to mend)", f"{first.zh}（另有 {more} 处需要改正）")


def _where(where: tuple[Any, ...], language: int) -> str:
    """What a field is called: `lon (in the body)`."""
    place, *rest = where or ("body",)
    if not rest:
        return _WHOLE[language] if place == "body" else str(place)
    # A parameter that may be given several times is one parameter; of a list in a body the place is told, from 1 on.
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in rest]
    name = "".join(part for part in parts if place == "body" or part[0] == ".").removeprefix(".")
    told = _PLACES.get(str(place), (str(place), str(place)))[language]
    if language and (label := FIELDS_ZH.get(str(rest[0]))):
        return f"{label}（{name}）"
    return f"{name} ({told})" if language == 0 else f"{name}（{told}）"


def _is(sent: str, language: int, expected: tuple[str, str]) -> str:
    """What joins the field and what was expected of it."""
    if sent:
        return f"为 {sent}，" if language else f" is {sent}; "
    if expected[0].startswith(("expected", "{")):
        return "：" if language else ": "
    return "" if language else " "


def _shown(where: tuple[Any, ...], sent: Any) -> str:
    if isinstance(sent, dict | list | bytes) or any(part in _SECRET for part in where):
        return ""
    if isinstance(sent, dt.date):
        sent = sent.isoformat()
    told = "null" if sent is None else str(sent).lower() if isinstance(sent, bool) else repr(sent)
    return told if len(told) <= _MOST_SHOWN else ""


def _filled(text: str, context: Mapping[str, Any], language: int) -> str:
    known = {name: str(value) for name, value in context.items()}
    for name in ("expected", "expected_tags"):
        # "'phone', 'map' or 'address'" reads wrong in the middle of a Chinese sentence.
        if name in known and language:
            known[name] = known[name].replace(" or ", "、").replace(", ", "、")
    return text.format_map(_Known(known))


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"
