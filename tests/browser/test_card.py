"""The card, its moves, new reports and urgent alerts in a real browser, in two windows at once and with a line that drops."""

import pytest

from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import VILLAGES
from tests.web.matrix import jpeg
from tests.worlds import at
from web.doors import COOKIE

INSIDE = (100.0, 200.0)
AT_BORDER = (100.0, 104.0)


@pytest.fixture(scope="module")
def district(service):
    return service.district


def opened(open_tab, name, path="/command", **options):
    tab = open_tab(name, **options)
    tab.go(path)
    tab.wait_live()
    # The clock of the tests stands still, so the time of a report is ahead of it; it is sent again without.
    tab.allow("status of 422")
    return tab


def fill_report(page, text, place=INSIDE):
    page.click("#new-report")
    page.select_option("#report-category", "public_security_hazards")
    page.select_option("#report-sub", "fire_hazard")
    page.fill("#report-description", text)
    page.check("input[value=coordinates]", force=True)
    for box, degrees in zip(page.locator(".way input").all(), at(*place), strict=True):
        box.fill(f"{degrees:.7f}")
    page.wait_for_selector(".report-answer .team")


def found(service, text):
    """The numbers of the incidents that say so, as the service has them."""
    page = service.services.incidents.page(most=1_000)
    return [one.id for one in page.incidents if one.description == text]


def test_report__appears_in_another_window_and_is_worked_on_there(open_tab, service):
    here, there = opened(open_tab, "li.na"), opened(open_tab, "other", language="en")
    fill_report(here.page, "楼道堆物")
    answer = here.page.inner_text(".report-answer")
    assert CODES["A"] in answer
    assert "13800000002" in answer
    here.page.click(".report-foot .main")
    here.page.wait_for_selector("#report-sent")
    (number,) = found(service, "楼道堆物")
    assert "13800000002" in here.page.inner_text("#report-sent")

    there.page.wait_for_selector("#newest-count:not([hidden])")
    assert "(1)" in there.page.title()
    there.page.click("#newest summary")
    there.page.click(f"#newest-list button:has-text('#{number}')")
    there.page.wait_for_selector(".card .words:has-text('楼道堆物')")
    here.page.click("#report-sent .main")
    here.page.wait_for_selector(".card .tag.strong:has-text('已上报')")
    there.page.click("[data-move=accept]")
    there.page.wait_for_selector(".card .tag.strong:has-text('Accepted')")
    here.page.wait_for_selector(".card .tag.strong:has-text('已受理')")
    assert here.page.url.endswith(f"#incident={number}")


def test_move__of_an_incident_that_was_overtaken_keeps_what_was_typed(open_tab, service, district):
    number = district.report(INSIDE, description="井盖缺失").incident.id
    tab = opened(open_tab, "li.na", f"/command#incident={number}")
    tab.allow("status of 412")
    page = tab.page
    page.click("[data-move=hand_up]")
    page.fill(".move-form textarea", "须镇街协调")

    def another_is_quicker(route):
        if not district.moves(number):
            district.step(number, "accept", VILLAGES["A"], author="other")
        route.continue_()

    page.route("**/steps", another_is_quicker)
    page.click(".move-form .main")
    page.click(".move-form .looked")
    assert "other" in page.inner_text(".card-steps")
    assert page.input_value(".move-form textarea") == "须镇街协调"
    page.dblclick(".move-form .main")
    page.wait_for_selector(".card-said .good")
    assert district.moves(number) == ["accept", "hand_up"]
    assert district.steps(number)[1].reason == "须镇街协调"


def test_move__that_came_too_late_is_told_in_one_sentence(open_tab, district):
    number = district.report(INSIDE, description="噪声").incident.id
    tab = opened(open_tab, "li.na", f"/command#incident={number}", language="en")
    tab.allow("status of 412")
    page = tab.page

    def another_is_quicker(route):
        district.step(number, "accept", VILLAGES["A"], author="other")
        route.continue_()

    page.route("**/steps", another_is_quicker)
    page.click("[data-move=accept]")
    assert "other" in page.inner_text(".move-problem")
    page.wait_for_selector("button[data-move=accept]", state="detached")
    assert district.moves(number) == ["accept"]


def test_draft__outlives_a_reload_and_a_dropped_line_and_is_sent_once(open_tab, service):
    tab = opened(open_tab, "li.na", window="draft")
    tab.allow("net::ERR_", "Failed to load resource")
    page = tab.page
    fill_report(page, "电线脱落")
    page.reload()
    page.wait_for_function("document.querySelector('#report-description')?.value === '电线脱落'")
    page.wait_for_selector(".report-answer .team")
    page.context.set_offline(True)
    page.click(".report-foot .main")
    page.wait_for_selector(".message.waiting:not([hidden])")
    assert "只发送一次" in page.inner_text(".message.waiting")
    page.context.set_offline(False)
    page.wait_for_selector("#report-sent", timeout=30_000)
    assert len(found(service, "电线脱落")) == 1
    assert page.evaluate("localStorage.getItem('gisgrid.report.li.na')") is None


