r"""The formula of every operator and of its gradients, in LaTeX: written here, typeset and copied everywhere else.

X is the input, K a kernel, W a matrix of weights, b a bias, Y the output; x and y are single elements, L is the loss.
s, p, d and k are stride, padding, dilation and taps along an axis (H rows, W columns). n is the sample; c and o are
channels of input and output, c₀ and o₀ the first ones of their group; y and x an output's row and column, i and j a
tap's.

`dL/dX` is written for `\frac{dL}{dX}`; `\,` is a product and `\quad` stands between two formulas. Only what
`explorer/web/lib/formula/tree.js` reads may be used.
"""

import re
from collections.abc import Callable

__all__ = ["CHAIN_RULE", "FORMULAS"]

CHAIN_RULE = r"\frac{dL}{dx} = \sum_y \frac{dL}{dy}\,\frac{dy}{dx}"
"""The gradient of a value: a sum over all values y that are computed from it."""

OUTPUT = {"D": "z", "H": "y", "W": "x"}
INPUT = {"D": r"\mathrm{plane}", "H": r"\mathrm{row}", "W": r"\mathrm{col}"}
TAP = {"D": "h", "H": "i", "W": "j"}
DILATED = {axis: rf"d_{axis}\,{tap}" for axis, tap in TAP.items()}
ROTATED = {axis: rf"d_{axis}\,(k_{axis} - 1 - {tap})" for axis, tap in TAP.items()}
"""Where a tap lies in its window, of a kernel that is rotated."""


def _each(axes: str, place: Callable[[str], str]) -> str:
    return ",".join(map(place, axes))


def _reads(axes: str, window: dict[str, str] = OUTPUT, tap: dict[str, str] = DILATED) -> str:
    """Return where the taps of a window lie."""
    return _each(axes, lambda axis: rf"s_{axis}\,{window[axis]} - p_{axis} + {tap[axis]}")


def _read_by(axes: str, element: dict[str, str], tap: dict[str, str] = DILATED) -> str:
    """Return the windows that have an element under a tap; those that are no whole numbers do not exist."""
    return _each(axes, lambda axis: rf"({element[axis]} + p_{axis} - {tap[axis]})/s_{axis}")


def _letters(axes: str) -> tuple[str, str, str]:
    """Return the indices of an output, of an input and of a tap."""
    return _each(axes, OUTPUT.__getitem__), _each(axes, INPUT.__getitem__), _each(axes, TAP.__getitem__)


def _convolution(name: str, axes: str, tap: dict[str, str] = DILATED) -> dict[str, str]:
    y, x, t = _letters(axes)
    read = rf"X_{{n,c_0 + c,{_reads(axes, tap=tap)}}}"
    window = _read_by(axes, INPUT, tap)
    return {
        name: rf"Y_{{n,o,{y}}} = b_o + \sum_{{c,{t}}} K_{{o,c,{t}}}\,{read}",
        f"{name}_input_grad": rf"dL/dX_{{n,c,{x}}} = \sum_{{o,{t}}} K_{{o,c - c_0,{t}}}\,dL/dY_{{n,o,{window}}}",
        f"{name}_weight_grad": rf"dL/dK_{{o,c,{t}}} = \sum_{{n,{y}}} dL/dY_{{n,o,{y}}}\,{read}",
        f"{name}_bias_grad": rf"dL/db_o = \sum_{{n,{y}}} dL/dY_{{n,o,{y}}}",
    }


def _transposed(name: str, axes: str) -> dict[str, str]:
    y, x, t = _letters(axes)
    laid = rf"dL/dY_{{n,o_0 + o,{_reads(axes, INPUT)}}}"
    return {
        name: rf"Y_{{n,o,{y}}} = b_o + \sum_{{c,{t}}} K_{{c,o - o_0,{t}}}\,X_{{n,c,{_read_by(axes, OUTPUT)}}}",
        f"{name}_input_grad": rf"dL/dX_{{n,c,{x}}} = \sum_{{o,{t}}} K_{{c,o,{t}}}\,{laid}",
        f"{name}_weight_grad": rf"dL/dK_{{c,o,{t}}} = \sum_{{n,{x}}} X_{{n,c,{x}}}\,{laid}",
        f"{name}_bias_grad": rf"dL/db_o = \sum_{{n,{y}}} dL/dY_{{n,o,{y}}}",
    }


