"""What someone sees of columns: what the rule of access says of each incident, also while words are learnt."""

from hypothesis import given
from hypothesis import strategies as st

from gisgrid.access import Holder, may
from gisgrid.sight import Sight
from tests.gisgrid.test_figures import GRIDS
from tests.gisgrid.test_map_answers import HOLDERS, columns_with_places, subject_of, told_incidents


@given(told_incidents(), st.sampled_from(HOLDERS))
def test_seen__as_the_rule_says_of_each(told, holder):
    columns = columns_with_places(told)
    seen = Sight(holder).seen(columns, columns.words)
    assert seen.tolist() == [may(holder, "read_incidents", subject_of(one)) for one in told]


def test_sight__grows_with_the_words():
    sight = Sight(Holder("Li Na", "worker", "331002001001"))
    few = {"grid": ("",), "village": ("", "331002001001"), "township": ("",), "offices": ("",)}
    assert [table.tolist() for table in sight.of_words(few)] == [[False], [False, True], [False], [False]]
    more = few | {"grid": ("", GRIDS[0], GRIDS[3]), "offices": ("", "department:fire 331002001001")}
    assert [table.tolist() for table in sight.of_words(more)] == [
        [False, True, False], [False, True], [False], [False, True],
    ]  # fmt: skip
