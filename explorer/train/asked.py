"""What the page may ask of a run: its settings, with pictures and weights from the folders that the app was given."""

from pathlib import Path
from typing import Any

from core.data.sets import CLASSES
from core.told import keyed

__all__ = ["configured"]


def configured(request: Any, *, data_dir: Path | None, pictures_dir: Path | None) -> dict[str, Any]:
    """Return the configuration of a request for a run, every path of it below a folder that the app was given.

    Data sets and ImageNet's weights come from `data_dir` (the user's cache by default), pictures of a person's own from
    `pictures_dir`, by their path below it.

    Raises:
        ValueError: there is no configuration, or it names a path of its own.
    """
    config = request.get("config") if isinstance(request, dict) else None
    if not isinstance(config, dict) or not isinstance(config.get("data", {}), dict):
        raise ValueError(f"expected an object with a config, got {str(request)[:60]}")
    here = str(data_dir.resolve()) if data_dir else None
    start = config.get("start")
    if isinstance(start, str) and ("/" in start or "\\" in start or start.endswith(".safetensors")):
        raise keyed(
            ValueError(f"start is {start[:60]!r}, expected null, 'shipped' or the name of a run"),
            "told.start",
            value=start[:60],
        )
    data = {**config.get("data", {}), "mnist": here}
    source = data.get("source", "mnist")
    if source in CLASSES:
        data["path"] = here
    elif source == "folder":
        data["path"] = str(_below(pictures_dir, data.get("path")))
    else:
        data["path"] = None
    return {**config, "data": data, "weights_dir": here}


def _below(folder: Path | None, told: Any) -> Path:
    """Return a path that was told, if it is in the folder of pictures."""
    if folder is None:
        raise keyed(
            ValueError("this server shows no folder of pictures; start it with --pictures-dir to train on your own"),
            "told.pictures.none",
        )
    if not isinstance(told, str) or not told.strip():
        raise keyed(
            ValueError(f"expected the name of a folder of pictures below {folder.name or folder}"),
            "told.pictures.name",
            folder=folder.name or str(folder),
        )
    root = folder.resolve()
    path = (root / Path(told.strip()).expanduser()).resolve()
    if not path.is_relative_to(root):
        raise keyed(
            ValueError(f"{told[:60]!r} is not below the folder of pictures that this server was given"),
            "told.pictures.outside",
            path=told[:60],
        )
    return path