def test_draft__whose_answer_was_lost_is_not_doubled(open_tab, service):
    tab = opened(open_tab, "other", window="lost")
    tab.allow("net::ERR_", "Failed to load resource")
    page = tab.page
    lost = []

    def lose_the_answer(route):
        answer = route.fetch()
        if answer.status == 201 and not lost:
            lost.append(answer)
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/api/v1/incidents", lose_the_answer)
    fill_report(page, "水管爆裂")
    page.click(".report-foot .main")
    page.wait_for_selector("#report-sent", timeout=30_000)
    assert len(lost) == 1
    assert "没有重复上报" in page.inner_text("#report-sent")
    assert len(found(service, "水管爆裂")) == 1


def test_draft__waits_for_signing_in_again(open_tab, service):
    tab = opened(open_tab, "other", window="ended")
    tab.allow("status of 401")
    page = tab.page
    fill_report(page, "路灯不亮")
    page.context.clear_cookies(name=COOKIE)
    page.click(".report-foot .main")
    page.wait_for_selector(".message.waiting:has-text('请重新登录')")
    page.context.add_cookies([{"name": COOKIE, "value": service.session("other"), "url": service.address}])
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_selector("#report-sent")
    assert len(found(service, "路灯不亮")) == 1


def test_card__a_photo_and_a_duplicate(open_tab, district):
    first = district.report((20.0, 20.0), description="垃圾").incident.id
    number = district.report((25.0, 20.0), description="垃圾成堆").incident.id
    page = opened(open_tab, "li.na", f"/command#incident={number}").page
    photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(40)}
    page.set_input_files(".card-photos input[type=file]", files=[photo])
    page.wait_for_selector(".photos img")
    page.click("button:text-is('是同一事件')")
    page.wait_for_selector(".card .tag.strong:has-text('无效')")
    page.click(f"button.link:has-text('#{first}')")
    page.wait_for_selector(f".card[data-number='{first}'] .tag:has-text('确认重复')")


def test_urgent__at_a_border_names_both_sides_until_acknowledged(open_tab, district):
    here, there = opened(open_tab, "li.na", window="loud"), opened(open_tab, "east", language="en", window="loud")
    number = district.report(AT_BORDER, description="仓库起火", is_urgent=True, source="map").incident.id
    here.page.wait_for_selector(f".alert[data-number='{number}'] .telephone >> nth=1")
    told = here.page.inner_text(f".alert[data-number='{number}']")
    assert CODES["A"] in told
    assert CODES["C"] in told
    assert "13800000002" in told
    assert "13800000001" in told
    # Those across the border are alarmed too, in their language.
    there.page.wait_for_selector(f".alert[data-number='{number}']:has-text('Across the border')")
    here.axe()
    here.picture("urgent-zh-desk")
    here.page.reload()
    here.page.wait_for_selector(f".alert[data-number='{number}']")
    here.page.click(f".alert[data-number='{number}'] .acknowledge")
    here.page.wait_for_selector("#alerts[hidden]", state="attached")
    with here.page.expect_response("**/board/incidents?is_urgent=true*"):
        here.page.reload()
    here.wait_live()
    assert here.page.locator("#alerts .alert").count() == 0


@pytest.mark.parametrize(("language", "size"), [("zh", "desk"), ("en", "phone")])
def test_card_and_form__are_accessible(open_tab, district, language, size):
    number = district.report(INSIDE, description="消防通道堵塞 " * 12).incident.id
    district.step(number, "accept", VILLAGES["A"])
    tab = opened(open_tab, "li.na", f"/command#incident={number}", language=language, size=size)
    page = tab.page
    page.wait_for_selector(".card .facts")
    page.click("[data-move=comment]")
    page.wait_for_selector(".move-form")
    tab.axe()
    tab.picture(f"card-{language}-{size}")
    page.keyboard.press("Escape")
    page.wait_for_selector(".move-form", state="detached")
    page.focus(".card-bar h2")
    page.keyboard.press("Escape")
    page.wait_for_selector("#detail[hidden]", state="attached")
    page.click("#new-report")
    page.wait_for_selector("#report-category option >> nth=1", state="attached")
    where = page.locator("#map-place").bounding_box()
    page.mouse.click(where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    page.wait_for_selector(".map-pin", state="attached")
    tab.axe()
    tab.picture(f"report-{language}-{size}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
