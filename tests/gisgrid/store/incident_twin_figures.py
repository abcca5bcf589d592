"""The twin's figures: every incident looked at once for every figure, by the definitions that stand beside them."""

from tests.gisgrid.store.incident_places import level_of
from tests.gisgrid.store.incident_twin import DAY, apart_m, local_day, same_kind

GROUPED_BY = {
    "category": lambda one: one["category"],
    "level": lambda one: level_of(one["holder"]),
    "village": lambda one: one["village"],
    "month": lambda one: f"{local_day(one['reported_ms']):%Y-%m}",
}
_COUNTED = (
    "reported", "valid", "open", "closed", "responded", "responded_on_time", "done", "done_on_time", "overdue", "yellow",
    "red", "evaluated", "satisfied", "self_handled", "reopened",
    "repeats",
)  # fmt: skip


def figures_of(twin, as_of_ms, by=None):
    """The figures of all, and of each group by its key, as dicts; as they stood at an instant."""
    groups = {}
    told = [one for one in twin.incidents.values() if one["reported_ms"] <= as_of_ms]
    for one in told:
        groups.setdefault(GROUPED_BY[by](one) if by else "", []).append(one)
    return _figures(twin, told, as_of_ms), {key: _figures(twin, some, as_of_ms) for key, some in groups.items() if by}


def _figures(twin, incidents, as_of_ms):
    found = dict.fromkeys(_COUNTED, 0)
    hours = {"response_hours": [], "handling_hours": []}
    for one in incidents:
        for name in _counts_of(twin, one, as_of_ms, hours):
            found[name] += 1
    return found | {name: _median_hours(values) for name, values in hours.items()}


def _counts_of(twin, one, as_of_ms, hours):
    """The figures that an incident counts in; its hours are appended to those of the others."""

    def by_then(name):
        return one[name] if one[name] is not None and one[name] <= as_of_ms else None

    responded, done, closed, due = by_then("responded_ms"), by_then("done_ms"), by_then("closed_ms"), twin.due(one)
    started = one["reported_ms"] if one["started_ms"] is None else one["started_ms"]
    is_open = closed is None
    yield "reported"
    if one["state"] == "invalid" and not is_open:
        return
    yield "valid"
    yield "open" if is_open else "closed"
    response_late = responded >= due["response"] if responded is not None else is_open and as_of_ms >= due["response"]
    done_late = done >= due["done"] if done is not None else is_open and as_of_ms >= due["done"]
    if responded is not None:
        hours["response_hours"].append(responded - started)
    if responded is not None or response_late:
        yield "responded"
    if responded is not None and not response_late:
        yield "responded_on_time"
    if done is not None:
        hours["handling_hours"].append(done - started)
        yield "done"
        if not done_late:
            yield "done_on_time"
    elif done_late:
        yield "overdue"
    if done >= due["last"] if done is not None else is_open and as_of_ms >= due["last"]:
        yield "red"
    elif response_late or done_late:
        yield "yellow"
    if not is_open and one["is_satisfied"] is not None:
        yield "evaluated"
        if one["is_satisfied"]:
            yield "satisfied"
    if not is_open and level_of(one["holder"]) == "village":
        yield "self_handled"
    if one["reported_ms"] < started <= as_of_ms:
        yield "reopened"
    if _repeats(twin, one):
        yield "repeats"


def _repeats(twin, one):
    """Whether an earlier one of its kind, not invalid, lies within 50 m and 30 days."""
    for other in twin.incidents.values():
        is_earlier = (other["reported_ms"], other["id"]) < (one["reported_ms"], one["id"])
        if not is_earlier or "invalid" in (one["state"], other["state"]) or not same_kind(one, other):
            continue
        if one["reported_ms"] - other["reported_ms"] <= 30 * DAY and apart_m(one, other) <= 50.0:
            return True
    return False


def _median_hours(values):
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    median = ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return round(median / 3_600_000.0, 2)
