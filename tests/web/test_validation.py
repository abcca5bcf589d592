"""What the shapes of requests refuse, told in both languages and never in the words of the library."""

import datetime as dt
import re
from typing import Annotated, Any, Literal, get_args

import pydantic_core
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from web.asked import Code, Day, Instant
from web.validation import EXPECTED, first_told, told_of

CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=2, max_length=5)] = "abc"
    code: Code = ""
    word: Literal["phone", "map"] = "map"
    number: Annotated[float, Field(gt=0, le=10)] = 1.0
    whole: Annotated[int, Field(ge=1, lt=100)] = 1
    yes: bool = True
    day: Day = dt.date(2018, 5, 7)
    at: Instant = dt.datetime(2018, 5, 7, tzinfo=dt.UTC)
    many: Annotated[list[str], Field(max_length=2)] = []
    password: Annotated[str, Field(max_length=3)] = ""


def refusals(**asked: Any) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        Asked(**asked)
    return [{**one, "loc": ("body", *one["loc"])} for one in caught.value.errors()]


@pytest.mark.parametrize(
    ("asked", "english", "chinese"),
    [
        ({"text": 7}, "text (in the body) is 7; expected text", "text（请求体）为 7，应为文本"),
        ({"text": "a"}, "is 'a'; expected at least 2 characters", "为 'a'，至少应有 2 个字符"),
        ({"text": "abcdef"}, "expected at most 5 characters", "最多 5 个字符"),
        ({"code": "\0"}, "code (in the body) holds a NUL, which no database can keep", "编号（code）含有 NUL 字符"),
        ({"word": "fax"}, "is 'fax'; expected one of 'phone' or 'map'", "应为以下之一：'phone'、'map'"),
        ({"number": "x"}, "is 'x'; expected a number", "应为数字"),
        ({"number": 0}, "is 0; expected more than 0", "应大于 0"),
        ({"number": 11}, "expected at most 10", "应不大于 10"),
        ({"whole": 1.5}, "is 1.5; expected a whole number", "应为整数"),
        ({"yes": "perhaps"}, "expected true or false", "应为 true 或 false"),
        ({"yes": None}, "is null; expected true or false", "为 null，应为 true 或 false"),
        ({"day": "2018-05-07T08:00:00+08:00"}, "expected a day as YYYY-MM-DD, without a time of day", "不带时刻"),
        ({"day": "2018-05-07T00:00:00Z"}, "is '2018-05-07T00:00:00Z'; expected a day as YYYY-MM-DD", "应为日期"),
        ({"day": 1525651200}, "is 1525651200; expected a day as YYYY-MM-DD", "应为日期"),
        ({"day": "2018-02-30"}, "is '2018-02-30'; expected a day as YYYY-MM-DD", "应为日期"),
        ({"day": "1066-10-14"}, "expected at least 1990-01-01", "应不小于 1990-01-01"),
        ({"at": "2018-05-07T08:00:00"}, "expected an instant with an offset", "应为带时区的时间"),
        ({"at": "yesterday"}, "expected an instant with an offset", "应为带时区的时间"),
        ({"many": ["a", "b", "c"]}, "many (in the body): expected at most 2 entries", "最多 2 项"),
        ({"other": 1}, "other (in the body) is not known here; leave it out", "此处没有这一项"),
    ],
)
def test_told_of__says_field_what_was_sent_and_what_was_expected(asked, english, chinese):
    (refusal,) = refusals(**asked)
    told = told_of(refusal)
    assert english in told
    assert chinese in told.zh


def test_told_of__never_repeats_a_password():
    told = told_of(refusals(password="correct horse")[0])
    assert "horse" not in told + told.zh


def test_first_told__says_how_many_more_there_are():
    told = first_told(refusals(text=7, yes="perhaps", number="x"))
    assert told.startswith("text (in the body) is 7;")
    assert told.endswith("(and 2 more fields to mend)")
    assert told.zh.endswith("（另有 2 处需要改正）")


def test_told_of__a_kind_without_words_of_its_own_is_plain_too():
    told = told_of({"loc": ("query", "x"), "type": "something_new", "msg": "Input should be raw", "input": "1"})
    assert told == "x (parameter) is '1'; this cannot be used; the description of the API says what is expected"
    assert CHINESE.search(told.zh)


def test_expected__knows_kinds_that_there_are_in_both_languages():
    kinds = set(get_args(pydantic_core.core_schema.ErrorType))
    assert set(EXPECTED) <= kinds
    assert all(CHINESE.search(zh) and not CHINESE.search(en) for en, zh in EXPECTED.values())


@pytest.mark.parametrize(
    ("where", "english", "chinese"),
    [
        (("query", "state", 0), "state (parameter) is 'x'; expected a list", "状态（state）为 'x'，应为列表"),
        (
            ("body", "scopes", 1),
            "scopes[2] (in the body) is 'x'; expected a list",
            "权限项（scopes[2]）为 'x'，应为列表",
        ),
        (("body", "columns", "time"), "columns.time (in the body) is 'x'", "列对照（columns.time）为 'x'"),
        (("path", "moon"), "moon (part of the address) is 'x'", "moon（地址）为 'x'"),
        (("body",), "the body is 'x'; expected a list", "请求体为 'x'，应为列表"),
    ],
)
def test_told_of__where_it_stands(where, english, chinese):
    told = told_of({"loc": where, "type": "list_type", "input": "x"})
    assert told.startswith(english)
    assert told.zh.startswith(chinese)


def test_told_of__a_kind_that_there_is_not():
    refusal = {"loc": ("body",), "type": "union_tag_invalid", "input": {"kind": "x"}}
    context = {"discriminator": "'kind'", "tag": "x", "expected_tags": "'verify', 'reassign'"}
    told = told_of(refusal | {"ctx": context})
    assert told == "the body: 'kind' is x; expected one of 'verify', 'reassign'"
    assert told.zh == "请求体：'kind' 为 x，应为以下之一：'verify'、'reassign'"


@pytest.mark.parametrize("said", ["'}' is no day", "'{0}' is no day", "'{x' is no day", "{expected} is no day"])
def test_told_of__what_was_sent_may_hold_braces(said):
    refusal = {"loc": ("query", "day"), "type": "value_error", "input": "x", "ctx": {"error": ValueError(said)}}
    assert told_of(refusal).endswith(said)
