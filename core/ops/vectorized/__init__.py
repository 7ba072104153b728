"""The operators of `core.ops.naive`, by whole-tensor arithmetic: for the same arguments the same numbers, fast.

They run on any device, "meta" included, in any floating-point dtype, and use no autograd. On the processor those that
would go over memory several times are our own C++ (`compiled`, `direct`, `pointwise`), where there is a compiler.
None asks the framework for the operator that it stands for, with two exceptions that are one pass of arithmetic there:
`relu` clamps, `tanh` is a tensor's own. Matrix products are the framework's.

No operators of their own are `NAME_grads`, which computes together what `core.nn` wants together, or what the forward
pass's output serves best, and `NAME_kept`, a forward pass that also returns what it kept for those gradients.
"""

from types import FunctionType

from core.ops.vectorized.activation import *
from core.ops.vectorized.activation import sigmoid_grads as sigmoid_grads
from core.ops.vectorized.activation import tanh_grads as tanh_grads
from core.ops.vectorized.avg_pool2d import *
from core.ops.vectorized.conv1d import *
from core.ops.vectorized.conv2d import *
from core.ops.vectorized.conv2d import conv2d_grads as conv2d_grads
from core.ops.vectorized.conv_transpose2d import *
from core.ops.vectorized.convolve2d import *
from core.ops.vectorized.dropout import *
from core.ops.vectorized.linear import *
from core.ops.vectorized.loss import *
from core.ops.vectorized.max_pool2d import *
from core.ops.vectorized.max_pool2d import max_pool2d_grads as max_pool2d_grads
from core.ops.vectorized.max_pool2d import max_pool2d_kept as max_pool2d_kept
from core.ops.vectorized.norm import *
from core.ops.vectorized.norm import batch_norm_grads as batch_norm_grads
from core.ops.vectorized.norm import batch_norm_kept as batch_norm_kept
from core.ops.vectorized.norm import group_norm_grads as group_norm_grads
from core.ops.vectorized.norm import group_norm_kept as group_norm_kept
from core.ops.vectorized.pad import *
from core.ops.vectorized.softmax import *
from core.ops.vectorized.softmax import log_softmax_grads as log_softmax_grads
from core.ops.vectorized.softmax import softmax_grads as softmax_grads

__all__ = sorted(
    name
    for name, value in globals().items()
    if isinstance(value, FunctionType) and not name.endswith(("_grads", "_kept"))
)
