"""The networks for a browser that computes drawings itself, while the app answers everything else."""

from typing import Any

from safetensors.torch import save
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from explorer.models.library import UNTRAINED, Explored, Library
from explorer.models.moments import is_moment
from explorer.publish.plan import planned
from explorer.wire.view import WORK, answers

__all__ = ["network_route", "weights_of"]


def network_route(library: Library) -> Route:
    """Return what answers `engine/NAME.json` with a network's plan and `engine/NAME.safetensors` with its weights."""

    def plan(library: Library, name: Any) -> dict[str, Any]:
        explored = _settled(library, name)
        return planned(explored, explored.trace(explored.blank())[0])

    ask = answers(plan, library)

    async def answer(request: Request) -> Response:
        name, ending = request.path_params["name"], request.path_params["ending"]
        if ending == "json":
            told = await ask(name)
            return JSONResponse(told, status_code=404 if "error" in told else 200)
        try:
            told = await WORK.quick(lambda asked: {"weights": weights_of(_settled(library, asked))}, name)
        except (ValueError, OSError) as error:
            return JSONResponse({"error": str(error)}, status_code=404)
        return Response(told["weights"], media_type="application/octet-stream")

    return Route("/engine/{name:path}.{ending}", answer, methods=["GET"])


def weights_of(explored: Explored) -> bytes:
    """Return a network's parameters and buffers of float32, as a file of safetensors."""
    tensors = explored.model.state_dict().items()
    return save({name: value.detach().cpu().contiguous() for name, value in tensors if value.is_floating_point()})


def _settled(library: Library, name: str) -> Explored:
    """Return a network whose weights stay as they are: a browser keeps them.

    Raises:
        ValueError: there is none of that name, or a run may still change it.
        FileNotFoundError: as `Library.explored`.
    """
    if name.endswith(UNTRAINED) or ("/" in name and not is_moment(name)):
        raise ValueError(f"the weights of {name} may still change: the server computes it")
    return library.explored(name)
