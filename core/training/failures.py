"""Why a run ended early, in words for people."""

import errno

import torch

from core.training.settings import RunConfig

__all__ = ["Diverged", "reason"]


class Diverged(Exception):
    """The loss or the weights are no finite numbers any more; the message says when and what to try."""

    def __init__(self, what: str, step: int, learning_rate: float):
        super().__init__(
            f"{what} at step {step}, with the learning rate {learning_rate:g}: training has diverged. Try a smaller "
            f"learning rate"
        )


def reason(error: BaseException, config: RunConfig, *, processes: int = 1) -> str | None:
    """Return what went wrong and what to do about it; None for what nobody foresaw."""
    if isinstance(error, Diverged):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: delete runs that you do not need, then resume"
    if isinstance(error, PermissionError):
        return f"{error.filename} cannot be written: {error.strerror}"
    if isinstance(error, ValueError | FileNotFoundError):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error):
        return f"out of memory with batches of {config.training.batch_size} pictures: choose a smaller batch_size"
    if processes > 1 and isinstance(error, RuntimeError):
        return f"another process of the run ended ({str(error).splitlines()[0][:200]})"
    if config.training.compile and isinstance(error, RuntimeError):
        return f"torch.compile failed ({str(error).splitlines()[0][:200]}): switch compile off"
    return None
