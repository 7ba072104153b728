"""What a model computes, number by number: the trace of a real forward pass, and the arithmetic behind its cells."""

from core.explain.contributions import Contribution, Level, contributions, down_to_sum
from core.explain.field_size import AxisField, receptive_field_sizes
from core.explain.gradients import grad_terms, local_gradient
from core.explain.loss import (
    Backward,
    backward,
    class_scores,
    consumers,
    gradients_of,
    maps_of,
    parameter_gradients,
    scores_name,
    scores_of,
    scores_step,
)
from core.explain.receptive import Support, dependencies, geometry, influence, made_of_input, receptive_field
from core.explain.recording import RecordingError, record
from core.explain.replay import Replay
from core.explain.standins import left_as_found
from core.explain.swapping import ACTIVATIONS, activation_calls, swapped
from core.explain.terms import (
    Addends,
    Factor,
    Formula,
    Operator,
    Partials,
    Quantity,
    Terms,
    Unexplained,
    explains,
    operator,
    terms,
)
from core.explain.trace import INPUT, Step, Trace

__all__ = [
    "ACTIVATIONS",
    "INPUT",
    "Addends",
    "AxisField",
    "Backward",
    "Contribution",
    "Factor",
    "Formula",
    "Level",
    "Operator",
    "Partials",
    "Quantity",
    "RecordingError",
    "Replay",
    "Step",
    "Support",
    "Terms",
    "Trace",
    "Unexplained",
    "activation_calls",
    "backward",
    "class_scores",
    "consumers",
    "contributions",
    "dependencies",
    "down_to_sum",
    "explains",
    "geometry",
    "grad_terms",
    "gradients_of",
    "influence",
    "left_as_found",
    "local_gradient",
    "made_of_input",
    "maps_of",
    "operator",
    "parameter_gradients",
    "receptive_field",
    "receptive_field_sizes",
    "record",
    "scores_name",
    "scores_of",
    "scores_step",
    "swapped",
    "terms",
]