def _pooling(dimensions: str, axes: str) -> dict[str, str]:
    """Return the poolings; k is what an average divides by."""
    y, x, t = _letters(axes)
    out, into, upstream = rf"Y_{{n,c,{y}}}", rf"X_{{n,c,{x}}}", rf"dL/dY_{{n,c,{y}}}"
    window, undilated = rf"{{n,c,{_reads(axes)}}}", rf"{{n,c,{_reads(axes, tap=TAP)}}}"
    bins = "".join(
        rf",\quad \lfloor {OUTPUT[axis]}\,{axis}/{axis}' \rfloor \le {INPUT[axis]}"
        rf" < \lceil ({OUTPUT[axis]} + 1)\,{axis}/{axis}' \rceil"
        for axis in axes
    )
    back = rf"dL/dX_{{n,c,{x}}} \mathrel{{+=}}"
    return {
        f"max_pool{dimensions}": rf"{out} = \max_{{{t}}} X_{window}",
        f"max_pool{dimensions}_input_grad": rf"{back} {upstream},\quad {into} = {out}",
        f"avg_pool{dimensions}": rf"{out} = \frac{{1}}{{k}}\,\sum_{{{t}}} X_{undilated}",
        f"avg_pool{dimensions}_input_grad": rf"dL/dX_{undilated} \mathrel{{+=}} \frac{{1}}{{k}}\,{upstream}",
        f"adaptive_avg_pool{dimensions}": rf"{out} = \frac{{1}}{{k}}\,\sum_{{{x}}} {into}{bins}",
        f"adaptive_avg_pool{dimensions}_input_grad": rf"{back} \frac{{1}}{{k}}\,{upstream}{bins}",
        f"adaptive_max_pool{dimensions}": rf"{out} = \max_{{{x}}} {into}{bins}",
    }


def _cases(*rows: tuple[str, str]) -> str:
    return r"\begin{cases} " + r" \\ ".join(f"{value} & {condition}" for value, condition in rows) + r" \end{cases}"


def _activation(name: str, value: str, slope: str) -> dict[str, str]:
    """Return y = f(x) and dL/dx = dL/dy · f′(x)."""
    return {name: f"y = {value}", f"{name}_input_grad": rf"dL/dx = dL/dy\,{slope}"}


def _normalisation(name: str, element: str, row: str, affine: str) -> dict[str, str]:
    """Return a normalisation whose elements of the same `row` share the mean μ and the variance σ²."""
    normal = rf"\hat X_{{{element}}}"
    moments = rf"\frac{{X_{{{element}}} - \mu_{{{row}}}}}{{\sqrt{{\sigma_{{{row}}}^2 + \varepsilon}}}}"
    return {name: rf"Y_{{{element}}} = \gamma_{affine}\,{normal} + \beta_{affine},\quad {normal} = {moments}"}


def _share(of: str) -> str:
    """Return what GELU takes for the share of a normal distribution below x."""
    return r",\quad \Phi(x) = \frac{1}{2}\,(1 + " + of + ")"


