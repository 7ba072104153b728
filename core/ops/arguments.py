"""Arguments that are numbers: one integer or one for each axis, sizes, and their limits."""

from collections.abc import Sequence

Ints = int | Sequence[int]
Pair = tuple[int, int]
Size = Sequence[int]


def entries(value: Ints, name: str, dims: int = 2) -> tuple[int, ...]:
    """Return `value` as `dims` integers: one integer, or a sequence of one, stands for all axes.

    Raises:
        TypeError: An entry is not an integer.
        ValueError: The number of entries is not `dims`.
    """
    values = (value,) if isinstance(value, int) else tuple(value)
    values = values * dims if len(values) == 1 else values
    if set(map(type, values)) == {int} and len(values) == dims:  # the most frequent case, of which each call asks
        return values
    if not all(isinstance(entry, int) and not isinstance(entry, bool) for entry in values):
        raise TypeError(f"{name} must be an integer or {dims} integers, not {value!r}")
    if len(values) != dims:
        raise ValueError(f"{name} must be an integer or {dims} integers, not {len(values)}")
    return values


def positive(value: Ints, name: str, dims: int = 2) -> tuple[int, ...]:
    """Return `entries(value)`, all of them at least 1.

    Raises:
        ValueError: An entry is 0 or negative.
    """
    values = entries(value, name, dims)
    if min(values) < 1:
        raise ValueError(f"{name} must be at least 1, not {min(values)}")
    return values


def non_negative(value: Ints, name: str, dims: int = 2) -> tuple[int, ...]:
    """Return `entries(value)`, all of them at least 0.

    Raises:
        ValueError: An entry is negative.
    """
    values = entries(value, name, dims)
    if min(values) < 0:
        raise ValueError(f"{name} must not be negative, not {min(values)}")
    return values


def check_rank(name: str, size: Size, rank: int) -> None:
    """Refuse a tensor whose number of dimensions is not `rank`.

    Raises:
        ValueError: The number of dimensions differs.
    """
    if len(size) != rank:
        raise ValueError(f"{name} has {len(size)} dimensions, expected {rank}")


def check_not_empty(name: str, size: Size, batch: int = 1) -> None:
    """Refuse a size with a 0 beyond the first `batch` dimensions.

    Raises:
        ValueError: An axis other than the batch has no elements.
    """
    if 0 in size[batch:]:
        raise ValueError(f"{name} has size {tuple(size)}; only the batch may be empty")


def check_size(name: str, size: Size, expected: Size) -> None:
    """Refuse a tensor that is not of the expected size.

    Raises:
        ValueError: The sizes differ.
    """
    if tuple(size) != tuple(expected):
        raise ValueError(f"{name} has size {tuple(size)}, expected {tuple(expected)}")


def check_divisor(divisor_override: int | None) -> None:
    """Refuse to divide an average by 0.

    Raises:
        ValueError: The divisor is 0.
    """
    if divisor_override == 0:
        raise ValueError("divisor_override must not be 0")
