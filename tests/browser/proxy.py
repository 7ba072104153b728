"""A proxy that shows a server below a path: `python -m tests.browser.proxy http://127.0.0.1:7860 /path --port 8000`."""

import argparse
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OWN = ("connection", "transfer-encoding", "date", "server")
"""Headers of a connection, not of what it carries."""


class Proxy(BaseHTTPRequestHandler):
    """Passes a request on to `upstream`, without `path`, and the answer back as it comes."""

    protocol_version = "HTTP/1.1"
    upstream, path_there = "", ""

    def do_GET(self) -> None:
        if not self.path.startswith(self.path_there):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with closing(HTTPConnection(self.upstream.removeprefix("http://"), timeout=60)) as connection:
            sent = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
            connection.request(self.command, self.path.removeprefix(self.path_there) or "/", body, sent)
            answer = connection.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            self.close_connection = True
            while part := answer.read1(65536):
                self.wfile.write(part)
                self.wfile.flush()

    do_POST = do_GET


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream")
    parser.add_argument("path")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    Proxy.upstream, Proxy.path_there = options.upstream, options.path
    ThreadingHTTPServer(("127.0.0.1", options.port), Proxy).serve_forever()


if __name__ == "__main__":
    main()
