"""The app as a program asks it, as the README says."""

import re
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readmes_client_gets_an_answer(app: str, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python client\n(.*?)```", README, re.DOTALL)
    exec(compile(block.replace("http://127.0.0.1:7860", app), "README.md", "exec"), {})
    assert re.search(r"sure \(0\.9\d+, '7'\)", capsys.readouterr().out)


def test_a_program_is_told_what_was_wrong(app: str) -> None:
    client = Client(app, verbose=False)
    with pytest.raises(AppError, match=r"stroke 0 is no list of \(x, y\) points"):
        client.predict([[["x"]]], "recommended", api_name="/predict")
    with pytest.raises(AppError, match="there is no model 'nope'; the models are recommended"):
        client.predict([[[0.1, 0.1]]], "nope", api_name="/predict")
