"""Registers over HTTP: looked at before they are taken in, templates, single entries, duties for a unit; the audit as a file."""

import pyogrio
import pytest

from gisgrid.store.registers import REGISTERS
from gisgrid.table_files import read_table
from tests.web.staffed import A, C, staffed

PEOPLE = "人员编号,姓名,电话\nP1,王一,13900000000\nP7,陈七,13800000007\n,无名,1\nP2,李二,13800000002\n"
ZH = {"accept-language": "zh-CN"}


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, make_database, tmp_path):
    with staffed(make_database(request.param), tmp_path) as service:
        yield service


def put(service, content, *, name="people", **params):
    files = {"file": ("名单.csv", content.encode())}
    return service.ask("admin", "PUT", f"/registers/{name}", files=files, params=params, headers=ZH)


def rows(service, name, **params):
    answer = service.ask("admin", "GET", f"/registers/{name}/rows", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_dry_run__says_what_would_become_of_it_and_does_nothing(service):
    before = rows(service, "people")
    told = put(service, PEOPLE, dry_run=True).json()
    assert [told[name] for name in ("is_done", "new", "changed", "same", "refused")] == [False, 1, 1, 1, 1]
    assert told["reasons"] == [{"line": 4, "reason": "人员编号为空"}]
    assert told["differences"] == [
        {
            "line": 2,
            "entry": {"code": "P1", "name": "王一", "telephone": "13900000000"},
            "before": {"code": "P1", "name": "王一", "telephone": "13800000001"},
        },
        {"line": 3, "entry": {"code": "P7", "name": "陈七", "telephone": "13800000007"}, "before": None},
    ]
    assert rows(service, "people") == before
    done = put(service, PEOPLE).json()
    assert [done[name] for name in ("is_done", "new", "changed", "same", "refused")] == [True, 1, 1, 1, 1]
    assert put(service, PEOPLE, dry_run=True).json()["differences"] == []


def test_dry_run__a_file_of_bad_rows_alone_is_no_error(service):
    told = put(service, "code,name\n,x\n", dry_run=True).json()
    assert (told["new"], told["refused"]) == (0, 1)
    answer = put(service, "code\nP1\n", dry_run=True)
    assert answer.status_code == 422
    assert "名单.csv 没有列 'name'" in answer.json()["detail"]
    assert put(service, "code,name\n,x\n").status_code == 422


def test_rejects__come_as_a_file_to_be_corrected(service, tmp_path):
    def fetch(content):
        files = {"file": ("名单.csv", content.encode())}
        return service.ask("admin", "POST", "/registers/people/rejects", files=files, headers=ZH)

    answer = fetch(PEOPLE)
    assert answer.headers["content-disposition"] == 'attachment; filename="people.rejects.csv"'
    (tmp_path / "r.csv").write_bytes(answer.content)
    table = read_table(tmp_path / "r.csv")
    assert table.texts("姓名").tolist() == ["无名"]
    assert table.texts("reject_reason").tolist() == ["人员编号为空"]
    assert table.texts("reject_file").tolist() == ["名单.csv"]
    mended = put(service, answer.content.decode("utf-8-sig").replace(",无名", "P8,无名"))
    assert (mended.json()["new"], mended.json()["refused"]) == (1, 0)
    assert fetch(PEOPLE.replace(",无名,1\n", "")).status_code == 404


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_template__has_headings_alone_and_tells_nothing(service, tmp_path, ending, language):
    for name, register in REGISTERS.items():
        params = {"template": True, "language": language}
        answer = service.ask("admin", "GET", f"/registers/{name}.{ending}", params=params)
        assert answer.status_code == 200
        headings = [field.heading if language == "zh" else field.name for field in register.fields]
        if ending == "csv":
            assert answer.content.decode("utf-8-sig").strip().replace('"', "") == ",".join(headings)
        else:
            (tmp_path / "t.xlsx").write_bytes(answer.content)
            assert pyogrio.read_arrow(tmp_path / "t.xlsx")[1].to_pylist()[0] == {
                f"Field{place}": heading for place, heading in enumerate(headings, 1)
            }
    audit = service.ask("auditor", "GET", "/audit", params={"action": "export"}).json()
    assert audit["lines"] == []


def test_rows__by_page_word_and_day(service):
    whole = rows(service, "duties")
    assert whole["total"] == 5
    assert whole["names"]["P1"] == "王一"
    assert [rows(service, "duties", skip=place, limit=1)["entries"][0] for place in range(5)] == whole["entries"]
    assert rows(service, "duties", q="赵三")["total"] == 2
    assert rows(service, "duties", q="赵三", day="2018-05-06")["total"] == 1
    assert rows(service, "duties", q="南门村")["total"] == 2
    assert service.ask("admin", "GET", "/registers/kings/rows").status_code == 404
    assert service.ask("admin", "GET", "/registers/people/rows", params={"limit": 0}).status_code == 422


def test_rows__one_is_changed_as_it_was_seen_and_the_audit_names_no_telephone(service):
    (seen,) = rows(service, "people", q="P1")["entries"]
    asked = {"entry": seen | {"telephone": "13899999999"}, "before": seen}
    assert service.ask("admin", "PUT", "/registers/people/rows", json=asked).json() == asked["entry"]
    again = service.ask("admin", "PUT", "/registers/people/rows", json=asked)
    assert again.status_code == 412
    lines = service.ask("auditor", "GET", "/audit", params={"subject": "people/P1"}).json()["lines"]
    assert [(line["author"], line["action"], line["result"]) for line in lines] == [
        ("admin", "change_entry", "telephone")
    ]
    assert service.ask("admin", "PUT", "/registers/people/rows", json={"entry": seen}).status_code == 409
    wrong = service.ask("admin", "PUT", "/registers/people/rows", json={"entry": {"code": ""}}, headers=ZH)
    assert (wrong.status_code, "为空" in wrong.json()["detail"]) == (422, True)


def test_removals__only_where_nothing_hangs_on_it(service):
    (seen,) = rows(service, "roster", q="P2")["entries"]
    assert service.ask("admin", "POST", "/registers/roster/removals", json={"before": seen}).status_code == 204
    assert service.ask("admin", "POST", "/registers/roster/removals", json={"before": seen}).status_code == 404
    seen = rows(service, "people")["entries"][0]
    assert service.ask("admin", "POST", "/registers/people/removals", json={"before": seen}).status_code == 422


def test_duties__a_unit_goes_to_a_substitute_for_a_week(service):
    asked = {
        "unit": A[:9] + "000",
        "person": "L1",
        "role": "substitute",
        "from_day": "2018-05-07",
        "to_day": "2018-05-14",
    }
    seen = service.ask("admin", "POST", "/duties", json=asked | {"dry_run": True}).json()
    assert rows(service, "duties", q="substitute")["total"] == 0
    done = service.ask("admin", "POST", "/duties", json=asked).json()
    assert done == seen | {"is_done": True}
    found = rows(service, "duties", q="substitute")["entries"]
    assert done["grids"] == done["new"] == len(found) > 1
    assert {entry["grid"][:9] for entry in found} == {A[:9]}
    answer = service.ask("li.na", "GET", f"/grids/{A}/answers", params={"day": "2018-05-08"}).json()
    assert "L1" in [one["person"] for one in answer["people"] if one["role"] == "substitute"]
    area = service.ask("admin", "POST", "/duties", json=asked | {"unit": "area:A1", "dry_run": True}).json()
    assert area["grids"] == 2
    for wrong in ({"unit": "331999999000"}, {"person": "P99"}, {"to_day": "2018-05-07"}, {"role": "king"}):
        assert service.ask("admin", "POST", "/duties", json=asked | wrong).status_code in (404, 422)


def test_audit_file__holds_what_the_search_finds(service, tmp_path):
    put(service, PEOPLE)
    answer = service.ask(
        "auditor", "GET", "/exports/audit.csv", params={"action": "take_in", "author": "admin", "language": "zh"}
    )
    (tmp_path / "a.csv").write_bytes(answer.content)
    table = read_table(tmp_path / "a.csv")
    assert table.columns == ("序号", "时间", "操作人", "操作", "对象", "结果", "来源")
    assert table.texts("对象").tolist() == ["people"]
    assert table.texts("时间").tolist()[0].endswith("+08:00")
    lines = service.ask("auditor", "GET", "/audit", params={"action": "export"}).json()["lines"]
    assert [(line["author"], line["subject"], line["result"]) for line in lines] == [("auditor", "audit", "audit.csv")]
    assert service.ask("admin", "GET", "/exports/audit.csv").status_code == 403


def test_devices__name_their_people(service):
    asked = {"person": "P1", "app": "plain"}
    assert service.ask("admin", "POST", "/devices", json=asked).json()["device"]["name"] == "王一"
    assert [one["name"] for one in service.ask("admin", "GET", "/devices").json()["devices"]] == ["王一"]


@pytest.mark.parametrize("name", ["li.na", "planner", "auditor", "wall", "worker"])
def test_rows__are_for_administrators(service, name):
    assert service.ask(name, "GET", "/registers/people/rows").status_code == 403
    assert service.ask(name, "PUT", "/registers/people/rows", json={"entry": {}}).status_code == 403
    assert (
        service.ask(
            name, "POST", "/duties", json={"unit": C, "person": "P1", "role": "leader", "from_day": "2018-05-07"}
        ).status_code
        == 403
    )
