"""What grids are called, in the edition of what is shown or, where that does not have them, in the newest."""

from collections.abc import Iterable

from gisgrid.store.editions import Editions


def grid_names(editions: Editions, codes: Iterable[str], edition: int | None = None) -> dict[str, str]:
    """The names of those of the codes that are grids with a name."""
    latest = editions.latest()
    numbers = dict.fromkeys(number for number in (edition, latest.id if latest else None) if number is not None)
    networks = [editions.network(number) for number in numbers]
    found: dict[str, str] = {}
    for code in codes:
        for network in networks:
            if code in network and (name := network.names[network.position_of(code)]):
                found[code] = name
                break
    return found
