"""Every operator as literal loops over its index set and its sum: the specification of the other implementations."""

from core.ops.naive.activation import (
    hardsigmoid,
    hardsigmoid_input_grad,
    hardswish,
    hardswish_input_grad,
    leaky_relu,
    leaky_relu_input_grad,
    relu,
    relu_input_grad,
    sigmoid,
    sigmoid_input_grad,
    tanh,
    tanh_input_grad,
)
from core.ops.naive.avg_pool2d import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_input_grad,
    avg_pool2d,
    avg_pool2d_input_grad,
)
from core.ops.naive.batch_norm import (
    batch_norm,
    batch_norm_bias_grad,
    batch_norm_input_grad,
    batch_norm_running_stats,
    batch_norm_weight_grad,
)
from core.ops.naive.conv1d import conv1d, conv1d_bias_grad, conv1d_input_grad, conv1d_weight_grad
from core.ops.naive.conv2d import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from core.ops.naive.conv_transpose2d import (
    conv_transpose2d,
    conv_transpose2d_bias_grad,
    conv_transpose2d_input_grad,
    conv_transpose2d_weight_grad,
)
from core.ops.naive.convolve2d import convolve2d, convolve2d_bias_grad, convolve2d_input_grad, convolve2d_weight_grad
from core.ops.naive.dropout import dropout, dropout_input_grad
from core.ops.naive.linear import linear, linear_bias_grad, linear_input_grad, linear_weight_grad
from core.ops.naive.loss import cross_entropy, cross_entropy_input_grad, nll_loss, nll_loss_input_grad
from core.ops.naive.max_pool2d import max_pool2d, max_pool2d_input_grad
from core.ops.naive.pad import pad2d, pad2d_input_grad
from core.ops.naive.softmax import log_softmax, log_softmax_input_grad, softmax, softmax_input_grad

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_input_grad",
    "avg_pool2d",
    "avg_pool2d_input_grad",
    "batch_norm",
    "batch_norm_bias_grad",
    "batch_norm_input_grad",
    "batch_norm_running_stats",
    "batch_norm_weight_grad",
    "conv1d",
    "conv1d_bias_grad",
    "conv1d_input_grad",
    "conv1d_weight_grad",
    "conv2d",
    "conv2d_bias_grad",
    "conv2d_input_grad",
    "conv2d_weight_grad",
    "conv_transpose2d",
    "conv_transpose2d_bias_grad",
    "conv_transpose2d_input_grad",
    "conv_transpose2d_weight_grad",
    "convolve2d",
    "convolve2d_bias_grad",
    "convolve2d_input_grad",
    "convolve2d_weight_grad",
    "cross_entropy",
    "cross_entropy_input_grad",
    "dropout",
    "dropout_input_grad",
    "hardsigmoid",
    "hardsigmoid_input_grad",
    "hardswish",
    "hardswish_input_grad",
    "leaky_relu",
    "leaky_relu_input_grad",
    "linear",
    "linear_bias_grad",
    "linear_input_grad",
    "linear_weight_grad",
    "log_softmax",
    "log_softmax_input_grad",
    "max_pool2d",
    "max_pool2d_input_grad",
    "nll_loss",
    "nll_loss_input_grad",
    "pad2d",
    "pad2d_input_grad",
    "relu",
    "relu_input_grad",
    "sigmoid",
    "sigmoid_input_grad",
    "softmax",
    "softmax_input_grad",
    "tanh",
    "tanh_input_grad",
]
