"""Units and offices by what a person calls them on the command line: code, name, department, or level in an incident's path."""

from collections.abc import Iterable, Mapping

from gisgrid.errors import BadOption
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, DISTRICT, LEVELS
from gisgrid.store import Store
from gisgrid.store.answering import office_names
from gisgrid.store.units import find_unit
from gisgrid.units import Unit


def unit_called(store: Store, text: str) -> Unit:
    """The unit of a code or name, or an area; empty: everything. `UnknownGrid` for what nothing is called."""
    with store.reading() as connection:
        units = {code: name for code, name in office_names(connection).items() if not code.startswith(DEPARTMENT)}
        return find_unit(connection, _only(text, (code for code, name in units.items() if text and text == name)))


def office_called(names: Mapping[str, str], text: str, path: Mapping[str, str] | None = None) -> str:
    """The code of an office; `names` are those of units and departments, `path` the offices of an incident by level.

    `BadOption` for what nothing is called, and for a level that the incident has not. A code is taken as it is: whether there
    is such an office, and what it may do, is for the flow to say.
    """
    level = next((name for name, labels in LEVELS.items() if text in (name, *labels)), None)
    if path is not None and level is not None:
        if not path[level]:
            raise BadOption(f"this incident has no {level} yet; re-assign it for the district first")
        return path[level]
    if text in DEPARTMENTS or DEPARTMENT + text in names:
        return DEPARTMENT + text
    found = [code for code, name in names.items() if text in (code, name)]
    found += [DEPARTMENT + code for code, labels in DEPARTMENTS.items() if text in labels]
    code = _only(text, dict.fromkeys(found))
    if not found and not (text.isdecimal() or text == DISTRICT or text.startswith(DEPARTMENT)):
        levels = "" if path is None else " village, township,"
        raise BadOption(f"no office is called {text!r}; give its code, or{levels} district, or a department")
    return code


def holder_called(store: Store, text: str) -> str:
    """The code of the office at which incidents wait; empty: any. `UnknownGrid` or `BadOption` for one that there is not."""
    if not text:
        return text
    with store.reading() as connection:
        names = office_names(connection)
        office = office_called(names, text)
        if office not in names and office != DISTRICT and office.removeprefix(DEPARTMENT) not in DEPARTMENTS:
            find_unit(connection, office, areas=False)
    return office


def _only(text: str, found: Iterable[str]) -> str:
    """The one that is found, else the text itself; `BadOption` for several."""
    codes = list(found)
    if len(codes) > 1:
        raise BadOption(f"{text!r} may be {', '.join(codes)}; give the code")
    return codes[0] if codes else text
