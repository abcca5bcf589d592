"""Every error has a status, a code and titles and is told in one line; the drawn tree is the real one; what people at pages
meet is said in both languages.
"""

import ast
import pickle
import re
from pathlib import Path

import pytest

from gisgrid import cli, errors
from gisgrid.errors import GisgridError
from gisgrid.told import Told, told_in
from web.problems import STATUS, TITLES, status_of

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# The rooms whose errors people meet at pages and phones; what only the command line says may be English.
BOTH_LANGUAGES = (
    "gisgrid/access.py", "gisgrid/categories.py", "gisgrid/clocks.py", "gisgrid/figures.py", "gisgrid/flow.py",
    "gisgrid/incident_rows.py", "gisgrid/map_answers.py", "gisgrid/map_filters.py", "gisgrid/passwords.py",
    "gisgrid/photos.py", "gisgrid/rules.py", "gisgrid/table_files.py", "gisgrid/tables.py", "gisgrid/units.py",
    "gisgrid/store/accounts.py", "gisgrid/store/answered.py", "gisgrid/store/belonging.py",
    "gisgrid/store/devices.py", "gisgrid/store/incidents.py", "gisgrid/store/intake.py", "gisgrid/store/jobs.py",
    "gisgrid/store/photos.py", "gisgrid/store/register_files.py", "gisgrid/store/registers.py",
    "gisgrid/store/reports.py", "gisgrid/store/staffing.py", "gisgrid/store/steps.py", "gisgrid/store/units.py",
    "tracks/pairing.py", *(f"web/{path.name}" for path in sorted((ROOT / "web").glob("*.py")) if not path.name.startswith(
        ("ogc", "called", "demo", "services", "stored", "spoken", "days", "settings", "entered", "summary", "words")
    )), *(f"web/routes/{path.name}" for path in sorted((ROOT / "web" / "routes").glob("*.py"))),
)  # fmt: skip


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


OURS = sorted({GisgridError, *descendants(GisgridError)}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_status_of__every_error_has_one(kind):
    assert 400 <= status_of(kind) < 600


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_main__every_error_is_one_line_and_code_2(kind, monkeypatch, capsys):
    def fail(_):
        raise kind("what, expected, remedy")

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main([]) == 2
    assert capsys.readouterr().err == "error: what, expected, remedy\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["incidents", "list", "--language", "zh"], "错误：什么\n"),
        (["incidents", "list", "--language=zh"], "错误：什么\n"),
        (["incidents", "list", "--language", "en"], "error: what\n"),
        (["incidents", "list", "--language"], "error: what\n"),
        (["incidents", "zh"], "error: what\n"),
    ],
)
def test_main__tells_errors_in_the_language_asked_for(arguments, told, monkeypatch, capsys):
    def fail(_):
        raise GisgridError("what", zh="什么")

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == told


def test_errors__all_stand_in_the_drawing():
    drawn = errors.__doc__ or ""
    assert {kind.__name__ for kind in OURS if kind.__name__ not in drawn} == set()
    assert set(STATUS) <= set(OURS)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_errors__each_has_a_code_and_titles_of_its_own(kind):
    assert {"code", "titles"} <= set(vars(kind))
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    english, chinese = kind.titles
    assert english
    assert not CHINESE.search(english)
    assert CHINESE.search(chinese)


def test_errors__codes_are_never_given_twice():
    assert len({kind.code for kind in OURS}) == len(OURS)


def test_titles__of_every_status_in_both_languages():
    assert {status_of(kind) for kind in OURS} <= set(TITLES)
    assert all(CHINESE.search(chinese) and not CHINESE.search(english) for _, english, chinese in TITLES.values())


def test_told__in_english_where_there_is_no_chinese():
    assert (GisgridError("what", zh="什么").told(1), GisgridError("what").told(1)) == ("什么", "what")
    assert (told_in(Told("what", "什么"), 1), told_in("what", 1), told_in(Told("what", "什么"), 0)) == (
        "什么",
        "what",
        "what",
    )


def test_told__survives_being_sent_to_another_process():
    error, told = pickle.loads(pickle.dumps((errors.TooMany("what", 7, zh="什么"), Told("what", "什么"))))  # our own
    assert (str(error), error.zh, told, told.zh) == ("what", "什么", "what", "什么")


def chinese_of(node):
    """Whether an argument is Chinese as far as can be read: a text with Chinese in it, or the Chinese of something else."""
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if texts:
        return any(CHINESE.search(text) for text in texts)
    names = [part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in ast.walk(node)]
    return any("zh" in name.lower() or name == "told_in" for name in names)


@pytest.mark.parametrize("module", BOTH_LANGUAGES)
def test_errors__that_people_meet_are_said_in_both_languages(module):
    ours = {kind.__name__ for kind in OURS}
    lacking = []
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ours:
            said = [given.value for given in node.keywords if given.arg == "zh"]
            if not said or not chinese_of(said[0]):
                lacking.append(f"{module}:{node.lineno}: {ast.unparse(node)[:100]}")
        elif node.func.id == "HTTPException" and not (
            {"Told", "_UNKNOWN"} & set(re.findall(r"\w+", ast.unparse(node)))
        ):
            lacking.append(f"{module}:{node.lineno}: {ast.unparse(node)[:100]}")
    assert lacking == []
