"""What `test_triton` runs in a Python of its own: Triton's interpreter must be chosen before Triton is imported."""

import pytest
import torch
import torch.nn.functional as F

from core.ops import triton as ours

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
ON_CARD = DEVICE == "cuda"
torch.backends.cudnn.conv.fp32_precision = "ieee"  # cuDNN rounds the factors to 10 bits otherwise


def tensors(*sizes: tuple[int, ...]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(size, generator=generator).to(DEVICE) for size in sizes]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(
    ("input", "weight", "settings"),
    [
        ((1, 1, 28, 28), (32, 1, 3, 3), {}),
        ((2, 3, 9, 7), (5, 3, 2, 3), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}),
        ((2, 4, 6, 6), (8, 1, 3, 3), {"groups": 4, "padding": "same"}),
        ((1, 6, 5, 8), (4, 3, 3, 2), {"groups": 2, "padding": "same"}),  # more padding after than before
        ((1, 40, 5, 5), (33, 40, 1, 1), {}),  # more taps and channels than one tile
        ((1, 2, 3, 3), (1, 2, 3, 3), {}),  # one window
        ((0, 2, 4, 4), (3, 2, 2, 2), {}),
    ],
)
def test_equals_torch(input: tuple[int, ...], weight: tuple[int, ...], settings: dict[str, object]) -> None:
    x, w, b = tensors(input, weight, weight[:1])
    expected = F.conv2d(x, w, b, **settings)  # type: ignore[arg-type]
    assert torch.allclose(ours.conv2d(x, w, b, **settings), expected, rtol=1e-5, atol=1e-5)  # type: ignore[arg-type]
    without = F.conv2d(x, w, None, **settings)  # type: ignore[arg-type]
    assert torch.allclose(ours.conv2d(x, w, **settings), without, rtol=1e-5, atol=1e-5)  # type: ignore[arg-type]


def test_pads_in_every_mode() -> None:
    x, w = tensors((1, 2, 5, 6), (3, 2, 3, 3))
    for mode in ("reflect", "replicate", "circular"):
        expected = F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), w)
        assert torch.allclose(ours.conv2d(x, w, padding=1, padding_mode=mode), expected, rtol=1e-5, atol=1e-5)


def test_takes_any_layout_and_keeps_half_precision() -> None:
    x, w = tensors((1, 4, 6, 6), (3, 4, 3, 3))
    strided = x.to(memory_format=torch.channels_last)
    assert torch.allclose(ours.conv2d(strided, w), F.conv2d(x, w), rtol=1e-5, atol=1e-5)
    half = ours.conv2d(x.half(), w.half())
    assert half.dtype == torch.float16
    assert torch.allclose(half.float(), F.conv2d(x, w), rtol=1e-2, atol=1e-2)


def test_takes_bfloat16_on_a_card_and_refuses_it_in_the_interpreter_which_reads_it_wrongly() -> None:
    x, w = tensors((1, 4, 6, 6), (3, 4, 3, 3))
    if ON_CARD:
        assert torch.allclose(ours.conv2d(x.bfloat16(), w.bfloat16()).float(), F.conv2d(x, w), rtol=5e-2, atol=5e-2)
    else:
        with pytest.raises(ValueError, match="input is bfloat16, Triton's kernel expects float32 or float16"):
            ours.conv2d(x.bfloat16(), w.bfloat16())


def test_refuses_float64_which_compiles_on_no_card() -> None:
    x, w = tensors((1, 4, 6, 6), (3, 4, 3, 3))
    with pytest.raises(ValueError, match="input is float64, Triton's kernel expects float32"):
        ours.conv2d(x.double(), w.double())


def test_reads_a_lazily_negated_tensor_with_its_sign() -> None:
    x, w, b = tensors((1, 4, 6, 6), (3, 4, 3, 3), (3,))
    lazily = [torch._neg_view(tensor) for tensor in (x, w, b)]
    assert all(tensor.is_neg() for tensor in lazily)
    assert torch.allclose(ours.conv2d(*lazily), F.conv2d(-x, -w, -b), rtol=1e-5, atol=1e-5)


def test_counts_wide_where_a_tensor_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = tensors((2, 3, 9, 7), (5, 3, 3, 3))
    monkeypatch.setattr(ours, "NARROW", 0)
    assert torch.allclose(ours.conv2d(x, w, padding=1), F.conv2d(x, w, padding=1), rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="takes a second card")
def test_computes_on_a_card_that_is_not_the_current_one() -> None:
    x, w = (tensor.to("cuda:1") for tensor in tensors((2, 3, 9, 7), (5, 3, 3, 3)))
    assert torch.allclose(ours.conv2d(x, w), F.conv2d(x, w), rtol=1e-5, atol=1e-5)


def test_refuses_what_does_not_fit() -> None:
    x, w = tensors((1, 2, 4, 4), (3, 1, 2, 2))
    with pytest.raises(ValueError, match="channels"):
        ours.conv2d(x, w)
