"""A folder of pictures as a data set: one subfolder for each class, checked, and summarised."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import UnidentifiedImageError

from core.data.mnist import Pictures
from core.data.picture import fitted, open_picture
from core.told import keyed

__all__ = ["Folder", "counted", "read"]

ENDINGS = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".avif", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".tga"}
)

MOST_BYTES = 2**31
"""The most that all pictures together may take in memory."""


@dataclass(frozen=True)
class Folder:
    """What was read.

    Attributes:
        pictures: `(N, C, side, side)` uint8; squeezed to a square after cutting the longer side to its middle.
        classes: the subfolders' names, in order; the labels count through them.
        counts: pictures of each class.
        unreadable: files that are no pictures or are damaged, each with the reason.
    """

    pictures: Pictures
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    unreadable: Mapping[str, str]

    def summary(self) -> str:
        """Return one sentence: how many pictures of which classes, and what could not be read."""
        counted = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        text = f"{len(self.pictures)} pictures of {len(self.classes)} classes ({counted})"
        if self.unreadable:
            named = "; ".join(f"{file}: {reason}" for file, reason in list(self.unreadable.items())[:5])
            more = f" and {len(self.unreadable) - 5} more" if len(self.unreadable) > 5 else ""
            text += f"; left out {len(self.unreadable)} that cannot be read ({named}{more})"
        return text


def counted(path: str | Path) -> Folder:
    """Return what a folder holds by the names of its files, of which none is opened: its pictures have no pixel.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it has fewer than two subfolders with pictures.
    """
    folder = Path(path).expanduser()
    counts = {name: len(files) for name, files in _files(folder).items()}
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(list(counts.values())))
    left_out = {file: reason for name in counts for file, reason in _others(folder / name).items()}
    return Folder(
        Pictures(torch.empty(len(labels), 1, 0, 0, dtype=torch.uint8), labels), tuple(counts), counts, left_out
    )


def read(path: str | Path, *, side: int, channels: int) -> Folder:
    """Return all pictures of a folder, as large as a model takes them.

    Args:
        path: holds one subfolder for each class.
        side: of the square pictures, pixels.
        channels: 1 for grey, 3 for colours.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it has fewer than two classes with readable pictures, or too many pictures for the memory.
    """
    files = _files(Path(path).expanduser())
    total = sum(map(len, files.values()))
    if total * channels * side**2 > MOST_BYTES:
        raise keyed(
            ValueError(
                f"{path} holds {total} pictures, which take {total * channels * side**2 / 2**30:.1f} GiB at "
                f"{side}×{side}: expected at most {MOST_BYTES / 2**30:.0f} GiB; choose a smaller side"
            ),
            "told.folder.large",
            count=total,
            side=side,
        )
    pictures, labels = [], []
    unreadable: dict[str, str] = {}
    names = list(files)
    for label, name in enumerate(names):
        unreadable |= _others(Path(path).expanduser() / name)
        for file in files[name]:
            try:
                pictures.append(fitted(open_picture(file, channels=channels), side, side))
                labels.append(label)
            except (OSError, ValueError, SyntaxError) as error:
                said = "is no picture" if isinstance(error, UnidentifiedImageError) else str(error)
                unreadable[f"{name}/{file.name}"] = said
    counts = {name: labels.count(label) for label, name in enumerate(names)}
    empty = [name for name, count in counts.items() if not count]
    if empty:
        raise keyed(
            ValueError(f"{path}: no picture of {', '.join(empty)} can be read ({next(iter(unreadable.items()))})"),
            "told.folder.unreadable",
            classes=", ".join(empty),
        )
    return Folder(Pictures(torch.stack(pictures), torch.tensor(labels)), tuple(names), counts, unreadable)


def _files(folder: Path) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise keyed(FileNotFoundError(f"there is no folder {folder}"), "told.folder.gone", folder=folder.name)
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = {path.name: sorted(filter(_is_picture, path.iterdir())) for path in subfolders}
    found = {name: files for name, files in found.items() if files}
    if len(found) < 2:
        raise keyed(
            ValueError(
                f"{folder} has {len(found)} subfolders with pictures, expected one for each of 2 or more classes"
            ),
            "told.folder.classes",
            folder=folder.name,
            count=len(found),
        )
    return found


def _is_picture(file: Path) -> bool:
    """Whether a file's name is a picture's; hidden files are none (macOS keeps a `._` file beside each)."""
    return file.suffix.lower() in ENDINGS and not file.name.startswith(".")


def _others(folder: Path) -> dict[str, str]:
    """Return the files beside the pictures of a class that are no picture by their names."""
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    ending = f"no picture is called so; pictures end in {', '.join(sorted(ENDINGS))}"
    return {f"{folder.name}/{file.name}": ending for file in sorted(files) if not _is_picture(file)}
