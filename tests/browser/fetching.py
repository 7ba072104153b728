"""The app with a ResNet18 whose weights come slowly: `python -m tests.browser.fetching --port P`."""

import argparse
import tempfile
from pathlib import Path

from core.models import transfer
from explorer.app import build, launch
from explorer.models import loading
from explorer.models.library import Library
from tests.core.models.network import serving


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    loading.PATIENCE = 0.2
    with tempfile.TemporaryDirectory() as folder, serving(bytes(2_000_000), silent_after=1_000_000) as url:
        transfer.IMAGENET["resnet18"] = f"{url}/resnet18-f37072fd.pth"
        library = Library(data_dir=Path(folder))
        launch(build(library, model="recommended"), host="127.0.0.1", port=port, open_browser=False).wait()


if __name__ == "__main__":
    main()