ACTIVATIONS = {
    **_activation("relu", r"\max(0, x)", _cases(("1", "x > 0"), ("0", r"x \le 0"))),
    **_activation(
        "leaky_relu",
        _cases(("x", "x > 0"), (r"a\,x", r"x \le 0")),
        _cases(("1", "x > 0"), ("a", r"x \le 0")),
    ),
    **_activation("sigmoid", r"\sigma(x) = \frac{1}{1 + e^{-x}}", r"\sigma(x)\,(1 - \sigma(x))"),
    **_activation("tanh", r"\tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}", r"(1 - \tanh^2 x)"),
    **_activation(
        "hardsigmoid",
        r"\min(\max(\frac{x}{6} + \frac{1}{2}, 0), 1)",
        _cases(("0", r"x \le -3"), (r"\frac{1}{6}", "-3 < x < 3"), ("0", r"x \ge 3")),
    ),
    **_activation(
        "hardswish",
        r"x\,\frac{\min(\max(x + 3, 0), 6)}{6}",
        _cases(("0", r"x \le -3"), (r"\frac{x}{3} + \frac{1}{2}", "-3 < x < 3"), ("1", r"x \ge 3")),
    ),
    **_activation(
        "silu", r"x\,\sigma(x),\quad \sigma(x) = \frac{1}{1 + e^{-x}}", r"\sigma(x)\,(1 + x\,(1 - \sigma(x)))"
    ),
    **_activation(
        "mish",
        r"x\,\tanh(\ln(1 + e^x))",
        r"(t + x\,(1 - t^2)\,\sigma(x)),\quad t = \tanh(\ln(1 + e^x))",
    ),
    **_activation("gelu", r"x\,\Phi(x)" + _share(r"\mathrm{erf}(\frac{x}{\sqrt{2}})"), r"(\Phi(x) + x\,\Phi'(x))"),
    "gelu.tanh": r"y = x\,\Phi(x)" + _share(r"\tanh(\sqrt{\frac{2}{\pi}}\,(x + 0.044715\,x^3))"),
    "relu6": r"y = \min(\max(0, x), 6)",
    "elu": "y = " + _cases(("x", "x > 0"), (r"\alpha\,(e^x - 1)", r"x \le 0")),
    "logsigmoid": r"y = -\ln(1 + e^{-x})",
    "softplus": r"y = \frac{1}{\beta}\,\ln(1 + e^{\beta\,x})",
    "selu": r"y = 1.0507\," + _cases(("x", "x > 0"), (r"1.6733\,(e^x - 1)", r"x \le 0")),
    "celu": "y = " + _cases(("x", "x > 0"), (r"\alpha\,(e^{x/\alpha} - 1)", r"x \le 0")),
    "prelu": "y = " + _cases(("x", "x > 0"), (r"w_c\,x", r"x \le 0")),
    "softsign": r"y = \frac{x}{1 + |x|}",
    "tanhshrink": r"y = x - \tanh x",
    "hardshrink": "y = " + _cases(("x", r"|x| > \lambda"), ("0", r"|x| \le \lambda")),
    "softshrink": r"y = x - \min(\max(-\lambda, x), \lambda)",
    "threshold": "y = " + _cases(("x", r"x > \tau"), ("v", r"x \le \tau")),
}
"""a is the slope below 0."""

