"""Both languages of the pages: the same keys, the same values to put in, and really in their language."""

import re

import pytest

from web.pages.languages import LANGUAGES, LOCALES, rooms, words_of_room
from web.pages.shell import WORKBENCHES, Translator
from web.pages.terms import terms

HAN = re.compile(r"[\u4e00-\u9fff]")
SAME = {"", "gisgrid", "API", "CSV", "XLSX"}
STATIC = LOCALES.parent / "static" / "js"
TEMPLATES = LOCALES.parent / "templates"
USED = re.compile(r"""\bt\(\s*["']([a-z_]+(?:\.[A-Za-z0-9_]+)+)["']""")


@pytest.mark.parametrize("room", rooms())
def test_words__of_a_room_are_whole_in_both_languages(room):
    english, chinese = words_of_room("en", room), words_of_room("zh", room)
    assert list(english) == list(chinese)
    for key, text in english.items():
        assert text.strip(), key
        assert chinese[key].strip(), key
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[key])), key
        assert not HAN.search(text), key
        assert HAN.search(chinese[key]) or not re.search(r"[A-Za-z]{3}", chinese[key]) or chinese[key] in SAME, key


def test_terms__are_whole_in_both_languages():
    english, chinese = terms("en"), terms("zh")
    assert list(english) == list(chinese)
    assert all(not HAN.search(text) for text in english.values())
    assert all(HAN.search(text) for text in chinese.values() if text.strip())


def test_words__every_key_that_pages_use_is_there():
    known = set(terms("en")).union(*(words_of_room("en", room) for room in rooms()))
    sources = [*STATIC.rglob("*.js"), *TEMPLATES.glob("*.html")]
    used = {(key, path.name) for path in sources for key in USED.findall(path.read_text(encoding="utf-8"))}
    assert len(used) > 20
    assert {pair for pair in used if pair[0] not in known} == set()


def test_words__every_workbench_has_its_name():
    for language in LANGUAGES:
        for bench in WORKBENCHES:
            assert Translator(language, words_of_room(language, "shell"))(f"shell.bench.{bench.room}")
