"""Models, changed ones and traces share one budget of bytes; what was asked for longest ago goes first."""

import torch

from explorer.models.library import Library
from explorer.models.recent import Memory, Recent
from explorer.screen.shown import Showing

NAMES = ["a2:untrained", "a1:untrained", "a3:untrained"]


def drawing(model: str, k: int = 0, edits: tuple[dict[str, object], ...] = ()) -> dict[str, object]:
    strokes = [[[0.3, 0.2], [0.5, 0.5 + 0.01 * k]]]
    return {"model": model, "strokes": strokes, "brush": 1, "centred": True, "label": None, "edits": list(edits)}


def changed(value: float) -> dict[str, object]:
    return {"kind": "set", "parameter": "conv1.weight", "index": [0, 0, 0, 0], "value": value}


def held(library: Library) -> list[str]:
    before = {name: library._loaded.get(name) for name in NAMES}
    return [name for name, explored in before.items() if explored is not None]


def test_kinds_share_one_budget_and_the_oldest_goes_whatever_it_is():
    memory = Memory(10)
    texts: Recent[str] = Recent(memory, size=len)
    lists: Recent[list[int]] = Recent(memory, size=len)
    texts.of("old", lambda: "xxxx")
    lists.of("old", lambda: [0] * 4)
    texts.of("new", lambda: "xx")
    assert memory.taken == 10
    texts.get("old")
    lists.of("new", lambda: [0])
    assert (lists.get("old"), lists.get("new"), texts.get("old"), memory.taken) == (None, [0], "xxxx", 7)


def test_the_last_of_each_kind_stays_whatever_its_size():
    memory = Memory(1)
    texts: Recent[str] = Recent(memory, size=len)
    lists: Recent[list[int]] = Recent(memory, size=len)
    for k in range(3):
        texts.of(k, lambda: "xxxx")
        lists.of(k, lambda: [0] * 4)
    assert (len(texts), len(lists), memory.taken) == (1, 1, 8)


def test_what_is_replaced_while_it_is_made_is_not_kept():
    recent: Recent[str] = Recent(Memory(10), size=len)

    def make() -> str:
        recent.drop(lambda key: True)
        return "made"

    assert recent.of("x", make) == "made"
    assert recent.get("x") is None
    assert not recent.has("x", "made")


def test_models_are_dropped_and_loaded_anew_and_give_the_same():
    torch.manual_seed(0)
    library = Library()
    size = library.explored("a1").nbytes
    assert size == 4 * 1_199_882
    library = Library(nbytes=size + 1000)
    first = library.explored("a2")
    library.explored("a1")
    assert not library.holds(first)
    again = library.explored("a2")
    assert again is not first
    assert all(torch.equal(again.parameters[name], value) for name, value in first.parameters.items())


def test_a_model_in_use_stays_while_others_go():
    showing = Showing(Library())
    for name in NAMES:
        showing.of(drawing(name))
    library = showing.library
    library.memory.nbytes = library.memory.taken
    for k in range(20):
        showing.of(drawing(NAMES[0], k))
    assert NAMES[0] in held(library)
    assert len(held(library)) < len(NAMES)
    assert all(shown.explored.name in held(library) for shown in [showing.of(drawing(NAMES[0], 19))])


def test_changed_models_and_traces_leave_room_for_each_other():
    library = Library()
    showing = Showing(library)
    shown = showing.of(drawing("a2", 0, (changed(0.0),)))
    library.memory.nbytes = library.explored("a2").nbytes + 4 * shown.nbytes
    for k in range(1, 60):
        showing.of(drawing("a2", k, (changed(0.1 * k),)))
        assert library.memory.taken <= library.memory.nbytes
    assert 2 <= len(showing._kept) <= 4
    assert library.holds(shown.explored)  # asked for with each drawing