FUNCTIONS = {
    "identity": "y = x",
    "neg": "y = -x",
    "abs": "y = |x|",
    "exp": "y = e^x",
    "log": r"y = \ln x",
    "sqrt": r"y = \sqrt{x}",
    "square": "y = x^2",
    "rsqrt": r"y = \frac{1}{\sqrt{x}}",
    "reciprocal": r"y = \frac{1}{x}",
    "sin": r"y = \mathrm{sin}(x)",
    "cos": r"y = \mathrm{cos}(x)",
    "exp2": "y = 2^x",
    "expm1": "y = e^x - 1",
    "log2": r"y = \mathrm{log}_2(x)",
    "log10": r"y = \mathrm{log}_{10}(x)",
    "log1p": r"y = \ln(1 + x)",
    "erf": r"y = \mathrm{erf}(x)",
    "sign": r"y = \mathrm{sign}(x)",
    "floor": r"y = \lfloor x \rfloor",
    "ceil": r"y = \lceil x \rceil",
    "trunc": r"y = \mathrm{trunc}(x)",
    "round": r"y = \mathrm{round}(x)",
    "logical_not": "y = [x = 0]",
    "bitwise_not": "y = [x = 0]",
    "isnan": r"y = \mathrm{isnan}(x)",
    "isinf": r"y = \mathrm{isinf}(x)",
    "isfinite": r"y = \mathrm{isfinite}(x)",
    **{
        name: f"y = [a {sign} b]"
        for name, sign in {"gt": ">", "lt": "<", "ge": r"\ge", "le": r"\le", "eq": "=", "ne": r"\ne"}.items()
    },
    **{
        name: rf"y = a \mathrm{{ {word} }} b"
        for word in ("and", "or", "xor")
        for name in (f"logical_{word}", f"bitwise_{word}")
    },
    "pow": "y = a^b",
    "rpow": "y = b^a",
    "maximum": r"y = \max(a, b)",
    "minimum": r"y = \min(a, b)",
    "addcmul": r"y = x + \alpha\,a\,b",
    "addcdiv": r"y = x + \alpha\,\frac{a}{b}",
    "lerp": r"y = x + w\,(z - x)",
    "remainder": r"y = a - b\,\lfloor a/b \rfloor",
    "floor_divide": r"y = \lfloor a/b \rfloor",
    "hardtanh": r"y = \min(\max(a, x), b)",
    "clamp": r"y = \min(\max(a, x), b)",
    "clamp_min": r"y = \max(a, x)",
    "clamp_max": r"y = \min(x, b)",
    "one_hot": r"Y_{n,k} = [x_n = k]",
    "add": r"y = a + \alpha\,b",
    "sub": r"y = a - \alpha\,b",
    "rsub": r"y = b - \alpha\,a",
    "mul": r"y = a\,b",
    "div": r"y = \frac{a}{b}",
    "rdiv": r"y = \frac{b}{a}",
    "matmul": r"Y_{i,j} = \sum_k A_{i,k}\,B_{k,j}",
    "glu": r"y = a\,\sigma(b)",
    "addmm": r"Y_{i,j} = \beta\,X_{i,j} + \alpha\,\sum_k A_{i,k}\,B_{k,j}",
    "sum": r"y = \sum_k x_k",
    "mean": r"y = \frac{1}{N}\,\sum_k x_k",
    "cumsum": r"y_k = \sum_{i \le k} x_i",
    "max": r"y = \max_k x_k",
    "min": r"y = \min_k x_k",
    "amax": r"y = \max_k x_k",
    "amin": r"y = \min_k x_k",
    "argmax": r"y = \mathrm{argmax}_k\,x_k",
    "argmin": r"y = \mathrm{argmin}_k\,x_k",
    **dict.fromkeys(("topk", "sort", "kthvalue", "median"), r"y_k = x_{\pi(k)}"),
    "argsort": r"y_k = \pi(k)",
    "all": r"y = \min_k [x_k \ne 0]",
    "any": r"y = \max_k [x_k \ne 0]",
    **dict.fromkeys(("var", "var_mean"), r"y = \frac{1}{N - c}\,\sum_k (x_k - \mu)^2"),
    **dict.fromkeys(("std", "std_mean"), r"y = \sqrt{\frac{1}{N - c}\,\sum_k (x_k - \mu)^2}"),
    "norm": r"y = (\sum_k |x_k|^p)^{1/p}",
    "normalize": r"y_k = \frac{x_k}{\max(\varepsilon, (\sum_i |x_i|^p)^{1/p})}",
    "weight_norm": r"w_k = g\,\frac{v_k}{\sqrt{\sum_i v_i^2}}",
    "logsumexp": r"y = \ln \sum_k e^{x_k}",
    "where": "y = " + _cases(("a", "c"), ("b", r"\mathrm{else}")),
    "masked_fill": "y = " + _cases(("v", "m"), ("x", r"\mathrm{else}")),
    "einsum": r"Y_{\mathrm{free}} = \sum_{\mathrm{summed}} A\,B",
    **dict.fromkeys(("zeros", "new_zeros", "zeros_like", "zero"), "y = 0"),
    **dict.fromkeys(("ones", "new_ones", "ones_like"), "y = 1"),
    **dict.fromkeys(("full", "new_full", "full_like", "fill"), "y = v"),
    "arange": r"y_k = a + k\,s",
    "linspace": r"y_k = a + k\,\frac{b - a}{N - 1}",
    "eye": r"y_{i,j} = " + _cases(("1", "i = j"), ("0", r"i \ne j")),
    "embedding": r"Y_{k,f} = W_{x_k,f}",
    "interpolate": r"Y_{n,c,y} = \sum_i w_{y,i}\,X_{n,c,i}",
    "grid_sample": r"Y_{n,c,y,x} = \sum_{i,j} w_{i,j}\,X_{n,c,i,j}",
    "col2im": r"Y_{n,c,y} \mathrel{+=} X_{n,k,l}",
    "lstm": r"h_t = o_t\,\tanh c_t,\quad c_t = f_t\,c_{t-1} + i_t\,g_t",
    "gru": r"h_t = (1 - z_t)\,n_t + z_t\,h_{t-1}",
    "rnn_tanh": r"h_t = \tanh(W\,x_t + U\,h_{t-1} + b)",
    "rnn_relu": r"h_t = \max(0, W\,x_t + U\,h_{t-1} + b)",
    "scaled_dot_product_attention": (
        r"Y_{i} = \sum_j p_{i,j}\,V_{j},\quad p_{i,j} = \frac{e^{s_{i,j}}}{\sum_l e^{s_{i,l}}},"
        r"\quad s_{i,j} = \alpha\,\sum_d Q_{i,d}\,K_{j,d} + M_{i,j}"
    ),
    "rearranged": r"Y_k = X_{\pi(k)}",
}
"""Operations of torch beside the layers: a and b, A and B are `input` and `other`; element k comes from place π(k)."""


