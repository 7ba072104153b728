"""Which thread computes a request, and who it thinks asked."""

import asyncio
import threading
from typing import Any

import pytest

from explorer.work import Person, Work, person


def asked(request: Any) -> dict[str, Any]:
    return {"by": person.get().name, "thread": threading.current_thread().name, "request": request}


@pytest.mark.parametrize("light", [True, False])
def test_whoever_computes_knows_who_asked(light):
    async def ask(name: str) -> dict[str, Any]:
        person.set(Person(name))
        return await work.quick(asked, name, light=light)

    async def class_of(names: list[str]) -> list[dict[str, Any]]:
        return await asyncio.gather(*map(ask, names))

    work = Work()
    names = [f"person-{k}" for k in range(20)]
    answers = asyncio.run(class_of(names))
    assert [(answer["by"], answer["request"]) for answer in answers] == [(name, name) for name in names]
    here = threading.current_thread().name
    assert all((answer["thread"] == here) is light for answer in answers)


def test_what_is_light_does_not_wait_for_what_is_quick():
    """Requests that wait for a model may take all threads of their kind."""
    work, let_go = Work(), threading.Event()

    def waits(request: Any) -> dict[str, Any]:
        return {"let go": let_go.wait(30)}

    async def everybody() -> None:
        waiting = [asyncio.ensure_future(work.quick(waits, k)) for k in range(100)]
        await asyncio.sleep(0.1)
        answer = await asyncio.wait_for(work.quick(asked, 1, light=True), 20)
        assert answer["request"] == 1
        assert not any(each.done() for each in waiting)
        let_go.set()
        assert all(answer["let go"] for answer in await asyncio.gather(*waiting))

    asyncio.run(everybody())
