"""Registers and the audit over HTTP: files in and out, rows refused with why, lines read by auditors alone."""

import pyarrow as pa
import pytest

from gisgrid.store.registers import REGISTERS
from gisgrid.table_files import read_table, write_table
from tests.web.staffed import REGISTERS as FILLED
from tests.web.staffed import A, pages, staffed

PLACES = f"code,kind,name,village,lon,lat\nX1,school,实验小学,{A[:12]},121.4005,28.6005\nX2,,新地点,,121.4,28.6\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, make_database, tmp_path):
    with staffed(make_database(request.param), tmp_path) as service:
        yield service


def put(service, register, content, filename="a.csv", name="admin"):
    return service.ask(name, "PUT", f"/registers/{register}", files={"file": (filename, content)})


def counts(answer):
    assert answer.status_code == 200, answer.text
    return [answer.json()[name] for name in ("new", "changed", "same", "refused")]


def test_list_registers__with_their_fields(service):
    found = {one["name"]: one for one in service.ask("admin", "GET", "/registers").json()}
    assert list(found) == list(REGISTERS)
    assert {name: one["entries"] for name, one in found.items() if one["entries"]} == {
        name: text.count("\n") - 1 for name, text in FILLED.items()
    }
    assert found["places"]["fields"][0] == {
        "name": "code", "heading_zh": "编号", "heading_en": "Code", "is_needed": True, "is_key": True, "kind": "code",
        "choices": [],
    }  # fmt: skip
    assert {found[name]["removal"] for name in ("people", "roster", "duties")} == {"never", "always", "ahead"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_register__what_goes_out_comes_in_again_and_changes_nothing(service, language, ending):
    for name, text in FILLED.items():
        answer = service.ask("admin", "GET", f"/registers/{name}.{ending}", params={"language": language})
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.{ending}"'
        assert counts(put(service, name, answer.content)) == [0, 0, text.count("\n") - 1, 0]


def test_import_register__new_changed_same_refused(service, tmp_path):
    assert counts(put(service, "places", PLACES.encode())) == [1, 0, 1, 0]
    more = PLACES.replace("新地点", "改名") + "X3,,三,,999,28\nX4,,四\n"
    answer = put(service, "places", more.encode("gb18030"))
    assert counts(answer) == [0, 1, 1, 2]
    reasons = answer.json()["reasons"]
    assert [one["line"] for one in reasons] == [4, 5]
    assert "expected degrees between -180 and 180" in reasons[0]["reason"]
    found = service.ask("admin", "GET", "/places", params={"q": "改名"}).json()
    assert [one["code"] for one in found] == ["X2"]
    write_table(tmp_path / "a.xlsx", pa.table({"编号": ["X9"], "名称": ["九"], "经度": [121.4], "纬度": [28.6]}))
    assert counts(put(service, "places", (tmp_path / "a.xlsx").read_bytes(), "b.bin")) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("register", "content", "status", "told"),
    [
        ("nothing", b"a,b\n1,2\n", 404, "no register 'nothing'"),
        ("places", b"", 422, "is empty"),
        ("places", b"\x00\x01", 422, "neither CSV"),
        ("places", b"PK\x03\x04zip", 422, "damaged"),
        ("places", b"code,name\nX,Y\n", 422, "mine.csv has no column 'lon'"),
        ("places", b"code,name,lon,lat\nX,Y,a,b\n", 422, "mine.csv: none of its 1 rows can be used"),
        ("rules", b"rule,value\nresponse_workdays,9\n", 422, "contradict"),
    ],
)
def test_import_register__a_sentence_for_what_cannot_be_taken(service, register, content, status, told):
    answer = put(service, register, content, "C:\\data\\mine.csv")
    assert answer.status_code == status
    detail = answer.json()["detail"]
    assert told in detail
    assert "gisgrid-" not in detail


def test_registers__are_for_administrators(service):
    for name in ("li.na", "planner", "auditor", "wall", "worker"):
        assert service.ask(name, "GET", "/registers").status_code == 403
        assert service.ask(name, "GET", "/registers/people.csv").status_code == 403
        assert put(service, "places", PLACES.encode(), name=name).status_code == 403
    assert service.ask("admin", "GET", "/registers/people.exe").status_code in {404, 422}
    assert service.ask("admin", "GET", "/registers/nothing.csv").status_code == 404


def test_audit__newest_first_by_page_and_filter(service):
    put(service, "places", PLACES.encode())
    service.clock.now_ms += 60_000
    service.ask("admin", "GET", "/registers/people.csv")
    service.ask("auditor", "GET", "/audit")
    whole = pages(service, "auditor", "/audit", "lines", limit=1000)
    assert [line["number"] for line in whole] == list(range(len(whole), 0, -1))
    assert pages(service, "auditor", "/audit", "lines", limit=3) == whole
    exports = pages(service, "auditor", "/audit", "lines", action="export")
    assert [(line["author"], line["subject"], line["origin"]) for line in exports] == [
        ("admin", "people", "testclient")
    ]
    taken = pages(service, "auditor", "/audit", "lines", author="admin", subject="pla")
    assert [(line["action"], line["result"]) for line in taken] == [("take_in", "1 new, 0 changed, 0 refused")]
    assert pages(service, "auditor", "/audit", "lines", subject="PLA") == []
    since = exports[0]["at"]
    assert all(line["at"] >= since for line in pages(service, "auditor", "/audit", "lines", **{"from": since}))
    earlier = pages(service, "auditor", "/audit", "lines", to=since)
    later = pages(service, "auditor", "/audit", "lines", **{"from": since})
    assert later + earlier == whole


def test_audit__is_for_auditors(service):
    for name in ("li.na", "admin", "assessor", "wall"):
        assert service.ask(name, "GET", "/audit").status_code == 403
    for wrong in ({"cursor": "x"}, {"from": "2018-05-07"}, {"subject": "\0"}, {"limit": 0}):
        assert service.ask("auditor", "GET", "/audit", params=wrong).status_code == 422


def test_export_register__is_utf8_for_spreadsheets(service, tmp_path):
    content = service.ask("admin", "GET", "/registers/people.csv", params={"language": "zh"}).content
    assert content.startswith(b"\xef\xbb\xbf")
    (tmp_path / "p.csv").write_bytes(content)
    assert read_table(tmp_path / "p.csv").texts("姓名").tolist() == ["赵三", "王一", "李二"]
