"""What a page may ask of a run: no path of the server but below the folders that it was given."""

from pathlib import Path

import pytest

from explorer.train.asked import configured


def asked(data=None, *, data_dir=None, pictures_dir=None, **config):
    return configured(
        {"config": {"model": "a2", "data": data or {}, **config}}, data_dir=data_dir, pictures_dir=pictures_dir
    )


@pytest.mark.parametrize("source", ["mnist", "kmnist"])
def test_data_sets_and_weights_come_from_the_apps_folder_whatever_is_asked(tmp_path, source):
    told = {"source": source, "path": "/etc", "mnist": "/etc"}
    found = asked(told, data_dir=tmp_path, weights_dir="/etc")
    assert (found["data"]["path"], found["data"]["mnist"], found["weights_dir"]) == (str(tmp_path),) * 3
    found = asked(told, weights_dir="/etc")
    assert (found["data"]["path"], found["data"]["mnist"], found["weights_dir"]) == (None, None, None)


@pytest.mark.parametrize("source", ["drawn", "strokes", "no such source"])
def test_other_sources_name_no_path(source):
    assert asked({"source": source, "path": "/etc/passwd"})["data"]["path"] is None


@pytest.mark.parametrize("told", ["leaves", "./leaves/", "more/../leaves", "{root}/leaves"])
def test_pictures_are_found_below_their_folder(tmp_path, told):
    (tmp_path / "leaves").mkdir()
    data = {"source": "folder", "path": told.format(root=tmp_path)}
    assert asked(data, pictures_dir=tmp_path)["data"]["path"] == str(tmp_path / "leaves")


@pytest.mark.parametrize(
    "told", ["/etc", "..", "../other", "leaves/../..", "~root", "link", "{root}/../other", "", None, 3, []]
)
def test_nothing_else_of_the_machine_is_read(tmp_path, told):
    root, other = tmp_path / "pictures", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (root / "link").symlink_to(other)
    path = told.format(root=root) if isinstance(told, str) else told
    with pytest.raises(ValueError, match=r"is not below the folder of pictures|expected the name of a folder"):
        asked({"source": "folder", "path": path}, pictures_dir=root)


def test_without_a_folder_of_pictures_the_way_to_give_one_is_said():
    with pytest.raises(ValueError, match="start it with --pictures-dir"):
        asked({"source": "folder", "path": str(Path.home())})


@pytest.mark.parametrize("start", ["/etc/x.safetensors", "x.safetensors", "../runs/mine", "a\\b"])
def test_a_run_starts_from_runs_not_from_files(start):
    with pytest.raises(ValueError, match="expected null, 'shipped' or the name of a run"):
        asked(start=start)


@pytest.mark.parametrize("start", [None, "shipped", "my first run"])
def test_a_run_starts_from_runs(start):
    assert asked(start=start)["start"] == start


@pytest.mark.parametrize("request_", [None, [], {}, {"config": 3}, {"config": {"data": []}}])
def test_what_is_no_configuration_is_said_so(request_):
    with pytest.raises(ValueError, match="expected an object with a config"):
        configured(request_, data_dir=None, pictures_dir=None)
