"""A server of files on this machine, which may be slow or fall silent."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 1 << 16


@contextmanager
def serving(data: bytes, *, length: bool = True, pause: float = 0.0, silent_after: int | None = None) -> Iterator[str]:
    """Yield the address of a server that answers every request with `data`, then close it.

    Args:
        data: the file.
        length: whether it says how long the file is.
        pause: seconds between two chunks.
        silent_after: bytes after which nothing more comes, though the connection stays.
    """
    over = threading.Event()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if length:
                self.send_header("content-length", str(len(data)))
            self.end_headers()
            for start in range(0, len(data), CHUNK):
                if silent_after is not None and start >= silent_after:
                    over.wait(30)
                    return
                try:
                    self.wfile.write(data[start : start + CHUNK])
                except OSError:  # whoever asked has left
                    return
                time.sleep(pause)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/weights.pth"
        finally:
            over.set()
            server.shutdown()
            thread.join()
