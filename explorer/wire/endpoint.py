"""The endpoint for programs: strokes in, the prediction out, by the same path that the pad takes."""

from typing import Any

import gradio as gr

from core.data.strokes import preprocess
from explorer.models.library import Library
from explorer.wire.requests import MODEL, PAD, STROKES, checked
from explorer.wire.trace import predict

__all__ = ["predict_endpoint"]


def predict_endpoint(library: Library) -> None:
    """Offer `/predict` of `gradio_client` in the app that is being built."""

    def answer(strokes: list[Any], model: str = "recommended") -> dict[str, Any]:
        """Return what a model says of a drawing.

        Args:
            strokes: lists of points `[x, y]`, from the pad's upper left corner (0, 0) to its lower right one (1, 1).
            model: the name of a model that the app explores.

        Returns:
            `verdict` ("sure", "unsure", "empty", …), `classes`, `probabilities`, and the `threshold` of "unsure".
        """
        try:
            checked({"strokes": strokes, "model": model}, {"strokes": STROKES, "model": MODEL})
            explored = library.explored(model)
            drawing = preprocess(strokes, pad=PAD)
        except (ValueError, TypeError, OSError) as error:
            raise gr.Error(str(error)) from error
        trace, problem = explored.trace(drawing.picture)
        if problem:
            raise gr.Error(problem)
        return predict(trace, explored, empty=drawing.empty)

    gr.api(answer, api_name="predict")
