"""What the operators refuse, and what they say; both implementations alike."""

import inspect

import pytest
import torch
from ops_parity import BACKENDS

from core.ops import naive, vectorized
from core.ops.arguments import entries

both = pytest.mark.parametrize("ops", BACKENDS.values(), ids=BACKENDS.keys())


def r(*size: int) -> torch.Tensor:
    return torch.ones(size)


CLASSES = torch.tensor([0, 1])
MASK = torch.ones(2, 3, dtype=torch.bool)

REFUSED = {
    # tensors
    "not a tensor": (TypeError, "input must be a tensor, not list", lambda o: o.conv2d([1.0], r(1, 1, 2, 2))),
    "weight missing": (TypeError, "must be a tensor, not int", lambda o: o.linear(r(2, 3), 1)),
    "integers": (
        TypeError,
        "input has dtype torch.int64, expected a floating-point dtype",
        lambda o: o.conv2d(r(1, 1, 4, 4).long(), r(1, 1, 2, 2)),
    ),
    "complex": (TypeError, "input has dtype torch.complex64", lambda o: o.relu(torch.ones(2, dtype=torch.complex64))),
    "mixed dtypes": (
        ValueError,
        "weight has dtype torch.float64, input has torch.float32",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2).double()),
    ),
    "bias of another dtype": (
        ValueError,
        "bias has dtype torch.float16, input has torch.float32",
        lambda o: o.linear(r(2, 3), r(4, 3), r(4).half()),
    ),
    "mixed devices": (
        ValueError,
        "weight is on meta, input is on cpu",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2).to("meta")),
    ),
    # convolutions
    "input without batch": (
        ValueError,
        "input has 3 dimensions, expected 4",
        lambda o: o.conv2d(r(1, 4, 4), r(1, 1, 2, 2)),
    ),
    "flat weight": (ValueError, "weight has 2 dimensions, expected 4", lambda o: o.conv2d(r(1, 1, 4, 4), r(2, 2))),
    "flat weight, flipped": (
        ValueError,
        "weight has 2 dimensions, expected 4",
        lambda o: o.convolve2d(r(1, 1, 4, 4), r(2, 2)),
    ),
    "conv1d of an image": (
        ValueError,
        "input has 4 dimensions, expected 3",
        lambda o: o.conv1d(r(1, 1, 4, 4), r(1, 1, 2)),
    ),
    "no columns": (
        ValueError,
        r"input has size \(1, 1, 4, 0\); only the batch may be empty",
        lambda o: o.conv2d(r(1, 1, 4, 0), r(1, 1, 2, 2)),
    ),
    "no kernels": (
        ValueError,
        r"weight has size \(0, 1, 2, 2\)",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(0, 1, 2, 2)),
    ),
    "channels": (
        ValueError,
        "input has 2 channels, weight expects 1$",
        lambda o: o.conv2d(r(1, 2, 4, 4), r(3, 1, 2, 2)),
    ),
    "channels in groups": (
        ValueError,
        "input has 4 channels, weight expects 6 in 2 groups",
        lambda o: o.conv2d(r(1, 4, 4, 4), r(4, 3, 2, 2), groups=2),
    ),
    "groups that do not divide": (
        ValueError,
        "groups 2 must divide the 4 input channels and the 3 output channels",
        lambda o: o.conv2d(r(1, 4, 4, 4), r(3, 2, 2, 2), groups=2),
    ),
    "no groups": (
        ValueError,
        "groups must be at least 1, not 0",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), groups=0),
    ),
    "no stride": (
        ValueError,
        "stride must be at least 1, not 0",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), stride=(1, 0)),
    ),
    "stride of three": (
        ValueError,
        "stride must be an integer or 2 integers, not 3",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), stride=(1, 1, 1)),
    ),
    "half a stride": (
        TypeError,
        r"stride must be an integer or 2 integers, not \(1, 0.5\)",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), stride=(1, 0.5)),
    ),
    "no dilation": (
        ValueError,
        "dilation must be at least 1, not 0",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), dilation=0),
    ),
    "negative padding": (
        ValueError,
        "padding must not be negative, not -1",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), padding=-1),
    ),
    "padding by another name": (
        ValueError,
        'padding must be "same", "valid" or integers, not "full"',
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), padding="full"),
    ),
    "same with a stride": (
        ValueError,
        'padding "same" needs stride 1, not 2',
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), padding="same", stride=2),
    ),
    "padding mode": (
        ValueError,
        'padding_mode must be one of zeros, reflect, replicate, circular, not "mirror"',
        lambda o: o.conv2d(r(1, 1, 4, 4), r(1, 1, 2, 2), padding_mode="mirror"),
    ),
    "reflects too much": (
        ValueError,
        "reflect padding 4 needs more than 4 rows, input has 4",
        lambda o: o.conv2d(r(1, 1, 4, 9), r(1, 1, 2, 2), padding=4, padding_mode="reflect"),
    ),
    "wraps too much": (
        ValueError,
        "circular padding 5 needs at least 5 columns, input has 4",
        lambda o: o.pad2d(r(1, 1, 9, 4), (0, 5, 0, 0), padding_mode="circular"),
    ),
    "kernel too large": (
        ValueError,
        "kernel spans 5 rows, the padded input has 4",
        lambda o: o.conv2d(r(1, 1, 2, 9), r(1, 1, 3, 2), padding=1, dilation=2),
    ),
    "kernel too large, 1-D": (
        ValueError,
        "kernel spans 3 columns, the padded input has 2",
        lambda o: o.conv1d(r(1, 1, 2), r(1, 1, 3)),
    ),
    "bias": (
        ValueError,
        r"bias has size \(2,\), expected \(3,\)",
        lambda o: o.conv2d(r(1, 1, 4, 4), r(3, 1, 2, 2), r(2)),
    ),
    "gradient of another size": (
        ValueError,
        r"grad_output has size \(1, 1, 4, 4\), expected \(1, 1, 3, 3\)",
        lambda o: o.conv2d_input_grad((1, 1, 4, 4), r(1, 1, 2, 2), r(1, 1, 4, 4)),
    ),
    "gradient of another batch": (
        ValueError,
        r"grad_output has size \(2, 1, 3, 3\), expected \(1, 1, 3, 3\)",
        lambda o: o.conv2d_weight_grad(r(1, 1, 4, 4), (1, 1, 2, 2), r(2, 1, 3, 3)),
    ),
    "flat gradient": (ValueError, "grad_output has 2 dimensions, expected 4", lambda o: o.conv2d_bias_grad(r(2, 2))),
    "gradient of integers": (TypeError, "grad_output has dtype", lambda o: o.conv1d_bias_grad(r(1, 1, 2).int())),
    "transposed channels": (
        ValueError,
        "input has 2 channels, weight expects 3",
        lambda o: o.conv_transpose2d(r(1, 2, 4, 4), r(3, 1, 2, 2)),
    ),
    "transposed groups": (
        ValueError,
        "groups 2 must divide the 3 input channels",
        lambda o: o.conv_transpose2d(r(1, 3, 4, 4), r(3, 1, 2, 2), groups=2),
    ),
    "output padding": (
        ValueError,
        "output_padding 2 must be smaller than stride 2 or dilation 1",
        lambda o: o.conv_transpose2d(r(1, 1, 4, 4), r(1, 1, 2, 2), stride=2, output_padding=2),
    ),
    "nothing left": (
        ValueError,
        "output would have -1 rows and 3 columns; padding is too large",
        lambda o: o.conv_transpose2d(r(1, 1, 2, 2), r(1, 1, 2, 2), padding=(2, 0)),
    ),
    "transposed bias": (
        ValueError,
        r"bias has size \(1,\), expected \(4,\)",
        lambda o: o.conv_transpose2d(r(1, 2, 4, 4), r(2, 2, 2, 2), r(1), groups=2),
    ),
    "transposed gradient": (
        ValueError,
        r"grad_output has size \(1, 1, 4, 4\), expected \(1, 1, 5, 5\)",
        lambda o: o.conv_transpose2d_weight_grad(r(1, 1, 4, 4), (1, 1, 2, 2), r(1, 1, 4, 4)),
    ),
    # padding and pooling
    "three sides": (
        ValueError,
        "padding must be an integer or 4 integers, not 3",
        lambda o: o.pad2d(r(1, 1, 2, 2), (1, 1, 1)),
    ),
    "padded gradient": (
        ValueError,
        r"grad_output has size \(1, 1, 2, 2\), expected \(1, 1, 2, 4\)",
        lambda o: o.pad2d_input_grad((1, 1, 2, 2), r(1, 1, 2, 2), (1, 1, 0, 0)),
    ),
    "no window": (
        ValueError,
        "kernel_size must be at least 1, not 0",
        lambda o: o.max_pool2d(r(1, 1, 4, 4), 0),
    ),
    "window too large": (
        ValueError,
        "window spans 5 columns, the padded input has 4",
        lambda o: o.avg_pool2d(r(1, 1, 9, 4), 5),
    ),
    "padding too large": (
        ValueError,
        "padding 2 must be at most half of the window's 3 rows",
        lambda o: o.max_pool2d(r(1, 1, 4, 4), 3, padding=2),
    ),
    "stepping over": (
        ValueError,
        "dilation 2 steps over all 1 rows of the input",
        lambda o: o.max_pool2d(r(1, 1, 1, 4), 2, padding=1, dilation=2),
    ),
    "pooled without batch": (
        ValueError,
        "input has 3 dimensions, expected 4",
        lambda o: o.max_pool2d(r(1, 4, 4), 2),
    ),
    "no divisor": (
        ValueError,
        "divisor_override must not be 0",
        lambda o: o.avg_pool2d(r(1, 1, 4, 4), 2, divisor_override=0),
    ),
    "pooled gradient": (
        ValueError,
        r"grad_output has size \(1, 1, 4, 4\), expected \(1, 1, 2, 2\)",
        lambda o: o.max_pool2d_input_grad(r(1, 1, 4, 4), r(1, 1, 4, 4), 2),
    ),
    "averaged gradient": (
        ValueError,
        r"grad_output has size \(1, 1, 1, 1\), expected \(1, 1, 2, 2\)",
        lambda o: o.avg_pool2d_input_grad((1, 1, 4, 4), r(1, 1, 1, 1), 2),
    ),
    "adaptive size": (
        ValueError,
        "output_size must be at least 1, not 0",
        lambda o: o.adaptive_avg_pool2d(r(1, 1, 4, 4), (0, 2)),
    ),
    "adaptive sizes": (
        ValueError,
        "output_size must be an integer or 2 integers, not 3",
        lambda o: o.adaptive_avg_pool2d(r(1, 1, 4, 4), (1, 2, 3)),
    ),
    "adaptive gradient": (
        ValueError,
        r"grad_output has size \(2, 1, 2, 2\), expected \(1, 1, 2, 2\)",
        lambda o: o.adaptive_avg_pool2d_input_grad((1, 1, 4, 4), r(2, 1, 2, 2)),
    ),
    # the rest
    "features": (ValueError, "input has 3 features, weight expects 4", lambda o: o.linear(r(2, 3), r(5, 4))),
    "no features": (
        ValueError,
        r"input has size \(2, 0\), expected at least one",
        lambda o: o.linear(r(2, 0), r(5, 4)),
    ),
    "weight of rank 3": (ValueError, "weight has 3 dimensions, expected 2", lambda o: o.linear(r(2, 3), r(1, 5, 3))),
    "linear bias": (ValueError, r"bias has size \(3,\), expected \(5,\)", lambda o: o.linear(r(2, 3), r(5, 3), r(3))),
    "linear gradient": (
        ValueError,
        r"grad_output has size \(2, 3\), expected \(2, 5\)",
        lambda o: o.linear_weight_grad(r(2, 3), (5, 3), r(2, 3)),
    ),
    "activation gradient": (
        ValueError,
        r"grad_output has size \(3,\), expected \(2, 3\)",
        lambda o: o.sigmoid_input_grad(r(2, 3), r(3)),
    ),
    "dim": (ValueError, "dim 2 is out of range, input has 2 dimensions", lambda o: o.softmax(r(2, 3), 2)),
    "empty row": (ValueError, "expected at least one element along dim 1", lambda o: o.log_softmax(r(2, 0), 1)),
    "target dtype": (
        TypeError,
        "target has dtype torch.int32, expected torch.int64 class indices",
        lambda o: o.nll_loss(r(2, 3), CLASSES.int()),
    ),
    "target size": (
        ValueError,
        r"target has size \(2,\), expected \(3,\)",
        lambda o: o.cross_entropy(r(3, 4), CLASSES),
    ),
    "class": (
        ValueError,
        "target holds class 7, input has 3 classes",
        lambda o: o.cross_entropy(r(2, 3), torch.tensor([0, 7])),
    ),
    "negative class": (
        ValueError,
        "target holds class -1, input has 3 classes",
        lambda o: o.nll_loss_input_grad((2, 3), torch.tensor([0, -1]), r()),
    ),
    "class weights": (
        ValueError,
        r"weight has size \(2,\), expected \(3,\)",
        lambda o: o.nll_loss(r(2, 3), CLASSES, r(2)),
    ),
    "reduction": (
        ValueError,
        'reduction must be one of mean, sum, none, not "max"',
        lambda o: o.cross_entropy(r(2, 3), CLASSES, reduction="max"),
    ),
    "smoothing": (
        ValueError,
        "label_smoothing must be between 0 and 1, not 2",
        lambda o: o.cross_entropy(r(2, 3), CLASSES, label_smoothing=2),
    ),
    "probabilities": (
        ValueError,
        r"target has size \(2, 4\), expected \(2, 3\)",
        lambda o: o.cross_entropy(r(2, 3), r(2, 4)),
    ),
    "loss gradient": (
        ValueError,
        r"grad_output has size \(2,\), expected \(\)",
        lambda o: o.cross_entropy_input_grad(r(2, 3), CLASSES, r(2)),
    ),
    "one value per channel": (
        ValueError,
        r"needs more than one value per channel, input has \(1, 2\)",
        lambda o: o.batch_norm(r(1, 2), None, None, training=True),
    ),
    "no statistics": (
        ValueError,
        "batch_norm in evaluation needs running_mean and running_var",
        lambda o: o.batch_norm(r(3, 2), None, r(2)),
    ),
    "statistics": (
        ValueError,
        r"running_var has size \(3,\), expected \(2,\)",
        lambda o: o.batch_norm(r(3, 2), r(2), r(3)),
    ),
    "norm of a vector": (
        ValueError,
        "input has 1 dimensions, expected at least 2",
        lambda o: o.batch_norm(r(3), r(3), r(3)),
    ),
    "approximation": (
        ValueError,
        'approximate must be one of none, tanh, not "erf"',
        lambda o: o.gelu(r(2), "erf"),
    ),
    "approximation of a gradient": (
        ValueError,
        'approximate must be one of none, tanh, not "erf"',
        lambda o: o.gelu_input_grad(r(2), r(2), approximate="erf"),
    ),
    "gradient of another size, elementwise": (
        ValueError,
        r"grad_output has size \(3,\), expected \(2,\)",
        lambda o: o.silu_input_grad(r(2), r(3)),
    ),
    "groups of channels": (
        ValueError,
        "num_groups 3 must divide the 4 channels",
        lambda o: o.group_norm(r(1, 4, 2), 3),
    ),
    "no groups of channels": (
        ValueError,
        "num_groups 0 must divide",
        lambda o: o.group_norm_weight_grad(r(1, 4), r(1, 4), 0),
    ),
    "weight of groups": (
        ValueError,
        r"weight has size \(2,\), expected \(4,\)",
        lambda o: o.group_norm(r(1, 4, 2), 2, r(2)),
    ),
    "one value per group": (
        ValueError,
        r"group_norm needs more than one value per group, input has \(1, 2\)",
        lambda o: o.group_norm_input_grad(r(1, 2), r(1, 2), 2),
    ),
    "mask dtype": (
        TypeError,
        "mask has dtype torch.float32, expected torch.bool",
        lambda o: o.dropout(r(2, 3), r(2, 3)),
    ),
    "mask size": (ValueError, r"mask has size \(2, 3\), expected \(4, 3\)", lambda o: o.dropout(r(4, 3), MASK)),
    "mask device": (ValueError, "mask is on meta, input is on cpu", lambda o: o.dropout(r(2, 3), MASK.to("meta"))),
    "p": (ValueError, "p must be between 0 and 1, not 1.5", lambda o: o.dropout(r(2, 3), MASK, 1.5)),
}