def _moments(name: str, row: str, over: str) -> dict[str, str]:
    """Return mean and variance of a row."""
    return {
        f"{name}.mean": rf"\mu_{{{row}}} = \frac{{1}}{{M}}\,\sum_{{{over}}} X_{{n,c,l}}",
        f"{name}.var": rf"\sigma_{{{row}}}^2 = \frac{{1}}{{M}}\,\sum_{{{over}}} (X_{{n,c,l}} - \mu_{{{row}}})^2",
    }


def _normalised_gradient(name: str, row: str, over: str, arriving: str, scale: str) -> dict[str, str]:
    """Return dL/dinput and the averages that the row's statistics take away from what is `arriving`."""
    mean = rf"\frac{{1}}{{M}}\,\sum_{{{over}}} {arriving}"
    return {
        f"{name}.mean_product": rf"\bar g_{{{row}}} = {mean},\quad h_{{{row}}} = {mean}\,\hat X_{{n,c,l}}",
        f"{name}.grad_input": (
            rf"dL/dX_{{n,c,l}} = \frac{{{scale}}}{{\sqrt{{\sigma_{{{row}}}^2 + \varepsilon}}}}\,"
            rf"({arriving} - \bar g_{{{row}}} - h_{{{row}}}\,\hat X_{{n,c,l}})"
        ),
    }


_GROUP_NORM = _normalisation("group_norm", "n,c,l", "n,g", "c")

NORMALISATIONS = {
    **_normalisation("batch_norm", "n,c,l", "c", "c"),
    **_moments("batch_norm_statistics", "c", "n,l"),
    "batch_norm_running_stats": (
        r"\bar\mu_c \leftarrow (1 - \alpha)\,\bar\mu_c + \alpha\,\mu_c,\quad "
        r"\bar\sigma_c^2 \leftarrow (1 - \alpha)\,\bar\sigma_c^2 + \alpha\,\sigma_c^2\,\frac{M}{M - 1}"
    ),
    **_normalised_gradient("batch_norm_input_grad", "c", "n,l", "dL/dY_{n,c,l}", r"\gamma_c"),
    **_normalisation("layer_norm", "n,f", "n", "f"),
    **_normalisation("instance_norm", "n,c,l", "n,c", "c"),
    "rms_norm": r"Y_{n,f} = \gamma_f\,\frac{X_{n,f}}{\sqrt{\frac{1}{M}\,\sum_i X_{n,i}^2 + \varepsilon}}",
    **_GROUP_NORM,
    "group_norm.output": _GROUP_NORM["group_norm"],
    **_moments("group_norm", "n,g", "c,l"),
    **_normalised_gradient("group_norm_input_grad", "n,g", "c,l", r"\gamma_c\,dL/dY_{n,c,l}", "1"),
    **{
        f"{norm}_{parameter}_grad": rf"dL/d{letter}_c = \sum_{{n,l}} dL/dY_{{n,c,l}}{factor}"
        for norm in ("batch_norm", "group_norm")
        for parameter, letter, factor in (("weight", r"\gamma", r"\,\hat X_{n,c,l}"), ("bias", r"\beta", ""))
    },
}
"""l is a position, g a group of channels; M elements share a mean, α is the momentum of the running statistics, which
are barred."""

_TOP = r",\quad \mathrm{top}_n = \max_l X_{n,l}"

