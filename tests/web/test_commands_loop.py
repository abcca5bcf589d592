"""`gisgrid incidents report|show|step|duplicate|tick|figures|evidence` and `gisgrid duties`: an incident from its report to
its end at the command line, and what bad input gets.
"""

import datetime as dt
import re
import sqlite3

import pytest

from gisgrid.cli import main
from gisgrid.figures import DEFINITIONS
from gisgrid.store.evidence import EVIDENCE_HEADINGS
from gisgrid.table_files import read_table
from tests.gisgrid.store.incident_places import CODES, network_of
from tests.worlds import at

A, B, E = (CODES[letter] for letter in "ABE")
VILLAGE, TOWNSHIP, DISTRICT = A[:12], A[:9] + "000", "331002000000"
TIME = "2018-05-07T09:30"
LON, LAT = (f"{degrees:.7f}" for degrees in at(60.0, 150.0))
TODAY = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
ROSTER = "".join(
    f"{TODAY + dt.timedelta(days=past)},{shift},{unit},{person},前台\n"
    for past in (-1, 0, 1)
    for shift in ("day", "night")
    for unit, person in ((TOWNSHIP, "P1"), ("department:fire", "L1"))
)
REGISTERS = {
    "units": f"code,level,name\n{TOWNSHIP},,海门街道\n{VILLAGE},,东门社区\n{B[:12]},,西门社区\n",
    "places": f"code,kind,name,village,lon,lat\nX1,school,实验小学,{VILLAGE},{LON},{LAT}\n"
    f"S1,shop,好运超市一店,,{LON},{LAT}\nS2,shop,好运超市二店,,{LON},{LAT}\n",
    "people": "code,name,telephone\nP1,王一,13800000001\nL1,李二,13800000002\nS1,赵三,13800000003\n",
    "duties": f"patroller,grid,role,from,to\nP1,{A},patroller,2018-01-01,\nL1,{A},leader,2018-01-01,\n"
    f"S1,{A},substitute,2018-01-01,\n",
    "leave": "patroller,from,to,reason\nP1,2018-05-09,,病假\n",
    "departments": "code,name,telephone\nflood,防汛办,88880000\n",
    "roster": f"day,shift,unit,patroller,note\n{ROSTER}",
}


class Desk:
    """A data folder with an edition and registers, and the commands on it."""

    def __init__(self, folder):
        self.folder = folder
        self.grids(1, "2018-01-01")
        for name, text in REGISTERS.items():
            self.register(name, text)

    def grids(self, edition, first):
        path = self.folder / f"grids{edition}.gpkg"
        network_of(edition).write(path)
        assert self.run("grids", "publish", str(path), "--from", first) == 0

    def register(self, name, text):
        path = self.folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        assert self.run("registers", "import", name, str(path)) == 0

    def run(self, *arguments):
        return main([*arguments, "--data", str(self.folder / "data")])

    def incidents(self, *arguments):
        return self.run("incidents", *arguments)

    def report(self, *arguments):
        return self.incidents("report", "--category", "disputes", "--time", TIME, *arguments)

    def step(self, number, move, office, *arguments):
        return self.incidents("step", str(number), move, "--office", office, *arguments)

    def everything(self):
        """All rows that a command could have changed."""
        connection = sqlite3.connect(self.folder / "data" / "gisgrid.db")
        tables = ("incident", "step", "duplicate", "event", "audit", "duty")
        found = {table: connection.execute(f"select * from {table}").fetchall() for table in tables}
        connection.close()
        return found

    def path(self, name):
        return str(self.folder / name)


