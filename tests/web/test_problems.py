"""Problems in the language of the request: one body, both languages, over HTTP."""

import pytest

from tests.web.matrix import World


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("problems"))
    yield world
    world.close()


ASKED = [
    # method, path, what is sent, status, code, English, Chinese
    ("GET", "/nothing", {}, 404, "not_there", "nothing at this address", "没有内容"),
    ("PUT", "/health", {}, 405, "method", "does not take that method", "不支持该请求方法"),
    ("GET", "/api/v1/incidents/999", {}, 404, "unknown_incident", "no incident 999", "没有编号为 999 的事件"),
    ("GET", "/api/v1/incidents?stat=x", {}, 422, "bad_option", "no parameter 'stat'", "没有参数 'stat'"),
    ("GET", "/api/v1/incidents?limit=x", {}, 422, "invalid_request", "expected a whole number", "应为整数"),
    ("GET", "/api/v1/audit", {}, 403, "not_allowed", "may not read audit", "无权查看审计记录"),
    ("POST", "/api/v1/incidents", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "unreadable", "is not JSON", "不是有效的 JSON"),
    (
        "POST", "/api/v1/incidents/1/photos", {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=q"}},
        400, "unreadable", "its Content-Type", "Content-Type 不符",
    ),
    (
        "POST", "/api/v1/incidents/1/steps", {"json": {"move": "hand_up", "office": "331002000000", "reason": " "}},
        422, "bad_move", "needs a reason", "须填写理由",
    ),
    (
        "POST", "/api/v1/incidents/1/steps", {"json": {"move": "hand_up", "office": "331002000000", "reason": "x", "to": "y"}},
        422, "bad_move", "takes no 'to'", "不需要去向",
    ),
    (
        "POST", "/api/v1/incidents/1/steps", {"json": {"move": "accept", "office": "331002000000"}},
        409, "forbidden_move", "may not accept", "不能对此事件执行",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "sent", "status", "code", "english", "chinese"), ASKED)
def test_problems__in_both_languages(world, method, path, sent, status, code, english, chinese):
    for language, said, tag in (("en", english, "en"), ("zh-CN,zh;q=0.9", chinese, "zh-CN")):
        more = dict(sent)
        headers = world.owner.headers(method) | {"accept-language": language} | more.pop("headers", {})
        answer = world.client.request(method, path, headers=headers, **more)
        told = answer.json()
        assert (answer.status_code, told["status"], told["code"]) == (status, status, code), told
        assert said in told["detail"]
        assert answer.headers["content-language"] == tag


def test_problems__of_a_stranger_by_cookie(world):
    answer = world.client.get("/api/v1/incidents", headers={"cookie": "gg_lang=zh", "accept-language": "en"})
    told = answer.json()
    assert (answer.status_code, told["code"], told["title"]) == (401, "refused", "未通过身份验证")


def test_problems__without_chinese_are_english_throughout(world):
    headers = world.owner.headers("GET") | {"accept-language": "zh"}
    answer = world.client.get("/ogc/collections/nothing", headers=headers)
    assert (answer.status_code, answer.headers["content-language"]) == (404, "en")
    assert answer.json()["title"] == "not found"


def test_problems__a_body_that_is_too_large(world):
    body = b"x" * ((world.services.settings.max_body_kb << 10) + 1)
    headers = world.owner.headers("POST") | {"cookie": "gg_lang=zh", "content-type": "application/json"}
    answer = world.client.post("/api/v1/incidents", content=body, headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (413, "too_large")
    assert "请求内容超过" in told["detail"]