@both
@pytest.mark.parametrize(("error", "message", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_computed_is_refused_with_its_numbers(ops, error, message, call):
    with pytest.raises(error, match=message):
        call(ops)


def test_a_flag_is_not_a_size():
    with pytest.raises(TypeError, match="stride must be an integer or 2 integers, not True"):
        entries(True, "stride")


def test_both_implementations_offer_the_same_functions():
    assert naive.__all__ == vectorized.__all__ == sorted(naive.__all__)
    for name in naive.__all__:
        literal, fast = (getattr(ops, name) for ops in BACKENDS.values())
        assert inspect.signature(literal) == inspect.signature(fast)
        assert literal.__doc__
        assert fast.__doc__


def test_every_operator_has_its_gradients():
    differentiable = [name for name in naive.__all__ if not name.endswith(("_grad", "_stats"))]
    for name in differentiable:
        assert f"{name}_input_grad" in naive.__all__
    for name in ("conv1d", "conv2d", "convolve2d", "conv_transpose2d", "linear", "batch_norm", "group_norm"):
        assert {f"{name}_weight_grad", f"{name}_bias_grad"} <= set(naive.__all__)


@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_stays_half_precision(ops, dtype, device):
    X, K = torch.ones(1, 2, 4, 4, dtype=dtype, device=device), torch.ones(3, 2, 3, 3, dtype=dtype, device=device)
    output = ops.conv2d(X, K)
    assert output.dtype == dtype
    assert (output == 18).all()
    assert ops.max_pool2d(X, 2).dtype == ops.softmax(X, 1).dtype == dtype