CLASSES = {
    "softmax": r"p_{n,k} = \frac{e^{X_{n,k} - \mathrm{top}_n}}{\sum_l e^{X_{n,l} - \mathrm{top}_n}}" + _TOP,
    "softmax_input_grad": r"dL/dX_{n,k} = p_{n,k}\,(dL/dp_{n,k} - \sum_l p_{n,l}\,dL/dp_{n,l})",
    "log_softmax": r"\ln p_{n,k} = X_{n,k} - \mathrm{top}_n - \ln \sum_l e^{X_{n,l} - \mathrm{top}_n}" + _TOP,
    "log_softmax_input_grad": r"dL/dX_{n,k} = dL/d\ln p_{n,k} - p_{n,k}\,\sum_l dL/d\ln p_{n,l}",
    "nll_loss": r"\ell_n = -w_{t_n}\,\ln p_{n,t_n}",
    "nll_loss_input_grad": r"dL/d\ln p_{n,k} = " + _cases((r"-w_k\,g_n", "k = t_n"), ("0", r"k \ne t_n")),
    "reduce_loss": r"L = \frac{1}{D}\,\sum_n \ell_n",
    "cross_entropy": r"\ell_n = -\sum_c w_c\,q_{n,c}\,\ln p_{n,c}",
    "cross_entropy_input_grad": r"dL/dX_{n,k} = g_n\,(p_{n,k}\,\sum_c w_c\,q_{n,c} - w_k\,q_{n,k})",
    "cross_entropy_target_grad": r"dL/dq_{n,c} = -g_n\,w_c\,\ln p_{n,c}",
    "cross_entropy_input_grad.equal": (
        r"dL/dX_{n,k} = g_n\,(p_{n,k} - q_{n,k}),\quad q_{n,k} = " + _cases(("1", "k = t_n"), ("0", r"k \ne t_n"))
    ),
}
"""p are probabilities, q true ones, t is the true class, w are weights of classes, g = dL/dℓ; a mean divides by D;
"equal" is the gradient with equal weights and one true class."""

_DECAYED = r"g = dL/dw + \lambda\,w,\quad "
_BUFFER = r"v \leftarrow " + _cases(("g", "t = 1"), (r"\mu\,v + (1 - \tau)\,g", "t > 1")) + r",\quad "

OPTIMISERS = {
    "sgd_step.g": _DECAYED + r"w \leftarrow w - \eta\,g",
    "sgd_step.buffer": _DECAYED + _BUFFER + r"w \leftarrow w - \eta\,v",
    "sgd_step.nesterov": _DECAYED + _BUFFER + r"w \leftarrow w - \eta\,(g + \mu\,v)",
    "adam_step": (
        _DECAYED
        + r"m \leftarrow \beta_1\,m + (1 - \beta_1)\,g,\quad v \leftarrow \beta_2\,v + (1 - \beta_2)\,g^2,\quad "
        + r"\hat m = \frac{m}{1 - \beta_1^t},\quad \hat v = \frac{v}{1 - \beta_2^t},\quad "
        + r"w \leftarrow w - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}"
    ),
}
"""η is the learning rate, λ the weight decay, μ the momentum, τ the dampening; t counts the steps from 1."""

_WRITTEN = {
    **_convolution("conv1d", "W"),
    **_convolution("conv2d", "HW"),
    **_convolution("conv3d", "DHW"),
    **_convolution("convolve2d", "HW", ROTATED),
    **_transposed("conv_transpose1d", "W"),
    **_transposed("conv_transpose2d", "HW"),
    **_transposed("conv_transpose3d", "DHW"),
    "pad2d": r"Y_{n,c,y,x} = X_{n,c,\mathrm{source}(y - p_H),\mathrm{source}(x - p_W)}",
    "pad2d_input_grad": (
        r"dL/dX_{n,c,\mathrm{source}(y - p_H),\mathrm{source}(x - p_W)}"
        r" \mathrel{+=} dL/dY_{n,c,y,x}"
    ),
    **_pooling("1d", "W"),
    **_pooling("2d", "HW"),
    **_pooling("3d", "DHW"),
    **ACTIVATIONS,
    **FUNCTIONS,
    "linear": r"Y_{n,o} = b_o + \sum_f W_{o,f}\,X_{n,f}",
    "linear_input_grad": r"dL/dX_{n,f} = \sum_o W_{o,f}\,dL/dY_{n,o}",
    "linear_weight_grad": r"dL/dW_{o,f} = \sum_n dL/dY_{n,o}\,X_{n,f}",
    "linear_bias_grad": r"dL/db_o = \sum_n dL/dY_{n,o}",
    **NORMALISATIONS,
    "dropout": r"y = \frac{m\,x}{1 - p},\quad m \in \{0, 1\}",
    "dropout_input_grad": r"dL/dx = \frac{m}{1 - p}\,dL/dy",
    **CLASSES,
    **OPTIMISERS,
}

FORMULAS: dict[str, str] = {
    name: re.sub(r"dL/d(\\ln p|\\?[A-Za-z]+)", r"\\frac{dL}{d\1}", latex) for name, latex in _WRITTEN.items()
}
"""By function of `core.ops` or operation of torch; parts of a function that are walked apart are "function.variable",
as in `explorer.arithmetic.marks`."""
