"""The networks that the app hands to browsers which compute drawings themselves."""

from pathlib import Path

from safetensors.torch import load
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.models.library import Library
from explorer.publish.route import network_route


def client(runs: Path | None = None) -> TestClient:
    return TestClient(Starlette(routes=[network_route(Library(device="cpu", runs_dir=runs))]))


def test_a_network_is_answered_with_its_plan_and_the_weights_that_it_names() -> None:
    asked = client()
    plan = asked.get("/engine/recommended.json").json()
    weights = load(asked.get("/engine/recommended.safetensors").content)
    named = {name for step in plan["plan"]["steps"] for name in step["parameters"].values()}
    assert named == set(weights)


def test_what_the_engine_cannot_run_or_may_change_is_not_there(tmp_path: Path) -> None:
    asked = client(tmp_path)
    for name in ("resnet18:untrained", "nothing", "run/a2", "../../etc/passwd"):
        for ending in ("json", "safetensors"):
            answer = asked.get(f"/engine/{name}.{ending}")
            assert answer.status_code == 404, name
