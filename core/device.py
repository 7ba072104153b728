"""Where a model runs: the processor or a CUDA graphics card."""

import torch

__all__ = ["choose_device", "has_bfloat16"]


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of a name: "auto" (CUDA where present), "cpu", "cuda" or "cuda:INDEX".

    Raises:
        ValueError: another name, or CUDA was asked for and is not there.
    """
    present = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if present else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (":" in name and not (kind == "cuda" and index.isdecimal())):
        raise ValueError(f"device is {name!r}, expected auto, cpu, cuda or cuda:INDEX")
    if kind == "cuda" and int(index or 0) >= present:
        raise ValueError(f"device is {name!r}, but this machine has {present} CUDA devices: use auto or cpu")
    return torch.device(name)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies bfloat16 numbers itself; elsewhere they are emulated, slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    return any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))
