"""The help: whole in both languages, open to everybody, at the place of each workbench; keys as the command map has them."""

import re

import pytest

from tests.web.served import served
from web.pages.help_sections import KEYS, SECTIONS, sections
from web.pages.languages import LANGUAGES, LOCALES, words_of_room
from web.pages.shell import WORKBENCHES


@pytest.mark.parametrize("language", LANGUAGES)
def test_sections__each_has_a_title_and_explains(language):
    told = sections(language)
    assert [section.name for section in told] == list(SECTIONS)
    for section in told:
        assert section.title
        assert section.name == "keys" or section.lines
        assert all(term and explanation for _, term, explanation in section.lines), section.name


def test_sections__none_of_the_words_is_left_out():
    written = {key.split(".")[2] for key in words_of_room("zh", "help") if key.startswith("help.s.")}
    assert written == set(SECTIONS)


def test_sections__there_is_one_for_each_workbench():
    assert {bench.room for bench in WORKBENCHES} <= set(SECTIONS)


def test_keys__are_those_of_the_command_map():
    script = (LOCALES.parent / "static" / "js" / "command-keys.js").read_text(encoding="utf-8")
    there = re.findall(r'\["([^"]+)", t\("command\.key\.(\w+)"\)', script)
    assert [(key.replace("1 – 5", "1 2 3 4 5"), name) for key, name in there] == list(KEYS)


def test_page__for_strangers_and_for_those_signed_in(make_database):
    with served(make_database("sqlite")) as service:
        stranger = service.client.get("/help", headers={"accept-language": "zh"})
        assert stranger.status_code == 200
        assert "帮助" in stranger.text
        assert 'class="benches"' not in stranger.text
        token = {"authorization": f"Bearer {service._token('li.na')}"}
        assert 'class="benches"' in service.client.get("/help", headers=token).text
        assert service.client.get("/help", headers={"authorization": "Bearer gg_wrong"}).status_code == 200
        assert 'href="/help#command"' in service.client.get("/command", headers=token).text
