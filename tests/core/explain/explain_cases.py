"""Random configurations of every explained operator, and the models that the tests record."""

from collections.abc import Callable
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Case = Callable[[Random], tuple[Callable[[Tensor], Any], Tensor]]


class Written(nn.Module):
    """A model that is one Python function."""

    def __init__(self, function: Callable[[Tensor], Any]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def numbers(r: Random, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(r.getrandbits(32)))


def between(r: Random, *shape: int) -> Tensor:
    """Values in [0.1, 1.1], for functions that need positive ones."""
    return numbers(r, *shape).abs().frac() + 0.1


def conv2d(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    groups = r.choice([1, 1, 2])
    weight = numbers(r, 2 * groups, r.randint(1, 3), r.randint(1, 3), r.randint(1, 3))
    x = numbers(r, 2, weight.shape[1] * groups, r.randint(7, 9), r.randint(7, 9))
    bias = r.choice([None, numbers(r, len(weight))])
    dilation = r.choice([1, (2, 1), (1, 3)])
    if r.random() < 0.3:
        padding = r.choice(["same", "valid"])
        return lambda x: F.conv2d(
            x, weight.to(x), bias if bias is None else bias.to(x), 1, padding, dilation, groups
        ), x
    stride, padding = r.choice([1, 2, (2, 3)]), r.choice([0, 1, (2, 0)])
    if r.random() < 0.2:
        x = x[0]
    return lambda x: F.conv2d(
        x, weight.to(x), bias if bias is None else bias.to(x), stride, padding, dilation, groups
    ), x


def conv1d(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    weight = numbers(r, 3, 2, r.randint(1, 4))
    stride, padding, dilation = r.randint(1, 3), r.randint(0, 2), r.randint(1, 2)
    return lambda x: F.conv1d(x, weight.to(x), None, stride, padding, dilation), numbers(r, 2, 2, r.randint(8, 12))


def conv_transpose2d(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    groups = r.choice([1, 2])
    weight = numbers(r, 2 * groups, r.randint(1, 2), r.randint(1, 3), r.randint(1, 3))
    bias = numbers(r, weight.shape[1] * groups)
    stride, dilation = r.randint(1, 3), r.randint(1, 2)
    padding, output_padding = r.randint(0, 1), r.randint(0, stride - 1)
    x = numbers(r, 2, len(weight), 4, 5)
    return (
        lambda x: F.conv_transpose2d(
            x,
            weight.to(x),
            bias.to(x),
            stride,
            padding if weight.shape[2:] > (1, 1) else 0,
            output_padding,
            groups,
            dilation,
        ),
        x,
    )


def linear(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    features = r.randint(1, 40)
    weight, bias = numbers(r, 3, features), r.choice([None, numbers(r, 3)])
    shape = r.choice([(2,), (), (2, 3)])
    return lambda x: F.linear(x, weight.to(x), None if bias is None else bias.to(x)), numbers(r, *shape, features)


def matmul(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    left, right = r.choice(
        [
            ((3, 4), (4, 5)),
            ((4,), (4, 5)),
            ((3, 4), (4,)),
            ((2, 3, 4), (4, 5)),
            ((2, 3, 4), (2, 4, 5)),
            ((3, 4), (2, 4, 5)),
        ]
    )
    other = numbers(r, *right)
    return lambda x: x @ other.to(x), numbers(r, *left)


def addmm(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    left, right, shape = numbers(r, 3, 4), numbers(r, 4, 5), r.choice([(5,), (3, 5), (3, 1)])
    added, options = numbers(r, *shape), r.choice([{}, {"beta": 0.5, "alpha": -2.0}])
    return r.choice(
        [
            (lambda x: torch.addmm(added.to(x), x, right.to(x), **options), numbers(r, 3, 4)),
            (lambda x: torch.addmm(added.to(x), left.to(x), x, **options), numbers(r, 4, 5)),
            (lambda x: x.addmm(left.to(x), right.to(x), **options), numbers(r, *shape)),
        ]
    )


def glu(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    dim = r.choice([-1, 1])
    return lambda x: F.glu(x, dim), numbers(r, 2, 6, 4)


def max_pool2d(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    kernel, stride = r.choice([2, 3, (2, 3)]), r.choice([None, 1, 2, (2, 1)])
    padding, dilation, ceil = r.choice([0, 1]), r.choice([1, 2]), r.choice([False, True])
    return lambda x: F.max_pool2d(x, kernel, stride, padding, dilation, ceil), numbers(r, 2, 2, r.randint(7, 10), 8)


def avg_pool2d(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    kernel, stride, padding = r.choice([2, 3, (2, 3)]), r.choice([None, 1, 2, (2, 1)]), r.choice([0, 1])
    ceil, include, divisor = r.choice([False, True]), r.choice([False, True]), r.choice([None, None, 5])
    x = numbers(r, 2, 2, r.randint(7, 10), 8)
    return lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil, include, divisor), x


def adaptive(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    size = r.choice([1, 3, (2, 5), (None, 4)])
    pool = r.choice([F.adaptive_avg_pool2d, F.adaptive_max_pool2d])
    return lambda x: pool(x, size), numbers(r, 2, 3, r.randint(5, 9), r.randint(5, 9))


def batch_norm(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    mean, variance = numbers(r, 3), between(r, 3)
    weight, bias = r.choice([(None, None), (numbers(r, 3), numbers(r, 3))])
    training = r.choice([False, True])
    x = numbers(r, *r.choice([(4, 3, 5, 4), (6, 3)]))

    def run(x: Tensor) -> Tensor:
        affine = [None if t is None else t.to(x) for t in (weight, bias)]
        return F.batch_norm(x, mean.to(x, copy=True), variance.to(x, copy=True), *affine, training=training)

    return run, x


def layer_norm(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    shape = r.choice([(6,), (3, 6)])
    weight, bias = numbers(r, *shape), r.choice([None, numbers(r, *shape)])
    return (
        lambda x: F.layer_norm(x, shape, weight.to(x), None if bias is None else bias.to(x), 1e-6),
        numbers(r, 2, 3, 6),
    )


def group_norm(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    weight, bias = numbers(r, 6), numbers(r, 6)
    groups = r.choice([1, 2, 3, 6])
    return lambda x: F.group_norm(x, groups, weight.to(x), bias.to(x)), numbers(r, 2, 6, 4, 3)


def activation(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    named = [F.relu, F.relu6, F.elu, F.hardtanh, F.logsigmoid, F.silu, F.gelu, F.mish, F.softplus, F.hardsigmoid]
    others = [F.hardswish, torch.sigmoid, torch.tanh, torch.neg, torch.abs, torch.exp, torch.square, Tensor.relu]
    written = [
        lambda x: F.gelu(x, approximate="tanh"),
        lambda x: F.leaky_relu(x, 0.2),
        lambda x: F.relu(x, True),
        lambda x: x.clamp(-0.5, 0.5),
        lambda x: x.clamp(min=0.2),
        lambda x: x.tanh_(),
        lambda x: x**2,
        lambda x: -x,
    ]
    return r.choice([*named, *others, *written]), numbers(r, 3, 5) * r.choice([1, 4])


def root(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    return r.choice([torch.sqrt, torch.log]), between(r, 3, 4)


def softmax(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    dim = r.choice([0, 1, -1])
    function = r.choice([F.softmax, F.log_softmax, torch.softmax, Tensor.log_softmax])
    return lambda x: function(x, dim), numbers(r, 3, 7) * r.choice([1, 10])


def arithmetic(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    other = numbers(r, *r.choice([(3, 4), (4,), (3, 1), (2, 3, 4), ()]))
    functions = [
        lambda x: x + other.to(x),
        lambda x: torch.add(x, other.to(x), alpha=0.5),
        lambda x: other.to(x) - x,
        lambda x: x * other.to(x),
        lambda x: x / (other.to(x).abs() + 1),
        lambda x: x.add_(1.5),
        lambda x: 1 - x,
        lambda x: 2 * x,
        lambda x: x / 3,
        lambda x: 3 / (x + 10),
        lambda x: x - 0.25,
        lambda x: x + x,
    ]
    return r.choice(functions), numbers(r, 3, 4)


def reduction(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    dim, keepdim = r.choice([0, 1, -1, (0, 2), [1, 2]]), r.choice([False, True])
    functions = [
        lambda x: x.mean(dim, keepdim),
        lambda x: torch.mean(x, dim=dim, keepdim=keepdim),
        lambda x: x.sum(dim),
        lambda x: x.mean(),
        lambda x: torch.sum(x),
    ]
    return r.choice(functions), numbers(r, 2, 3, 4)


def dropout(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    function, training = r.choice([F.dropout, F.dropout2d]), r.choice([False, True])
    return lambda x: function(x, 0.4, training), numbers(r, 2, 3, 4, 4)


def view(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    functions = [
        lambda x: torch.flatten(x, 1),
        lambda x: x.flatten(1, 2),
        lambda x: x.view(2, -1),
        lambda x: x.reshape((6, 20)),
        lambda x: x.permute(2, 0, 3, 1),
        lambda x: torch.permute(x, (3, 2, 1, 0)),
        lambda x: x.permute(0, 2, 1, 3).contiguous(),
        lambda x: x.transpose(1, -1),
        lambda x: x.flatten(1).t(),
        lambda x: x.flatten(1).T,
        lambda x: x.mT,
        lambda x: x.unsqueeze(1),
        lambda x: x[:, :1].squeeze(1),
        lambda x: x[:, :1].expand(-1, 3, -1, -1),
        lambda x: x.clone(),
        lambda x: x.to(torch.float64),
        lambda x: x.unflatten(2, (2, 2)),
        lambda x: x.swapaxes(0, 1),
    ]
    return r.choice(functions), numbers(r, 2, 3, 4, 5)


def part(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    rows = torch.tensor([2, 0])
    functions = [
        lambda x: torch.cat([x, x * 2, x[:, :1]], 1),
        lambda x: torch.stack((x, -x), dim=1),
        lambda x: x.chunk(2, dim=1),
        lambda x: torch.split(x, 2, 1),
        lambda x: x.split([1, 2], dim=1),
        lambda x: x.unbind(1),
        lambda x: x[0],
        lambda x: x[:, 1:, ::2],
        lambda x: x[..., -1],
        lambda x: x[:, None, :, 2],
        lambda x: x[:, [2, 0]],
        lambda x: x[:, rows.to(x.device)],
        lambda x: x[[False, True]],
        lambda x: x.select(1, -1),
        lambda x: x.narrow(2, 1, 2),
        lambda x: F.pad(x, (1, 2, 0, 1)),
        lambda x: F.pad(x, (1, 0), value=3.0),
        lambda x: F.pad(x, (-1, 1, -1, 0)),
        lambda x: F.pad(x, (2, 1, 1, 3), mode="reflect"),
        lambda x: F.pad(x, (2, 1, 1, 3), mode="replicate"),
        lambda x: F.pad(x, (2, 1, 1, 3), mode="circular"),
        lambda x: x.flip(2, 3),
        lambda x: torch.roll(x, (1, -2), (2, 3)),
        lambda x: x.repeat(1, 2, 1, 1),
        lambda x: F.pixel_shuffle(x.repeat(1, 4, 1, 1), 2),
        lambda x: x.movedim(1, -1),
        lambda x: x.index_select(2, rows.to(x.device)),
    ]
    return r.choice(functions), numbers(r, 2, 3, 4, 5)


def pair(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    other = numbers(r, *r.choice([(3, 4), (4,), (3, 1)]))
    functions = [
        lambda x: torch.maximum(x, other.to(x)),
        lambda x: torch.minimum(other.to(x), x),
        lambda x: torch.max(x, other.to(x)),
        lambda x: (x.tanh() + 1.5) ** other.to(x),
        lambda x: 2**x,
        lambda x: x.pow(3),
        lambda x: torch.addcmul(x, other.to(x), x * 2, value=0.5),
        lambda x: torch.addcdiv(x, other.to(x), x.tanh() + 2),
        lambda x: torch.lerp(x, other.to(x).expand_as(x), 0.3),
        lambda x: torch.lerp(x, x * 3, other.to(x).sigmoid()),
        lambda x: x % 0.7,
        lambda x: x.clamp(min=other.to(x)),
        lambda x: torch.clamp(x, -0.3, 0.1),
        lambda x: x.clamp_max(0.3),
    ]
    return r.choice(functions), numbers(r, 3, 4)


def compared(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    other = numbers(r, 4)
    functions = [
        lambda x: x > 0.1,
        lambda x: x <= other.to(x),
        lambda x: x == x,
        lambda x: x.ne(0),
        lambda x: torch.logical_and(x > 0, x < 1),
        lambda x: (x > 0) | (x < -1),
        lambda x: ~(x > 0),
        lambda x: (x > 0).all(1),
        lambda x: (x > 1).any(),
        lambda x: x.argmax(1),
        lambda x: x.max(1)[1],
        lambda x: x.argsort(1),
        lambda x: x.round().long(),
        lambda x: (x * 5).long() // 2,
        lambda x: F.one_hot((x > 0).long()),
        torch.sign,
        torch.isnan,
    ]
    return r.choice(functions), numbers(r, 3, 4)


def extreme(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    dim, keepdim = r.choice([0, 1, -1]), r.choice([False, True])
    functions = [
        lambda x: x.max(dim, keepdim)[0],
        lambda x: torch.min(x, dim).values,
        lambda x: x.max(),
        lambda x: x.amax((0, 2), keepdim),
        lambda x: torch.amin(x, dim=1),
        lambda x: x.logsumexp(dim, keepdim),
    ]
    return r.choice(functions), numbers(r, 2, 3, 4)


def ranked(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    functions = [
        lambda x: x.topk(2)[0],
        lambda x: torch.topk(x, 2, dim=1, largest=False).values,
        lambda x: x.sort(1)[0],
        lambda x: torch.sort(x, dim=0, descending=True)[0],
        lambda x: x.kthvalue(2, 1)[0],
        lambda x: x.median(2)[0],
    ]
    return r.choice(functions), numbers(r, 2, 3, 5)


def masked(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    mask, other = numbers(r, 4) > 0, numbers(r, 3, 1)
    functions = [
        lambda x: torch.where(mask.to(x.device), x, other.to(x)),
        lambda x: torch.where(mask.to(x.device), 0.0, x),
        lambda x: x.where(mask.to(x.device), x * 2),
        lambda x: x.masked_fill(mask.to(x.device), -1.5),
        lambda x: x.masked_fill(mask.to(x.device), float("-inf")),
    ]
    return r.choice(functions), numbers(r, 3, 4)


def moved(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    at = torch.tensor([[2, 0, 1], [1, 1, 0]])
    value = numbers(r, 2, 5)

    def assigned(x: Tensor) -> Tensor:
        y = x.clone()
        y[:, 1] = value.to(x)
        y[0, 2, 1:3] = 7.0
        y[at.to(x.device) > 1] = 0.5
        return y * 2

    functions = [
        assigned,
        lambda x: x[:, :, 0].gather(1, at.to(x.device)),
        lambda x: torch.take_along_dim(x[..., 0], at.to(x.device), 1),
        lambda x: x.repeat_interleave(2, 1),
        lambda x: torch.tril(x, 1),
        lambda x: x.triu(),
        lambda x: x.tile(1, 2, 1),
        lambda x: x.unfold(2, 3, 1),
        lambda x: x.diagonal(0, 1, 2),
        lambda x: torch.rot90(x, 1, (1, 2)),
        lambda x: F.unfold(x[None], (2, 3), padding=1),
        lambda x: F.fold(F.unfold(x[None], 2), (3, 5), 2),
        lambda x: torch.hstack([x, -x]),
        lambda x: torch.meshgrid(x[0, 0], x[0, :, 0], indexing="ij")[1],
        lambda x: F.embedding(at.to(x.device), x[0]),
        lambda x: x.tensor_split(2, dim=2)[1],
        lambda x: torch.zeros(2, 3, 5, dtype=x.dtype, device=x.device).copy_(x),
        lambda x: x[at[:, :, None].expand(2, 3, 5).to(x.device) > 0],
    ]
    return r.choice(functions), numbers(r, 2, 3, 5)


def created(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    functions = [
        lambda x: torch.zeros(2, 3, device=x.device) + x,
        lambda x: x + torch.ones_like(x),
        lambda x: x * x.new_full((3,), 0.1),
        lambda x: x * torch.arange(3, device=x.device),
        lambda x: x * torch.arange(0.5, 2, 0.5, dtype=x.dtype, device=x.device),
        lambda x: x @ torch.eye(3, dtype=x.dtype, device=x.device),
        lambda x: x + torch.linspace(-1, 1, 3, dtype=x.dtype, device=x.device),
        lambda x: x + torch.full((2, 1), 3.5, device=x.device),
        lambda x: x + x.new_zeros(2, 3),
        lambda x: x.clone().fill_(2.0) * x,
        lambda x: x * x.clone().zero_(),
    ]
    return r.choice(functions), numbers(r, 2, 3)


def einsum(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    left, right = numbers(r, 4, 5), numbers(r, 2, 4, 3)
    functions = [
        lambda x: torch.einsum("bij,jk->bik", x, left.to(x)),
        lambda x: torch.einsum("bij,bjk->bki", x, right.to(x)),
        lambda x: torch.einsum("...j,jk", x, left.to(x)),
        lambda x: torch.einsum("bij->b", x),
        lambda x: torch.einsum("bij,bkj->ik", [x, x[:, :2]]),
    ]
    return r.choice(functions), numbers(r, 2, 3, 4)


def attention(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    shape = r.choice([(2, 3, 4, 5), (1, 4, 5)])
    key, value = numbers(r, *shape[:-2], 6, 5), numbers(r, *shape[:-2], 6, 2)
    bias, mask = numbers(r, 4, 6), (numbers(r, 4, 6) > 0) | (torch.arange(6) == 1)
    options: list[dict[str, Any]] = [{}, {"scale": 0.3}, {"is_causal": True}, {"attn_mask": bias}, {"attn_mask": mask}]
    option = r.choice(options)

    def attend(x: Tensor) -> Tensor:
        more = {k: v.to(x.device) if v is mask else v.to(x) if v is bias else v for k, v in option.items()}
        return F.scaled_dot_product_attention(x, key.to(x), value.to(x), **more)

    return r.choice([attend, lambda x: F.scaled_dot_product_attention(x, x, x * 2)]), numbers(r, *shape)


def wide(x: Tensor) -> Tensor:
    """In at least 32 bits: on the processor torch antialiases no others."""
    return x if x.element_size() > 2 else x.float()


def resized(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    x, corners = numbers(r, 2, 2, r.randint(3, 6), 5), r.choice([False, True])
    size, factor = (r.randint(2, 9), r.randint(2, 9)), r.choice([2, 0.5, 1.5, (2, 0.7)])
    functions = [
        lambda x: F.interpolate(x, scale_factor=factor),
        lambda x: F.interpolate(x, size, mode="nearest-exact"),
        lambda x: F.interpolate(x, size, mode="bilinear", align_corners=corners),
        lambda x: F.interpolate(x, scale_factor=factor, mode="bilinear"),
        lambda x: F.interpolate(x, size, mode="bicubic", align_corners=corners),
        lambda x: F.interpolate(x, size, mode="area"),
        lambda x: F.interpolate(wide(x), size, mode="bilinear", align_corners=corners, antialias=True),
        lambda x: F.interpolate(wide(x), scale_factor=factor, mode="bicubic", antialias=True),
        lambda x: F.interpolate(wide(x), size, mode="bicubic", align_corners=corners, antialias=True),
        lambda x: F.interpolate(x[..., 0], 7, mode="linear", align_corners=corners),
        lambda x: F.interpolate(x[:, :, None], (2, 4, 3), mode="trilinear"),
    ]
    return r.choice(functions), x


def sampled(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    grid = numbers(r, 2, 3, 4, 2).tanh() * 1.3
    mode, padding, corners = r.choice(["bilinear", "nearest"]), r.choice(["zeros", "border"]), r.choice([False, True])
    x = numbers(r, 2, 2, 5, 6)
    return lambda x: F.grid_sample(x, grid.to(x), mode, padding, corners), x


def spread(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    dim, weight, length = r.choice([0, 1, -1, (1, 2)]), numbers(r, 4), numbers(r, 2, 1, 1).abs() + 0.5
    functions = [
        lambda x: x.norm(dim=dim),
        lambda x: torch.linalg.vector_norm(x, 3, 1, True),
        lambda x: torch.linalg.norm(x, dim=-1),
        lambda x: torch.norm(x, float("inf"), 1),
        lambda x: x.var(dim),
        lambda x: torch.var(x, -1, unbiased=False, keepdim=True),
        lambda x: x.std(1, correction=0),
        lambda x: torch.var_mean(x, 2)[0],
        lambda x: F.normalize(x, dim=1),
        lambda x: F.normalize(x, p=3.0, dim=-1),
        lambda x: F.rms_norm(x, (4,), weight.to(x), 1e-5),
        lambda x: F.rms_norm(x, (3, 4)),
        lambda x: F.instance_norm(x),
        lambda x: torch._weight_norm(x, length.to(x), 0),
        lambda x: x.cumsum(1),
    ]
    return r.choice(functions), numbers(r, 2, 3, 4)


def function(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    weight = numbers(r, 4)
    smooth = [torch.rsqrt, torch.reciprocal, torch.log2, torch.log10, torch.log1p]
    functions = [torch.sin, torch.cos, torch.exp2, torch.expm1, torch.erf, F.selu, F.celu, F.softsign, F.tanhshrink]
    shrinks = [F.hardshrink, F.softshrink, lambda x: F.threshold(x, 0.1, 2.0), lambda x: F.prelu(x, weight.to(x))]
    if r.random() < 0.3:
        return r.choice(smooth), between(r, 3, 4)
    return r.choice([*functions, *shrinks]), numbers(r, 3, 4) * r.choice([1, 4])


def recurrent(r: Random) -> tuple[Callable[[Tensor], Any], Tensor]:
    kind, both = r.choice([torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu]), r.choice([False, True])
    layers, first, biased = r.randint(1, 2), r.choice([False, True]), r.choice([False, True])
    gates, units, directions = {torch.lstm: 4, torch.gru: 3}.get(kind, 1), 3, 1 + both
    params = []
    for layer in range(layers):
        for _ in range(directions):
            width = 2 if layer == 0 else units * directions
            params += [numbers(r, gates * units, width), numbers(r, gates * units, units)]
            params += [numbers(r, gates * units), numbers(r, gates * units)] if biased else []
    starts = [numbers(r, layers * directions, 2, units) for _ in range(2)]

    def run(x: Tensor) -> Any:
        hx = [start.to(x) for start in starts] if kind is torch.lstm else starts[0].to(x)
        return kind(x, hx, [p.to(x) for p in params], biased, layers, 0.0, False, both, first)

    return run, numbers(r, *((2, 4) if first else (4, 2)), 2)


CASES: dict[str, Case] = {
    "conv2d": conv2d,
    "conv1d": conv1d,
    "conv_transpose2d": conv_transpose2d,
    "linear": linear,
    "matmul": matmul,
    "addmm": addmm,
    "glu": glu,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "adaptive": adaptive,
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "activation": activation,
    "root": root,
    "softmax": softmax,
    "arithmetic": arithmetic,
    "reduction": reduction,
    "dropout": dropout,
    "view": view,
    "part": part,
    "pair": pair,
    "compared": compared,
    "extreme": extreme,
    "ranked": ranked,
    "masked": masked,
    "moved": moved,
    "created": created,
    "einsum": einsum,
    "attention": attention,
    "resized": resized,
    "sampled": sampled,
    "spread": spread,
    "function": function,
    "recurrent": recurrent,
}
