"""Doing together: everybody gets their own answer, nothing twice, and whoever asks alone waits for nobody."""

import asyncio
import threading

import pytest

from web.together import Together


def test_do__what_waits_is_done_in_one_go():
    batches, go = [], threading.Event()

    def work(asked):
        batches.append(list(asked))
        if len(batches) == 1:
            go.wait(10)
        return [ValueError(one) if one % 5 == 4 else one * one for one in asked]

    async def main():
        together = Together(work)
        tasks = [asyncio.create_task(together.do(0))]
        while not batches:
            await asyncio.sleep(0.001)
        tasks += [asyncio.create_task(together.do(number)) for number in range(1, 12)]
        await asyncio.sleep(0.01)
        go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        await together.close()
        return found

    found = asyncio.run(main())
    assert batches == [[0], list(range(1, 12))]
    assert [one if isinstance(one, int) else str(one) for one in found] == [
        str(number) if number % 5 == 4 else number * number for number in range(12)
    ]


def test_do__never_more_than_so_many_at_once():
    sizes = []

    def work(asked):
        sizes.append(len(asked))
        return list(asked)

    async def main():
        together = Together(work, most=3)
        found = await asyncio.gather(*(together.do(number) for number in range(10)))
        await together.close()
        return found

    assert asyncio.run(main()) == list(range(10))
    assert max(sizes) <= 3
    assert sum(sizes) == 10


def test_do__what_fails_fails_for_all_of_it_and_the_next_go_on():
    def work(asked):
        if "bad" in asked:
            raise OSError("no disk")
        return list(asked)

    async def main():
        together = Together(work)
        with pytest.raises(OSError, match="no disk"):
            await together.do("bad")
        return await together.do("good")

    assert asyncio.run(main()) == "good"


def test_do__whoever_goes_away_takes_nothing_back():
    done, go = [], threading.Event()

    def work(asked):
        go.wait(10)
        done.extend(asked)
        return list(asked)

    async def main():
        together = Together(work)
        first, second = (asyncio.create_task(together.do(number)) for number in (1, 2))
        await asyncio.sleep(0.01)
        first.cancel()
        go.set()
        assert await second == 2
        await together.close()

    asyncio.run(main())
    assert done == [1, 2]
