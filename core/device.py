"""Where a model runs: the processor or a CUDA graphics card."""

import torch

__all__ = ["choose_device"]


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
