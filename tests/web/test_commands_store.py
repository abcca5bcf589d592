"""Commands on the store: publish, registers, incidents, retention, audit; and the demonstration's state."""

import datetime as dt

import numpy as np
import pytest

from gisgrid.cli import main
from gisgrid.errors import BadOption
from gisgrid.sample import SAMPLE_NOW, build_district, build_incidents, write_sample
from gisgrid.store import open_store
from gisgrid.store.editions import Editions
from gisgrid.store.health import check_health
from gisgrid.store.incidents import Incidents
from gisgrid.table_files import read_table
from tests.worlds import draw_network
from tracks.archive import TrackArchive, batch_of_fixes
from tracks.fixes import collect_fixes
from web.demo_store import keep_sample, open_demo_store

INCIDENTS = "incident,category,time,lon,lat\n1,disputes,2018-05-07T08:00:00+08:00,{lon},{lat}\n2,quarrel,2018-05-07T08:00:00+08:00,121.41,28.61\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with one edition, published by the command."""
    monkeypatch.delenv("GISGRID_DATABASE_URL", raising=False)
    monkeypatch.setenv("USER", "jing")
    draw_network("AB").write(tmp_path / "grids.gpkg")
    assert (
        main(
            ["grids", "publish", str(tmp_path / "grids.gpkg"), "--from", "2018-01-01", "--data", str(tmp_path / "data")]
        )
        == 0
    )
    return tmp_path


def run(folder, *arguments):
    return main([*arguments, "--data", str(folder / "data")])


def test_incidents__in_listed_out(folder, capsys):
    point = draw_network("AB").geometry[1].representative_point()
    (folder / "in.csv").write_text(INCIDENTS.format(lon=point.x, lat=point.y), encoding="utf-8")
    assert run(folder, "incidents", "import", str(folder / "in.csv"), "--system", "hotline") == 1
    said = capsys.readouterr().out
    assert "1 new, 0 changed, 0 as before" in said
    assert "'quarrel' is unknown" in said
    assert read_table(folder / "in.rejects.csv").texts("incident").tolist() == ["2"]
    assert run(folder, "incidents", "list", "--unit", "B", "--state", "reported") == 0
    assert "1 of 1 incidents" in capsys.readouterr().out
    assert (
        run(folder, "incidents", "export", str(folder / "out.gpkg"), "--from", "2018-05-07", "--to", "2018-05-07") == 0
    )
    table = read_table(folder / "out.gpkg")
    assert (table.texts("grid")[0], table.texts("how")[0]) == ("B", "inside")
    (folder / "words.csv").write_text(
        "source_system,field,theirs,ours\nhotline,category,quarrel,disputes\n", encoding="utf-8"
    )
    assert run(folder, "registers", "import", "translations", str(folder / "words.csv")) == 0
    assert run(folder, "incidents", "import", str(folder / "in.rejects.csv"), "--system", "hotline") == 0
    assert "1 new" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["incidents", "list", "--state", "done"], "--state is 'done'"),
        (["incidents", "list", "--from", "May"], "--from is 'May'"),
        (["incidents", "export", "out.doc"], "unknown ending"),
        (["incidents", "import", "none.csv", "--system", "x"], "does not exist"),
        (["incidents", "import", "none.csv", "--system", "x", "--column", "king=a"], "--column is 'king=a'"),
        (["incidents", "import", "none.csv", "--system", "x", "--zone", "Mars"], "--zone is 'Mars'"),
        (["registers", "export", "kings", "a.csv"], "no register 'kings'"),
        (["registers", "export", "people", "a.gpkg"], "needs columns lon and lat"),
        (["database", "retain", "--months", "0"], "0 months"),
    ],
)
def test_bad_options__are_told(folder, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(folder)
    assert run(folder, *arguments) == 2
    assert said in capsys.readouterr().err


def test_retain__tells_the_audit_before_the_archive_forgets(folder, capsys, monkeypatch):
    archive = TrackArchive(folder / "data" / "tracks")
    old = collect_fixes(
        np.array(["P1"], dtype=object), np.array([1_525_651_200_000]), np.array([121.4]), np.array([28.6])
    )
    archive.add(batch_of_fixes(old))

    def crash(*_):
        raise OSError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(TrackArchive, "forget", crash)
        assert run(folder, "database", "retain") == 2
    assert len(archive.days()) == 1
    assert run(folder, "database", "retain") == 0
    assert "1 fixes of 1 days" in capsys.readouterr().out
    assert archive.days() == {}
    run(folder, "database", "audit", str(folder / "audit.csv"))
    told = [text for text in read_table(folder / "audit.csv").texts("result") if "1 archived fixes" in text]
    assert len(told) == 2


def test_audit__names_who_did_it(folder, capsys):
    assert run(folder, "database", "retain") == 0
    assert run(folder, "database", "audit", str(folder / "audit.csv")) == 0
    table = read_table(folder / "audit.csv")
    assert table.texts("action").tolist() == ["publish", "retain"]
    assert set(table.texts("author")) == {"jing"}
    assert run(folder, "registers", "list") == 0
    assert "duties" in capsys.readouterr().out


def test_demo_store__refuses_the_data_of_a_real_district(folder):
    with pytest.raises(BadOption, match="real district"):
        open_demo_store(folder / "data")


def test_demo_store__running_again_changes_nothing(tmp_path):
    district = build_district()
    paths = write_sample(tmp_path / "sample", district, incidents=build_incidents(district, 2_000, SAMPLE_NOW))
    fixes = collect_fixes(
        np.array(["P0001"], dtype=object), np.array([1_525_651_200_000]), np.array([121.4]), np.array([28.6])
    )
    counts = []
    for _ in range(2):
        store = open_demo_store(tmp_path)
        keep_sample(store, tmp_path, paths, district.network, fixes)
        health = check_health(store)
        assert health.problems == ()
        counts.append({name: rows for name, rows in health.rows.items() if name != "audit"})
        assert len(Editions(store).all()) == 1
        assert Incidents(store).count() == 2_000
        store.close()
    assert counts[0] == counts[1]
    assert counts[0]["duty"] > 3_000
    store = open_store(tmp_path)
    assert Editions(store).network_at(dt.date(2018, 5, 7)).is_sample
    store.close()