def at_home(patch):
    patch.delenv("GISGRID_DATABASE_URL", raising=False)
    patch.setenv("USER", "jing")
    patch.setenv("COLUMNS", "300")  # nothing is broken into lines


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    at_home(monkeypatch)
    made = Desk(tmp_path)
    capsys.readouterr()
    return made


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A desk with four incidents that no test changes: one accepted, one beside it, one without a place, one closed."""
    with pytest.MonkeyPatch.context() as patch:
        at_home(patch)
        made = Desk(tmp_path_factory.mktemp("busy"))
        assert made.report("--at", f"{LON},{LAT}", "--sub", "neighbours", "--reporter", "P1") == 0
        assert made.report("--at", f"{LON},{LAT}", "--sub", "neighbours", "--reporter", "X9") == 0
        assert made.report() == 0
        assert made.report("--grid", A, "--handled", "--reporter", "L1") == 0
        assert made.step(1, "accept", "village") == 0
        yield made


def lines(capsys):
    """What was said, line by line; nothing on stderr."""
    told = capsys.readouterr()
    assert told.err == ""
    return told.out.splitlines()


def line_of(found, label):
    """The one line that begins with a label, without it."""
    (line,) = [line for line in found if line.strip().startswith(label)]
    return line.strip().removeprefix(label).strip()


def test_report__by_position_says_who_answers_by_when_and_why(desk, capsys):
    assert (
        desk.report("--sub", "邻里", "--at", f"{LON}，{LAT}", "--text", "吵架", "--reporter", "P1", "--accuracy", "5")
        == 0
    )
    found = lines(capsys)
    assert found[:-4] == [
        "#1  Disputes / Neighbours  [Ordinary]  Reported",
        "  吵架",
        "  version           1",
        "  reported          2018-05-07 09:30 P1",
        f"  grid              {A} 东门社区 lies in it, 50.0 m from its border",
        f"  waits at          东门社区 ({VILLAGE})",
        "  respond by        2018-05-08 24:00; 1 workday after 2018-05-07",
        "  done by           2018-05-14 24:00; 5 workdays after 2018-05-07; skipped: 2 weekend days",
        "  at the latest     2018-05-28 24:00; 15 workdays after 2018-05-07; skipped: 6 weekend days",
        "  clocks            Red card",
    ]
    assert line_of(found, f"answers for {A}") == (
        "Patroller 王一 13800000001 (on leave), Grid leader 李二 13800000002, Substitute 赵三 13800000003, "
        "Instructor: VACANT, Business instructor: VACANT, Area leader: VACANT"
    )
    assert found[-3:] == [
        f"  may do            {VILLAGE} 东门社区: accept, handle, hand_up, urge, terminate, reassign, comment",
        f"  may do            {TOWNSHIP} 海门街道: urge, terminate, reassign, comment",
        f"  may do            {DISTRICT} District: urge, terminate, reassign, comment",
    ]


def test_report__holidays_are_named(desk, capsys):
    assert (
        desk.incidents("report", "--category", "其他", "--time", "2018-02-14T10:00", "--grid", A, "--language", "zh")
        == 0
    )
    assert "春节" in line_of(lines(capsys), "响应时限")


def test_report__by_grid_place_and_nothing(desk, capsys):
    told = {
        ("--grid", A): f"{A} 东门社区 named in the report",
        ("--grid", VILLAGE): f"{A} 东门社区 named in the report",
        ("--place", "syxx"): f"{A} 东门社区 lies in it, 50.0 m from its border",
        ("--place", "实验小学"): f"{A} 东门社区 lies in it, 50.0 m from its border",
        ("--place", "东门社区"): f"{A} 东门社区 named in the report",
        ("--place", A): f"{A} 东门社区 named in the report",
        (): "nobody's yet; someone must place it",
    }
    for arguments, grid in told.items():
        assert desk.report(*arguments) == 0
        found = lines(capsys)
        assert line_of(found, "grid ") == grid, arguments
        # An address is worth 50 m: the next border is just as far.
        assert not any("or perhaps" in line for line in found), arguments
    assert line_of(found, "waits at") == f"District ({DISTRICT})"


def test_report__a_named_place_is_as_exact_as_an_address(desk, capsys):
    lon, lat = at(155.0, 150.0)  # 45 m from the border of A and B
    desk.register("places", f"code,kind,name,village,lon,lat\nX2,school,中心小学,,{lon},{lat}\n")
    capsys.readouterr()
    assert desk.report("--place", "zxxx") == 0
    assert line_of(lines(capsys), "or perhaps").startswith(f"{B} 0.0")
    for exact in (("--source", "手机"), ("--accuracy", "44")):
        assert desk.report("--place", "zxxx", *exact) == 0
        assert not any("or perhaps" in line for line in lines(capsys))


def test_report__names_the_one_told_before(desk, capsys):
    assert desk.report("--at", f"{LON},{LAT}") == 0
    assert not any("perhaps the same" in line for line in lines(capsys))
    later = ("incidents", "report", "--category", "disputes", "--at", f"{LON},{LAT}")
    assert desk.run(*later, "--time", "2018-05-07T11:00") == 0
    assert line_of(lines(capsys), "perhaps the same") == "#1, 0 m and 90 min apart"
    assert desk.run(*later, "--time", "2018-05-09T09:30:00+08:00") == 0
    assert not any("perhaps the same" in line for line in lines(capsys))


def test_report__urgent_ones_alert_both_grids_and_those_on_call(desk, capsys):
    lon, lat = at(195.0, 150.0)
    assert desk.report("--at", f"{lon},{lat}", "--accuracy", "20", "--urgent", "--grade", "prominent") == 0
    found = lines(capsys)
    assert found[0] == "#1  Disputes · URGENT  [Prominent]  Reported"
    assert [line_of(found, label) for label in ("respond by", "done by")] == ["2018-05-07 09:45", "2018-05-07 11:30"]
    assert re.fullmatch(rf"{B} 0\.3\d\d", line_of(found, "or perhaps"))
    assert len([line for line in found if line.startswith("  answers for")]) == 2
    assert line_of(found, "on call") == "海门街道: 王一 13800000001"


def test_report__positions_of_another_datum_are_converted(desk, capsys):
    assert desk.report("--at", f"{LON},{LAT}", "--datum", "gcj02") == 0
    assert line_of(lines(capsys), "grid ").startswith("nobody's yet")


def test_report__sent_again_from_a_platform_it_is_the_same(desk, capsys):
    for text in ("吵架", "吵架了"):
        assert desk.report("--grid", A, "--system", "12345", "--id", "N7", "--text", text) == 0
    found = lines(capsys)
    assert [line for line in found if line.startswith("#")] == ["#1  Disputes  [Ordinary]  Reported"] * 2
    assert [line for line in found if line.startswith("  吵")] == ["  吵架", "  吵架了"]
    assert found.count("  source            12345 N7") == 2


def test_show__in_both_languages(busy, capsys):
    assert busy.incidents("show", "1") == 0
    found = lines(capsys)
    assert found[0] == "#1  Disputes / Neighbours  [Ordinary]  Accepted"
    assert re.fullmatch(
        r"2018-05-08 24:00; late \d{4}-\d\d-\d\d \d\d:\d\d; 1 workday after 2018-05-07", line_of(found, "respond by")
    )
    assert line_of(found, "perhaps the same") == "#2, 0 m and 0 min apart"
    steps = [line.strip() for line in found if "(jing)" in line]
    assert [re.sub(r"^[\d-]+ [\d:]+  ", "", step) for step in steps] == [
        "1. Yellow card (jing)", "2. Red card (jing)", "3. Accept 东门社区 (jing)",
    ]  # fmt: skip
    assert busy.incidents("show", "1", "--language", "zh") == 0
    found = lines(capsys)
    assert found[0] == "#1  矛盾纠纷 / 邻里  [一般]  已受理"
    assert line_of(found, "网格 ") == f"{A} 东门社区 位于网格内，距边界50.0米"
    assert line_of(found, "办理时限") == "2018-05-14 24:00; 2018-05-07后第5个工作日；不计：周末2天"
    assert line_of(found, "时限状态") == "红牌"
    assert "王一 13800000001（请假）、网格长 李二 13800000002、代班 赵三 13800000003、网格指导员: 空缺" in line_of(
        found, f"{A}责任人"
    )
    assert line_of(found, "疑似重复") == "#2，相距0米、0分钟"
    assert [step.split("  ")[-1] for step in found if "(jing)" in step][-1] == "3. 受理 东门社区 (jing)"
    assert f"{VILLAGE} 东门社区: handle 办理, hand_up 上报上级" in "\n".join(found)
    assert not re.search(r"\b(reported|grid|clocks|answers|VACANT|may do)\b", "\n".join(found))


def test_show__a_closed_incident_names_those_in_office_then(busy, capsys):
    assert busy.incidents("show", "4") == 0
    found = lines(capsys)
    # The patroller was there on 7 May, and is on leave since the 9th.
    assert "Patroller 王一 13800000001, Grid leader" in line_of(found, f"answers for {A}")
    assert line_of(found, "clocks") == "Settled"
    assert not any("waits at" in line for line in found)


def test_step__offices_by_level_code_name_and_department(desk, capsys):
    assert desk.report("--at", f"{LON},{LAT}") == 0
    moves = [
        ("accept", "village", ()),
        ("hand-up", "东门社区", ("--reason", "too big")),
        ("hand_across", TOWNSHIP, ("--reason", "fire", "--to", "消防", "--assist", "防汛办", "--assist", "water")),
        ("return", "fire", ("--reason", "not ours")),
        ("hand_across", "海门街道", ("--reason", "water", "--to", "department:water")),
        ("handle", "水利", ("--as", "Wang")),
        ("feed_back", "Water", ("--reason", "done")),
        ("close", "township", ()),
        ("evaluate", "district", ("--satisfied",)),
    ]
    for move, office, rest in moves:
        assert desk.step(1, move, office, *rest) == 0, move
    found = [line for line in lines(capsys) if re.match(r"  \d{4}-", line)]
    told = [re.sub(r"^\s*[\d-]+ [\d:]+  ", "", line) for line in found][-11:]
    assert told == [
        "1. Yellow card (jing)",
        "2. Red card (jing)",
        "3. Accept 东门社区 (jing)",
        "4. Hand up → 海门街道 东门社区 (jing): too big",
        "5. Hand to departments → Fire 海门街道 (jing): fire",
        "6. Return → 海门街道 Fire (jing): not ours",
        "7. Hand to departments → Water 海门街道 (jing): water",
        "8. Handle Water (Wang)",
        "9. Feed back Water (jing): done",
        "10. Close 海门街道 (jing)",
        "11. Evaluate District (jing)",
    ]
    assert desk.incidents("show", "1") == 0
    assert lines(capsys)[0] == "#1  Disputes  [Ordinary]  Evaluated"


def test_step__extension_and_reassignment(desk, capsys):
    # Today's, so that an extension may still be asked for.
    assert desk.incidents("report", "--category", "disputes") == 0
    assert desk.step(1, "reassign", "district", "--reason", "there", "--to", A) == 0
    until = TODAY + dt.timedelta(days=12)
    assert desk.step(1, "ask_extension", "village", "--reason", "rain", "--until", str(until)) == 0
    assert desk.step(1, "approve_extension", "township") == 0
    found = lines(capsys)
    assert any(f"extended to {until} 24:00" in line for line in found)
    assert any(f"{A} 东门社区 given by hand" in line for line in found)
    assert desk.step(1, "reassign", "district", "--reason", "no, there", "--to", E) == 0
    assert any(f"waits at          {E[:12]}" in line for line in lines(capsys))


def test_step__with_the_version_that_was_seen(desk, capsys):
    assert desk.report("--grid", A) == 0
    assert desk.step(1, "accept", "village", "--version", "1", "--as", "Li Na") == 0
    capsys.readouterr()
    before = desk.everything()
    assert desk.step(1, "handle", "village", "--version", "1") == 2
    assert capsys.readouterr().err == (
        f"error: incident 1 has changed meanwhile (version 2, you saw 1: Li Na accept); it is accepted at {VILLAGE} now: look again\n"
    )
    assert desk.everything() == before
    assert desk.step(1, "handle", "village", "--version", "2") == 0


def test_step__level_names_are_those_of_the_grid_that_answers_now(desk, capsys):
    assert desk.report("--grid", E) == 0
    desk.grids(2, "2018-06-01")
    assert desk.incidents("tick") == 0
    assert desk.step(1, "accept", B[:12]) == 0
    assert desk.step(1, "handle", "village") == 0


def test_duplicate__the_same_or_another(desk, capsys):
    for _ in range(3):
        assert desk.report("--at", f"{LON},{LAT}") == 0
    assert desk.incidents("duplicate", "2", "1", "--office", "village", "--other") == 0
    assert "  perhaps the same  #1, 0 m and 0 min apart: another" in lines(capsys)
    assert desk.incidents("duplicate", "3", "1", "--office", "township", "--same", "--language", "zh") == 0
    found = lines(capsys)
    assert found[0] == "#3  矛盾纠纷  [一般]  无效"
    assert line_of(found, "疑似重复") == "#1，相距0米、0分钟：确认重复"
    assert any("终止 海门街道 (jing): duplicate of 1" in line for line in found)


def test_tick__raises_cards_and_passes_on_once(desk, capsys):
    assert desk.report("--grid", E) == 0
    assert desk.report("--grid", A) == 0
    desk.grids(2, "2018-06-01")
    capsys.readouterr()
    assert desk.incidents("tick") == 0
    assert lines(capsys) == ["2 yellow cards, 2 red cards, 1 passed on to another grid"]
    assert desk.incidents("tick") == 0
    assert lines(capsys) == ["0 yellow cards, 0 red cards, 0 passed on to another grid"]
    assert desk.incidents("show", "1") == 0
    found = lines(capsys)
    assert line_of(found, "grid ") == f"{E} named in the report; answered for by {B} now"
    assert line_of(found, "waits at") == f"西门社区 ({B[:12]})"
    assert any(line.startswith(f"  answers for {B} ") for line in found)


def words(capsys):
    """Lines of what was said, their columns as one word apart."""
    return [" ".join(line.split()) for line in lines(capsys)]


def test_figures__each_with_what_it_means(busy, capsys):
    assert busy.incidents("figures", "--to", "2018-05-07", "--as-of", "2018-05-07") == 0
    found = words(capsys)
    assert len(found) == len(DEFINITIONS) + 1
    assert found[:5] == [
        "Reported 4 reported in the period, invalid ones too", "Valid 4 reported and not ended as invalid",
        "Open 3 valid and not closed", "Closed 1 valid and closed, evaluated ones too", "Closing rate % 25.0 closed of valid",
    ]  # fmt: skip
    assert "Satisfaction % – satisfied of evaluated" in found
    assert found[-1] == "no track of 2018-W19 lies in any grid: nothing can be said of who entered which"
    assert busy.incidents("figures", "--language", "zh", "--as-of", "2018-05-08") == 0
    found = words(capsys)
    assert "逾期未完成 0 在办、未完成且已过办理时限" in found
    assert "黄牌 3 响应或办理时限已过，未过最长时限" in found
    assert found[-1] == "2018-W19无任何轨迹落入网格，无法判断进入情况"
    assert busy.incidents("figures", "--as-of", "2017-12-31") == 0
    assert words(capsys)[-1] == "no edition was in force: who entered which grid is not known"


def test_figures__by_groups_of_a_unit_and_a_category(busy, capsys):
    assert busy.incidents("figures", "--by", "township", "--as-of", "2018-05-08") == 0
    found = words(capsys)
    assert found[0] == "township reported closed% in time% overdue yellow red satisf.%"
    assert found[1:4] == [
        "none 1 0.0 – 0 1 0 –", "海门街道 3 33.3 100.0 0 2 0 –", "All 4 25.0 100.0 0 3 0 –",
    ]  # fmt: skip
    assert busy.incidents("figures", "--by", "role", "--language", "zh", "--unit", VILLAGE) == 0
    found = words(capsys)
    assert [line.split()[:2] for line in found[:5]] == [
        ["上报人角色", "上报"], ["专职网格员", "1"], ["网格长", "1"], ["其他人员", "1"], ["合计", "3"],
    ]  # fmt: skip
    assert busy.incidents("figures", "--by", "week", "--category", "disputes") == 0
    assert words(capsys)[1].startswith("2018-W19 4 ")
    assert busy.incidents("figures", "--category", "other") == 0
    assert words(capsys)[0].startswith("Reported 0 ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures__as_a_sheet_beside_last_year(busy, capsys, language):
    out = busy.path(f"figures.{language}.xlsx")
    period = ("--from", "2019-05-01", "--to", "2019-05-31", "--as-of", "2019-06-01")
    assert busy.incidents("figures", "--by", "grid", *period, "--last-year", "--out", out, "--language", language) == 0
    assert f"2 rows written: {out}" in words(capsys)
    sheet = read_table(out)
    labels = [labels[language == "zh"] for labels, _ in DEFINITIONS.values()]
    assert [name.removesuffix(" %") for name in sheet.columns[2:]] == labels
    assert sheet.columns[:2] == (("编号", "网格") if language == "zh" else ("code", "grid"))
    assert sheet.texts(sheet.columns[1]).tolist() == (
        ["合计", "去年同期"] if language == "zh" else ["All", "Same period last year"]
    )
    assert sheet.texts(labels[0]).tolist() == ["0", "4"]
    assert sheet.texts(sheet.columns[sheet.columns.index(labels[0]) + 4]).tolist() == ["", "25"]


@pytest.mark.parametrize(
    ("by", "group"),
    [
        ("sub_category", "邻里"),
        ("how", "位于网格内"),
        ("department", "未流转部门"),
        ("level", "村社"),
        ("state", "已受理"),
        ("village", "东门社区"),
    ],
)
def test_figures__groups_in_chinese(busy, capsys, by, group):
    assert busy.incidents("figures", "--by", by, "--language", "zh") == 0
    assert group in [line.split()[0] for line in words(capsys)]


def test_figures__name_the_departments_of_the_district(desk, capsys):
    assert desk.report("--grid", A, "--grade", "major") == 0
    assert desk.step(1, "hand_across", "district", "--reason", "water", "--to", "flood") == 0
    capsys.readouterr()
    assert desk.incidents("figures", "--by", "department", "--language", "zh") == 0
    assert words(capsys)[1].startswith("防汛办")


def test_evidence__as_a_sheet_for_people_to_decide(busy, capsys):
    out = busy.path("evidence.xlsx")
    period = ("--from", "2018-05-07", "--to", "2018-05-07", "--as-of", "2018-05-09")
    assert busy.incidents("evidence", out, *period, "--language", "zh") == 0
    found = lines(capsys)
    assert found[0] == f"3 cases written: {out}"
    assert found[1:] == [
        "  3 未按时响应",
        "way: 约谈提醒, 通报批评, 责任追究; degree: 一般, 严重 (for people to fill in)",
    ]
    sheet = read_table(out)
    assert sheet.columns == tuple(EVIDENCE_HEADINGS.values())
    # What the patroller reported points at the grid leader.
    assert sheet.texts("指向").tolist() == ["L1 李二", "东门社区", "区"]
    assert sheet.texts("上报人").tolist() == ["P1", "X9", ""]
    assert busy.incidents("evidence", busy.path("evidence.csv"), *period) == 0
    assert read_table(busy.path("evidence.csv")).columns == tuple(EVIDENCE_HEADINGS)
    assert lines(capsys)[1] == "  3 No response in time"
    audit = busy.everything()["audit"]
    assert [row[3:6] for row in audit if row[3] == "export"][-2:] == [
        ("export", "accountability", "3 cases to evidence.xlsx"), ("export", "accountability", "3 cases to evidence.csv"),
    ]  # fmt: skip


def test_duties__who(busy, capsys):
    assert busy.run("duties", "who", A, "--on", "2018-05-07") == 0
    assert lines(capsys) == [
        A,
        "  Patroller: 王一 P1 13800000001",
        "  Grid leader: 李二 L1 13800000002",
        "  Substitute: 赵三 S1 13800000003",
        "  Instructor: VACANT",
        "  Business instructor: VACANT",
        "  Area leader: VACANT",
    ]
    assert busy.run("duties", "who", TOWNSHIP, "--language", "zh") == 0
    found = lines(capsys)
    assert "  专职网格员: 王一 P1 13800000001（请假）" in found
    assert "  网格工作片领导: 空缺" in found
    assert [line for line in found if not line.startswith(" ")] == [A, B]
    assert busy.run("duties", "who", VILLAGE) == 0
    assert lines(capsys)[0] == A


def test_duties__vacancies(busy, capsys):
    assert busy.run("duties", "vacancies", "--on", "2018-05-07") == 1
    found = lines(capsys)
    assert found[0] == f"{A}  Instructor, Business instructor, Area leader"
    assert found[-1] == "23 / 25 (2018-05-07)"
    assert len(found) == 6
    assert busy.run("duties", "vacancies", "--on", "2017-12-31", "--language", "zh") == 0
    assert lines(capsys) == ["0 / 0 (2017-12-31)"]


def test_duties__call(busy, capsys):
    assert busy.run("duties", "call") == 0
    found = [re.sub("Day|Night", "SHIFT", line) for line in lines(capsys)]
    assert found == [
        f"海门街道 ({TOWNSHIP})  SHIFT  王一 13800000001 前台", "Fire (department:fire)  SHIFT  李二 13800000002 前台",
    ]  # fmt: skip
    assert busy.run("duties", "call", "--language", "zh") == 0
    assert re.fullmatch(r"消防 \(department:fire\)  [白夜]班  李二 13800000002 前台", lines(capsys)[1])


def test_duties__nobody_on_call(tmp_path, monkeypatch, capsys):
    at_home(monkeypatch)
    for language, told in (("en", "nobody is on the roster right now"), ("zh", "当前无值班安排")):
        assert main(["duties", "call", "--language", language, "--data", str(tmp_path)]) == 0
        assert capsys.readouterr().out.splitlines() == [told]


def test_duties__call_of_a_unit_without_a_name(desk, capsys):
    desk.register("roster", f"day,shift,unit,patroller,note\n{ROSTER.replace(TOWNSHIP, E[:9] + '000')}")
    capsys.readouterr()
    assert desk.run("duties", "call") == 0
    assert len(lines(capsys)) == 3


def test_duties__load(busy, capsys):
    assert busy.run("duties", "load") == 0
    assert words(capsys) == ["person name grids open due today yellow red", "P1 王一 1 2 0 0 2", "1 / 1"]
    assert busy.run("duties", "load", "--role", "leader", "--language", "zh") == 0
    assert words(capsys) == ["人员编号 姓名 网格数 在办 今日到期 黄牌 红牌", "L1 李二 1 2 0 0 2", "1 / 1"]
    assert busy.run("duties", "load", "--role", "area_leader") == 0
    assert words(capsys)[-1] == "0 / 0"


def test_list__those_that_wait(busy, capsys):
    assert busy.incidents("list", "--clock", "red", "--unit", TOWNSHIP) == 0
    found = words(capsys)
    assert found[0] == "number clocks due state category waits at"
    assert found[1:] == [
        f"1 Red card 2018-05-14 23:59 Accepted Disputes {VILLAGE}", f"2 Red card 2018-05-14 23:59 Reported Disputes {VILLAGE}",
        "2 of 2 incidents",
    ]  # fmt: skip
    assert busy.incidents("list", "--clock", "red", "--language", "zh", "--limit", "1") == 0
    assert words(capsys)[-1] == "共3件，显示1件"
    assert busy.incidents("list", "--clock", "calm") == 0
    assert words(capsys)[-1] == "0 of 0 incidents"


REPORT = ("incidents", "report", "--category", "disputes", "--time", TIME)
BAD = [
    # command, sentence
    (("incidents", "report", "--category", "quarrel"), "there is no category 'quarrel'; expected one of public_security_hazards, livelihood_services"),
    ((*REPORT, "--sub", "fire_hazard"), "disputes has no sub-category 'fire_hazard'; expected one of petitions, "),
    ((*REPORT, "--at", "121.4"), "--at is '121.4'; expected LON,LAT in degrees such as 121.4321,28.6543"),
    ((*REPORT, "--at", "here,there"), "--at is 'here,there'; expected LON,LAT"),
    ((*REPORT, "--at", "28.6,121.4"), "--at is '28.6,121.4': longitude and latitude look exchanged; expected LON,LAT"),
    ((*REPORT, "--at", "999,28"), "the place 999.0, 28.0 cannot be; expected degrees, longitude first"),
    ((*REPORT, "--at", "nan,28"), "the place nan, 28.0 cannot be; expected degrees"),
    ((*REPORT, "--at", "999,28", "--datum", "gcj02"), "the place 999.0, 28.0 cannot be"),
    ((*REPORT, "--at", f"{LON},{LAT}", "--datum", "beijing54"), "unknown datum 'beijing54'"),
    ((*REPORT, "--at", f"{LON},{LAT}", "--grid", A), "--at, --grid and --place each say where it is; give one of them"),
    ((*REPORT, "--at", f"{LON},{LAT}", "--accuracy", "-1"), "accuracy is -1.0 m; expected metres above 0, or nothing"),
    ((*REPORT, "--grid", "Z"), "no edition has a grid or village 'Z'; give a code of the edition of 2018-05-07"),
    (("incidents", "report", "--category", "disputes", "--time", "2017-05-07", "--grid", A), f"{A} begins on 2018-01-01 and cannot be reported for 2017-05-07; name the grid of that day, or the place"),
    ((*REPORT, "--place", "火车站"), "no place, unit or grid is called '火车站'; give another part of its name, or the position"),
    ((*REPORT, "--place", "hycs"), "'hycs' may mean 好运超市一店 (S1), 好运超市二店 (S2); give more of the name, or the code"),
    ((*REPORT, "--place", "海门街道"), f"海门街道 ({TOWNSHIP}) is a township; name a place, grid or village in it"),
    (("incidents", "report", "--category", "disputes", "--time", "yesterday"), "--time is 'yesterday'; expected for instance 2018-05-07T09:30"),
    (("incidents", "report", "--category", "disputes", "--time", "2098-01-01"), "the time of the report lies in the future; expected a time up to now"),
    ((*REPORT, "--grade", "huge"), "grade is 'huge'; expected one of simple, ordinary, prominent, major"),
    ((*REPORT, "--source", "fax"), "source is 'fax'; expected one of phone, map, address"),
    ((*REPORT, "--system", "12345"), "a report of another platform needs both its name and its number there"),
    ((*REPORT, "--id", "N7"), "a report of another platform needs both its name and its number there"),
    ((*REPORT, "--as", "  "), "a change needs an author; give the name of a person or a program"),
    ((*REPORT, "--language", "fr"), "--language is 'fr'; expected en or zh"),
    (("incidents", "show", "99"), "there is no incident 99"),
    (("incidents", "show", "1", "--language", "fr"), "--language is 'fr'; expected en or zh"),
    (("incidents", "step", "99", "accept", "--office", "village"), "there is no incident 99"),
    (("incidents", "step", "1", "jump", "--office", "village"), "there is no move 'jump'; expected one of accept, handle"),
    (("incidents", "step", "1", "accept", "--office", "village"), "an incident that is accepted cannot accept; possible: handle, hand_up"),
    (("incidents", "step", "1", "handle", "--office", "township"), f"{TOWNSHIP} may not handle this incident, which {VILLAGE} holds; it is for {VILLAGE}"),
    (("incidents", "step", "1", "handle", "--office", "331099001001"), f"331099001001 may not handle this incident, which {VILLAGE} holds"),
    (("incidents", "step", "1", "handle", "--office", "nowhere"), "no office is called 'nowhere'; give its code, or village, township, district, or a department"),
    (("incidents", "step", "1", "handle", "--office", ""), "no office is called ''; give its code"),
    (("incidents", "step", "1", "hand_up", "--office", "village"), "hand_up needs a reason; say why"),
    (("incidents", "step", "1", "hand_across", "--office", "village", "--reason", "x", "--to", "fire"), f"{VILLAGE} does not hand to departments; a township or the district does: hand it up"),
    (("incidents", "step", "1", "comment", "--office", "village", "--reason", "x", "--assist", "aunt"), "no office is called 'aunt'"),
    (("incidents", "step", "1", "ask_extension", "--office", "village", "--reason", "x", "--until", "soon"), "--until is 'soon'; expected a date such as 2018-05-07"),
    (("incidents", "step", "1", "ask_extension", "--office", "village", "--reason", "x", "--until", "2018-05-20"), "the last day for an extension has passed; it must be asked for and approved before"),
    (("incidents", "step", "4", "evaluate", "--office", "village"), "an evaluation says whether the reporter is satisfied; say yes or no"),
    (("incidents", "step", "3", "accept", "--office", "village"), "this incident has no village yet; re-assign it for the district first"),
    (("incidents", "step", "3", "reassign", "--office", "district", "--reason", "x"), "a re-assignment needs the code of the grid (or village) that answers; name it"),
    (("incidents", "step", "3", "reassign", "--office", "district", "--reason", "x", "--to", "331002009001"), "neither the edition of the report nor today's has a grid or village '331002009001'; give another code"),
    (("incidents", "duplicate", "1", "2", "--office", "village", "--same"), "incident 1 is not linked to 2"),
    (("incidents", "duplicate", "2", "1", "--office", "fire", "--other"), f"department:fire may not terminate this incident, which {VILLAGE} holds"),
    (("incidents", "list", "--unit", "nowhere"), "no edition and no register has a unit or grid 'nowhere'"),
    (("incidents", "list", "--holder", "nobody"), "no office is called 'nobody'; give its code, or district, or a department"),
    (("incidents", "list", "--holder", "331099001001"), "no edition and no register has a unit or grid '331099001001'"),
    (("incidents", "list", "--holder", "department:nobody"), "no edition and no register has a unit or grid 'department:nobody'"),
    (("incidents", "duplicate", "99", "1", "--office", "village", "--same"), "there is no incident 99"),
    (("incidents", "figures", "--by", "king"), "figures cannot be grouped by 'king'; expected one of category, sub_category"),
    (("incidents", "figures", "--category", "king"), "--category is 'king'; expected one of public_security_hazards"),
    (("incidents", "figures", "--from", "May"), "--from is 'May'; expected a date such as 2018-05-07"),
    (("incidents", "figures", "--to", "2018-02-30"), "--to is '2018-02-30'; expected a date such as 2018-05-07"),
    (("incidents", "figures", "--as-of", "now"), "--as-of is 'now'; expected a date such as 2018-05-07"),
    (("incidents", "figures", "--language", "fr"), "--language is 'fr'; expected en or zh"),
    (("incidents", "figures", "--out", "figures.doc"), "figures.doc: unknown ending; expected one of .csv, .xlsx"),
    (("incidents", "evidence", "evidence.doc", "--from", "2018-05-01", "--to", "2018-05-31"), "evidence.doc: unknown ending; expected one of .csv, .xlsx"),
    (("incidents", "evidence", "evidence.csv", "--from", "May", "--to", "2018-05-31"), "--from is 'May'; expected a date such as 2018-05-07"),
    (("incidents", "evidence", "evidence.csv", "--from", "2018-05-01", "--to", "June"), "--to is 'June'; expected a date such as 2018-05-07"),
    (("incidents", "list", "--clock", "purple"), "--clock is 'purple'; expected one of calm, at_risk, due_today, yellow, red"),
    (("incidents", "list", "--language", "fr"), "--language is 'fr'; expected en or zh"),
    (("duties", "who", "nowhere", "--on", "2018-05-07"), "the edition of 2018-05-07 has no grid, village or township 'nowhere'"),
    (("duties", "who", A, "--on", "May"), "--on is 'May'; expected a date such as 2018-05-07"),
    (("duties", "who", A, "--on", "2017-12-31"), f"the edition of 2017-12-31 has no grid, village or township '{A}'"),
    (("duties", "vacancies", "--on", "May"), "--on is 'May'; expected a date such as 2018-05-07"),
    (("duties", "call", "--language", "fr"), "--language is 'fr'; expected en or zh"),
    (("duties", "load", "--role", "king"), "--role is 'king'; expected one of patroller, leader"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(arguments)[:70] for arguments, _ in BAD])
def test_bad_input__gets_a_sentence_and_changes_nothing(busy, capsys, monkeypatch, tmp_path, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    before = busy.everything()
    assert busy.run(*arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {sentence}")
    assert told.count("\n") == 1
    assert busy.everything() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("incidents", "report"), "Missing option '--category'"),
        (("incidents", "report", "--category", "disputes", "--accuracy", "good"), "Invalid value for '--accuracy'"),
        (("incidents", "step", "1", "accept"), "Missing option '--office'"),
        (("incidents", "step", "one", "accept", "--office", "village"), "Invalid value for 'NUMBER'"),
        (("incidents", "evidence", "x.csv", "--from", "2018-05-01"), "Missing option '--to'"),
        (("duties", "load", "--most", "0"), "Invalid value for '--most'"),
    ],
)
def test_bad_input__that_the_command_line_itself_refuses(busy, capsys, arguments, words):
    before = busy.everything()
    assert busy.run(*arguments) == 2
    assert words in capsys.readouterr().err
    assert busy.everything() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("incidents", "figures", "--to", "9999-12-31"),
        ("incidents", "figures", "--as-of", "0001-01-01", "--last-year"),
        ("incidents", "list", "--to", "9999-12-31"),
        ("incidents", "report", "--category", "disputes", "--time", "0001-01-01T00:00+14:00"),
    ],
)
def test_bad_input__dates_at_the_ends_of_the_calendar(busy, capsys, arguments):
    assert busy.run(*arguments) in {0, 2}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("incidents", "figures", "--unit", "nowhere"), id="unit"),
        pytest.param(("incidents", "figures", "--from", "2019-01-01", "--to", "2018-01-01"), id="period"),
        pytest.param(("incidents", "evidence", "{out}", "--from", "2019-01-01", "--to", "2018-01-01"), id="evidence"),
        pytest.param(("duties", "who", ""), id="nobody"),
        pytest.param(("duties", "who", "33"), id="part of a code"),
    ],
)
def test_bad_input__what_cannot_be_meant_is_no_answer(busy, capsys, arguments, tmp_path):
    assert busy.run(*(each.format(out=tmp_path / "out.csv") for each in arguments)) == 2
