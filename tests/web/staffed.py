"""The service over a small district with people: who patrols and leads which grid, units and places with names."""

from contextlib import contextmanager

from gisgrid.store.register_files import import_register
from tests.gisgrid.store.incident_places import CODES
from tests.web.served import served

A, B, C, D, E = (CODES[letter] for letter in "ABCDE")
REGISTERS = {
    "people": "code,name,telephone\nP1,王一,13800000001\nP2,李二,13800000002\nL1,赵三,13800000003\n",
    "duties": "patroller,grid,role,from,to\n"
    f"P1,{C},patroller,2018-05-01,\nP2,{A},patroller,2018-05-01,\nP2,{B},patroller,2018-05-01,\n"
    f"L1,{A},leader,2018-05-01,\nL1,{C},leader,2018-05-01,2018-05-06\n",
    "units": f"code,level,name\n{A[:9]}000,,海门街道\n{A[:12]},,东门社区\n{C[:12]},,南门村\nA1,area,海门一片\n",
    "areas": f"area,grid\nA1,{A}\nA1,{C}\n",
    "places": f"code,kind,name,village,lon,lat\nX1,school,实验小学,{A[:12]},121.4005,28.6005\n",
    "departments": "code,name,telephone\nfire,消防大队,119\nparks,园林,0576\n",
    "roster": f"day,shift,unit,patroller,note\n2018-05-07,day,{A[:9]}000,P2,门口\n2018-05-07,day,{C[:9]}000,P1,\n",
}


@contextmanager
def staffed(database, folder, **settings):
    """As `served`, with the registers filled."""
    with served(database, **settings) as service:
        for name, text in REGISTERS.items():
            path = folder / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            import_register(service.services.store, name, path, author="clerk")
        yield service


def pages(service, name, path, key, **options):
    """All that a list holds, read page by page."""
    found, cursor = [], None
    while True:
        params = {**options, **({"cursor": cursor} if cursor else {})}
        answer = service.ask(name, "GET", path, params=params)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        found += told[key]
        cursor = told["next"]
        if cursor is None:
            return found
