"""What happens in random histories of incidents: reports at certain spots, attempts to move them on, how long people wait."""

from hypothesis import strategies as st

from tests.gisgrid.store.incident_places import CODES, DISTRICT
from tests.gisgrid.store.incident_twin import DAY, HOUR, MINUTE, SUB_CATEGORIES

# Metres in the drawings: in every grid, two near each other, some outside and near, one far outside.
SPOTS = (
    (350, 50), (370, 70), (230, 210), (245, 250), (60, 160), (190, 210), (350, 250), (50, 50), (85, 62), (150, 60),
    (240, 40), (415, 150), (-20, 40), (385, -10), (500, 150),
)  # fmt: skip
FIRE, WATER = "department:fire", "department:water"
VILLAGES = sorted({code[:12] for code in CODES.values()})
UNITS = [*CODES.values(), *VILLAGES, "331002009001001", ""]
OFFICES = [*VILLAGES, *sorted({code[:9] + "000" for code in CODES.values()}), DISTRICT, FIRE, WATER, "331002009001", ""]
UNTIL = {
    # how long to wait: the clocks whose end it is, and how long before
    "the next clock ends": (("response", "done"), 0),
    "completion is due": (("done",), 0),
    "just before": (("response", "done", "last"), 1),
    "the last clock ends": (("most", "last"), 0),
}
# Along the straight way first, so that even the simplest history closes something.
OFTEN = (
    "accept",
    "feed_back",
    "close",
    "evaluate",
    "approve_extension",
    "hand_across",
    "hand_up",
    "feed_back",
    "close",
)
AGO_MS = (0, 20 * MINUTE, 3 * HOUR, 26 * HOUR, 9 * DAY, 20 * DAY, -4 * MINUTE, -6 * MINUTE)

any_number = st.integers(0, 2**16)
attempts = st.tuples(
    any_number,
    any_number,
    any_number,
    st.sampled_from(["at once", "seen", "at once", "seen", "unsure", "another office", "outdated"]),
    st.sampled_from([MINUTE, 14 * MINUTE, 2 * HOUR, 9 * HOUR, DAY, *UNTIL]),
)
kinds = [("disputes", "family")] * 4
kinds += [*((category, sub) for category, subs in SUB_CATEGORIES.items() for sub in subs), ("disputes", "magic")]
works = st.lists(attempts, min_size=2, max_size=5)
reports = st.tuples(
    st.sampled_from([*SPOTS[:4] * 3, *SPOTS, None, None]),
    st.builds(
        lambda kind, **told: {"category": kind[0], "sub_category": kind[1], **told},
        kind=st.sampled_from(kinds),
        stated=st.sampled_from([*[""] * 6, *UNITS[:-1]]),
        grade=st.sampled_from(["ordinary", "simple", "prominent", "major"]),
        is_urgent=st.sampled_from([False, False, True]),
        is_handled=st.sampled_from([False, False, False, True]),
    ),
    st.sampled_from([None, None, *AGO_MS]),
)


def picked(choices, number):
    return choices[number % len(choices)]
