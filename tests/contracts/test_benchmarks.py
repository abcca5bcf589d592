"""The benchmarks: a peer that answers otherwise fails the run; the page says what was measured and what was not reached."""

import numpy as np
import pytest

from benchmarks.__main__ import _place
from benchmarks.growth import side_by_side
from benchmarks.peers import Peer, PeersAnswerDiffersError, _sjoin, positions_of
from benchmarks.report import Report
from benchmarks.timing import take_turns
from benchmarks.worlds import World, random_on_land
from tests.worlds import draw_network

NETWORK = draw_network("AB\nCD")
WORLD = World("four grids", NETWORK.geometry.copy(), *random_on_land(NETWORK.geometry, 400))


def test_placing__a_peer_with_another_answer_fails_the_run():
    def wrong(world):
        def run():
            asked, grids = _sjoin(world)()
            return asked, np.where(asked == 7, (grids + 1) % 4, grids)

        return run

    report = Report()
    _place(report, WORLD, [Peer("right", "1", _sjoin)], is_sample=False)
    assert [row.who for row in report.rows][-1] == "right"
    with pytest.raises(PeersAnswerDiffersError, match=r"1 of 400 points; wrong puts"):
        _place(report, WORLD, [Peer("wrong", "1", wrong)], is_sample=False)


def test_positions_of__the_smallest_for_each_point():
    pairs = (np.array([2, 0, 2]), np.array([5, 1, 3]))
    assert positions_of(pairs, 4).tolist() == [1, -1, 3, -1]


def test_report__says_what_was_not_reached(tmp_path):
    report = Report()
    report.add("placing", "gisgrid", "9 million/s")
    report.add("placing", "a peer", "3 million/s", "3 times as fast")
    report.want("times as fast", 3.0, 200.0, at_least=True)
    report.want("µs", 1.0, 2.0, at_least=False)
    report.write(tmp_path / "page.md", "# How fast", {"numpy": "2"})
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| placing | gisgrid | 9 million/s |  |\n|  | a peer | 3 million/s | 3 times as fast |" in page
    assert "| times as fast | at least 200 | 3 | **not reached** |" in page
    assert "| µs | at most 2 | 1 | reached |" in page


def test_take_turns__every_piece_in_every_round():
    turns = []
    timed = take_turns({"a": lambda: turns.append("a"), "b": lambda: turns.append("b") or 5}, rounds=2, inner={"b": 2})
    assert turns == ["a", "b", "b", "a", "b", "b"]
    assert (len(timed["a"].seconds), timed["b"].result) == (2, 5)


def test_side_by_side__no_copy_touches_another():
    copies = side_by_side(NETWORK.geometry.copy(), 5)
    lon, lat = random_on_land(copies, 100)
    found = positions_of(_sjoin(World("copies", copies, lon, lat))(), 100)
    assert (len(copies), (found >= 0).all()) == (20, True)
