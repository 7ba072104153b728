"""Every function that a page asks gives its golden answer; `contract.test.js` holds the page's types to the same.

After a change of what is asked or answered, write the answers anew and read what changed:

    python -m tests.explorer.contract_cases
"""

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from explorer.wire.numbers import in_base64
from tests.explorer.contract_cases import GOLDEN, PAGES, Case, Functions, answered, pages

FLOATS = ("scales", "values")
"""Names of texts that are float32 in base64; other base64 texts, named `data`, are bytes, beside a `shape` float32."""


@pytest.fixture(scope="module")
def functions() -> Iterator[dict[str, Functions]]:
    with pages() as found:
        yield found


def kept(page: str) -> list[dict[str, Any]]:
    return list(json.loads((GOLDEN / f"{page}.json").read_text(encoding="utf-8")))


def bytes_of(text: str, name: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(text), "<f4" if name in FLOATS else np.uint8).astype(float)


def differences(kept: Any, found: Any, varies: list[str], name: str = "", path: str = "answer") -> list[str]:
    """Where two answers are not the same: values as other machines compute them, codes within one step."""
    if name in varies:
        return []
    if isinstance(kept, dict) and isinstance(found, dict):
        if list(kept) != list(found):
            return [f"{path} has {', '.join(found)}; expected {', '.join(kept)}"]
        names = {key: "values" if key == "data" and "shape" in kept else key for key in kept}
        return [
            each for key in kept for each in differences(kept[key], found[key], varies, names[key], f"{path}.{key}")
        ]
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        pairs = enumerate(zip(kept, found, strict=True))
        return [each for k, (one, two) in pairs for each in differences(one, two, varies, name, f"{path}[{k}]")]
    if isinstance(kept, str) and isinstance(found, str) and name in (*FLOATS, "data") and kept != found:
        one, two = bytes_of(kept, name), bytes_of(found, name)
        close = one.shape == two.shape and np.allclose(one, two, rtol=1e-3, atol=1e-4 if name in FLOATS else 1)
        return [] if close else [f"{path} holds other numbers"]
    numbers = all(isinstance(value, float | int) and not isinstance(value, bool) for value in (kept, found))
    same = math.isclose(kept, found, rel_tol=1e-3, abs_tol=1e-4) if numbers else kept == found
    return [] if same else [f"{path} is {str(found)[:80]}, expected {str(kept)[:80]}"]


def test_every_function_that_a_page_offers_has_a_golden_answer_and_no_other(
    functions: dict[str, Functions],
) -> None:
    for page, offered in functions.items():
        assert {case["function"] for case in kept(page)} == set(offered), page
        answers = [case for case in kept(page) if "error" not in case["answer"]]
        assert {case["function"] for case in answers} == set(offered), f"{page}: a function has no answer but a refusal"


@pytest.mark.parametrize("page", PAGES)
def test_the_functions_of_a_page_give_their_golden_answers(page: str, functions: dict[str, Functions]) -> None:
    wrong = []
    for golden, case in zip(kept(page), PAGES[page], strict=True):
        asked = Case(golden["function"], golden["request"], tuple(golden["varies"]), case.until)
        assert asked[:3] == case[:3]
        for each in differences(golden["answer"], answered(functions[page], asked), golden["varies"]):
            wrong.append(f"{page}.{case.function}: {each}")
    assert not wrong, "\n".join(wrong)


def test_a_golden_answer_that_a_function_does_not_give_is_told() -> None:
    assert differences({"a": 1}, {"a": 1, "b": 2}, []) == ["answer has a, b; expected a"]
    assert differences([1.0], [1.01], []) == ["answer[0] is 1.01, expected 1.0"]
    assert differences([1.0], [1.0001], []) == []
    one, close, other = (in_base64(np.float32([value])) for value in (1, 1.0001, 1.01))
    assert differences({"shape": [1], "data": one}, {"shape": [1], "data": close}, []) == []
    assert differences({"shape": [1], "data": one}, {"shape": [1], "data": other}, []) != []
    assert differences({"a": 1, "time": 2}, {"a": 1, "time": 3}, ["time"]) == []
    assert differences({"data": "AAA="}, {"data": "AQE="}, []) == []
    assert differences({"data": "AAA="}, {"data": "AgI="}, []) == ["answer.data holds other numbers"]
    assert differences({"note": None}, {"note": {}}, []) == ["answer.note is {}, expected None"]
    assert differences(True, 2, []) == ["answer is 2, expected True"]
