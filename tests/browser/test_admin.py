"""Administration in a browser: a phone is paired, a list with bad rows taken in, a unit given to a substitute for a week."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from gisgrid.store.accounts import Accounts
from tests.browser.conftest import PASSWORD
from tests.gisgrid.store.small_district import TOWNSHIPS
from tests.web.staffed import A
from web.doors import COOKIE

PEOPLE = "人员编号,姓名,电话\nP1,王一,13900000000\nP7,陈七,13800000007\n,无名,1\nP2,李二,13800000002\nP2,别人,\n"


def choose(page, field, words, code):
    """Type into a field that suggests, and take the suggestion with the keyboard."""
    page.fill(field, words)
    page.wait_for_selector(f"{field}[aria-expanded=true]")
    page.wait_for_selector(f".pick-list:not([hidden]) li:has-text('{code}')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.input_value(field) == code


def close_secret(page):
    """Close what is shown once, which is asked about."""
    page.keyboard.press("Escape")
    page.click("dialog:last-of-type .dialog-asked button.loud")


def section(tab, name, **more):
    page = tab.go(f"/admin?section={name}")
    page.wait_for_selector(f"#admin-room [data-section={name}] h1")
    return page


def test_pair_a_phone(open_tab, service):
    tab = open_tab("admin", language="en")
    page = section(tab, "devices")
    page.click("text=Pair a phone")
    choose(page, "#pair-person", "王一", "P1")
    page.click("dialog button.main")
    code = page.wait_for_selector("dialog img.qr")
    assert code.bounding_box()["width"] > 150
    link = page.input_value("dialog input[aria-label=Link]")
    assert re.fullmatch(rf"{re.escape(service.address)}.*/phones/traccar/gp_[\w-]+\?.*|https?://.*gp_.*", link)
    tab.axe()
    # It is shown this once: Escape asks first.
    page.keyboard.press("Escape")
    page.click("dialog button:text-is('Not yet')")
    assert page.is_visible("dialog img.qr")
    close_secret(page)
    page.wait_for_selector("table >> text=王一")
    assert "gp_" not in page.content()
    page.click("table button:has-text('Open')")
    page.click("dialog button.loud:has-text('Revoke')")
    page.click("dialog:last-of-type button.loud:has-text('Revoke')")
    page.wait_for_selector("table >> text=revoked")


def test_upload_a_list_with_two_bad_rows(open_tab, tmp_path):
    tab = open_tab("admin", language="zh")
    page = section(tab, "people")
    page.wait_for_selector("table >> text=王一")
    path = tmp_path / "名单.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    page.click("button:has-text('上传')")
    page.set_input_files("#upload-file", path)
    page.wait_for_selector(".tiles")
    assert [page.inner_text(f".tile.{kind} dd") for kind in ("new", "changed", "same", "refused")] == [
        "1",
        "1",
        "1",
        "2",
    ]
    told = page.inner_text("dialog")
    assert "人员编号为空" in told
    assert "另有说法" in told
    assert "13900000000" in told
    tab.axe()
    tab.picture("admin-upload")
    with page.expect_download() as kept:
        page.click("text=下载这些行")
    kept.value.save_as(tmp_path / "rejects.csv")
    assert (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig").count("\n") == 3
    # Nothing was taken in yet, and Escape asks before it is given up.
    page.keyboard.press("Escape")
    page.click("text=继续编辑")
    page.click("dialog button.main:has-text('写入其余 2 条')")
    page.wait_for_selector("dialog .message.good:has-text('新增 1 条')")
    page.keyboard.press("Escape")
    page.wait_for_selector("table >> text=陈七")
    expect(page.locator("dialog")).to_have_count(0)


def test_one_telephone_number_and_what_another_has_changed(open_tab):
    page = section(open_tab("admin", language="zh"), "people")
    tab = open_tab("admin", language="zh")
    other = section(tab, "people")
    tab.allow("status of 412")
    for one in (page, other):
        one.click("tr:has-text('L1') button")
    for one, number in ((page, "13811111111"), (other, "13822222222")):
        one.fill("#field-telephone", number)
    page.click("dialog button.main")
    page.wait_for_selector("table >> text=13811111111")
    other.click("dialog button.main")
    other.wait_for_selector("dialog .message.bad:has-text('被他人修改')")
    assert other.input_value("#field-telephone") == "13822222222"
    other.click("dialog >> text=取消")
    other.click("dialog button:text-is('放弃')")
    expect(other.locator("dialog")).to_have_count(0)


def test_what_is_typed_outlives_a_session_that_has_ended(open_tab, service):
    tab = open_tab("admin", language="en", window="ended")
    tab.allow("status of 401", "status of 403")
    page = section(tab, "people")
    page.click("tr:has-text('P2') button")
    page.fill("#field-telephone", "13833333333")
    with service.services.store.changing("test") as change:
        change.connection.exec_driver_sql("delete from session where account = 'admin'")
    service.services.callers.forget()
    page.click("dialog button.main")
    page.wait_for_selector("dialog .message.bad a[href='/sign-in']")
    page.context.add_cookies([{"name": COOKIE, "value": service.session("admin"), "url": service.address}])
    page.click("dialog button.main")
    page.wait_for_selector("table >> text=13833333333")


def test_a_units_grids_go_to_a_substitute_for_a_week(open_tab, service):
    tab = open_tab("admin", language="en")
    page = section(tab, "substitutes")
    page.click("text=Arrange a substitute")
    choose(page, "#give-unit", "海门街道", A[:9] + "000")
    choose(page, "#give-person", "赵三", "L1")
    today = dt.date.fromisoformat(page.input_value("#give-from"))
    page.fill("#give-last", (today + dt.timedelta(days=6)).isoformat())
    page.click("dialog button.main:has-text('See what it does')")
    page.wait_for_selector("dialog button.main:has-text('Give')")
    count = int(re.search(r"Give (\d+) duties", page.inner_text("dialog button.main"))[1])
    assert count > 1
    tab.axe()
    page.click("dialog button.main")
    page.wait_for_selector(f"text=Done: {count} new")
    page.wait_for_selector(f"text=1 to {count} of {count}")
    assert page.locator("tbody tr").count() == count
    assert "赵三" in page.inner_text("tbody tr >> nth=0")
    with service.services.store.reading() as connection:
        rows = connection.exec_driver_sql("select from_day, to_day from duty where role = 'substitute'").all()
    assert set(rows) == {(today.isoformat(), (today + dt.timedelta(days=7)).isoformat())}


@pytest.mark.parametrize(("language", "size"), [("zh", "phone"), ("en", "desk")])
def test_every_section_is_there_and_accessible(open_tab, language, size):
    tab = open_tab("admin", language=language, size=size)
    page = section(tab, "accounts")
    page.wait_for_selector("table")
    sections = page.eval_on_selector_all("#admin-choose option", "all => all.map(one => one.value)")
    assert len(sections) == 19
    for name in sections:
        if size == "phone":
            page.select_option("#admin-choose", name)
        else:
            page.click(f"#admin-nav a[data-section={name}]")
        page.wait_for_selector(f"#admin-room [data-section={name}][data-shown] h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name
        assert page.locator(".message.bad:visible").count() == 0, name
        if name in (("accounts", "duties", "wall") if size == "phone" else ("calendar", "rules", "sub_categories")):
            tab.axe()
    tab.picture(f"admin-{language}-{size}")
    page.go_back()
    page.wait_for_selector(f"#admin-room [data-section={sections[-2]}] h1")


def test_accounts_of_a_unit_alone(open_tab, service):
    Accounts(service.services.store).add("part", PASSWORD, "administrator", TOWNSHIPS["C"], author="test")
    tab = open_tab("part", language="zh", size="phone")
    page = section(tab, "accounts")
    page.wait_for_selector("table")
    names = [name.split()[-1] for name in page.locator("tbody th").all_inner_texts()]
    assert "part" in names
    assert "li.na" not in names
    assert page.locator("#admin-choose option").count() == 2
    page.click("button:has-text('新增账号')")
    page.fill("#account-name", "xin.ren")
    page.select_option("#account-role", "wall")
    page.click("text=自动生成")
    page.click("dialog button.main")
    page.wait_for_selector("dialog:has-text('账号 xin.ren')")
    assert len(page.input_value("dialog input[aria-label=密码]")) > 15
    close_secret(page)
    page.select_option("#admin-choose", "wall")
    page.click("article:has-text('xin.ren') >> text=新建链接")
    assert re.search(r"/wall#gg_[\w-]{40,}$", page.input_value("dialog input[aria-label=链接]"))
    tab.axe()
    close_secret(page)
    page.click("article:has-text('xin.ren') >> text=吊销")
    page.click("dialog button.loud")
    page.wait_for_selector("article:has-text('xin.ren') >> text=目前没有链接")
    page.click("button:has-text('新增大屏')")
    page.fill("#account-name", "da.ping")
    page.click("dialog button.main")
    page.wait_for_selector("dialog:has-text('da.ping 的链接')")
    close_secret(page)
    page.wait_for_selector("article:has-text('da.ping') >> text=从未使用")


@pytest.mark.parametrize(("language", "size"), [("zh", "desk"), ("en", "phone")])
def test_audit__is_searched_and_taken_as_a_file(open_tab, tmp_path, language, size):
    tab = open_tab("auditor", language=language, size=size)
    page = tab.go("/audit")
    page.wait_for_selector("tbody tr")
    page.select_option("select[name=action]", "take_in")
    page.fill("input[name=author]", "clerk")
    page.click("#audit-form button.main")
    expect(page.locator("tbody tr")).to_have_count(7)
    assert ("3 条" if language == "zh" else "3 new") in page.inner_text("tbody tr:has-text('people')")
    with page.expect_download() as kept:
        page.click(".pager a >> nth=0")
    kept.value.save_as(tmp_path / "audit.csv")
    assert (tmp_path / "audit.csv").read_text(encoding="utf-8-sig").count("\n") == 8
    tab.axe()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    tab.picture(f"audit-{language}-{size}")
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(7)
    page.fill("input[name=author]", "nobody")
    page.click("#audit-form button.main")
    page.wait_for_selector("#audit-lines .empty")


def test_admin_and_audit_are_not_for_others(open_tab):
    page = open_tab("li.na", language="zh").go("/sign-in")
    answers = {path: page.request.get(f"{page.url.rsplit('/', 1)[0]}{path}").status for path in ("/admin", "/audit")}
    assert answers == {"/admin": 403, "/audit": 403}
