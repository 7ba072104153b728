"""Files that the page writes, read by the program that a person will open them with."""

import subprocess
from pathlib import Path

import numpy as np

EXPORT = Path(__file__).resolve().parents[2] / "explorer" / "web" / "lib" / "export.js"


def test_numpy_reads_an_exported_tensor(tmp_path: Path) -> None:
    written = tmp_path / "map.npy"
    script = f"""
        import {{ npy }} from {str(EXPORT.as_uri())!r};
        import {{ writeFileSync }} from "node:fs";
        const file = npy(Float32Array.from({{ length: 24 }}, (_, k) => k / 7), [2, 3, 4]);
        writeFileSync({str(written)!r}, Buffer.from(await file.arrayBuffer()));
    """
    subprocess.run(["node", "--input-type=module", "--eval", script], check=True)
    assert (np.load(written) == (np.arange(24) / 7).astype(np.float32).reshape(2, 3, 4)).all()
