"""ConvScope as a Hugging Face Space: this file and the README beside it go to the root of the repository there."""

import os
import sys

from explorer.__main__ import main

if __name__ == "__main__":
    reached_by = os.environ.get("SPACE_HOST", "")
    sys.exit(
        main(
            [
                *("--host", os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0")),
                *("--port", os.environ.get("GRADIO_SERVER_PORT", "7860")),
                *(("--allow-host", reached_by) if reached_by else ()),
                "--class",
                "--no-open",
            ]
        )
    )
