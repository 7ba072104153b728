"""Who may ask the app: what other pages, foreign names, large and slow requests get instead of an answer."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse

import pytest

from explorer.serving import address_here, address_in_network, guard, server
from explorer.wire.view import WEB
from tests.browser.conftest import free_port, serve
from tests.explorer.served_page import IMPATIENT


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """The address of `served_page`."""
    yield from serve("-m", "tests.explorer.served_page")


def place(app: str) -> str:
    return app.removeprefix("http://")


def ask(app: str, method: str = "GET", path: str = "/", body: bytes = b"", **headers: str) -> tuple[int, str]:
    response, text = answered(app, method, path, body, **headers)
    return response.status, text


def answered(app: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[HTTPResponse, str]:
    """Ask with exactly these headers: `sec_fetch_site` is "sec-fetch-site"."""
    connection = HTTPConnection(place(app), timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    sent = {"host": place(app), "content_length": str(len(body))} | headers
    for name, value in sent.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    if body:
        connection.send(body)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def call(app: str, data: object = "hello", function: str = "heard", **headers: str) -> tuple[int, str]:
    """Call a function of the page, as the page does."""
    return ask(app, "POST", "/gradio_api/component_server", asking(app, data, function), **headers)


def asking(app: str, data: object, function: str) -> bytes:
    config = json.loads(ask(app, path="/config")[1])
    view = next(each["id"] for each in config["components"] if each["type"] == "html")
    return json.dumps({"data": data, "component_id": view, "fn_name": function, "session_hash": "somebody"}).encode()


def times_asked(app: str) -> int:
    """How often the function was asked, this time included."""
    return int(json.loads(call(app)[1])["asked"])


OWN = {"content_type": "application/json", "sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"}


def test_the_page_of_the_server_itself_is_answered(app):
    status, text = call(app, origin=f"http://{place(app)}", **OWN)
    assert (status, json.loads(text)["heard"]) == (200, "hello")


def test_a_program_is_answered(app):
    status, text = call(app, {"a": [1, 2]})
    assert (status, json.loads(text)["heard"]) == (200, {"a": [1, 2]})


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example", "content_type": "text/plain", "sec_fetch_site": "cross-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},  # another port of this machine is another's page
        {"origin": "http://localhost"},
        {"origin": "file://"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},  # a form that sends itself
    ],
)
def test_a_page_of_another_origin_commands_nothing(app, headers):
    before = times_asked(app)
    status, text = call(app, **headers)
    assert status == 403
    assert f"only pages of {place(app)} may" in text
    assert times_asked(app) == before + 1


@pytest.mark.parametrize("name", ["evil.example", "evil.example:{port}", "192.0.2.7", "[2001:db8::1]:{port}", ""])
def test_a_name_that_is_not_the_servers_is_refused(app, name):
    host = name.format(port=place(app).rpartition(":")[2])
    for method, path in (("GET", "/"), ("POST", "/gradio_api/component_server")):
        status, text = ask(app, method, path, host=host)
        assert status == 403
        assert "open it by its address, or start it with --allow-host" in text


@pytest.mark.parametrize(
    "name", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "class.example", "CLASS.example:80"]
)
def test_its_own_names_and_allowed_ones_are_known(app, name):
    assert ask(app, host=name.format(port=place(app).rpartition(":")[2]))[0] == 200


def test_an_allowed_name_is_an_origin_too(app):
    assert call(app, origin="https://class.example", **OWN)[0] == 200


def test_a_link_of_another_page_may_lead_here(app):
    status, _ = ask(app, sec_fetch_site="cross-site", sec_fetch_mode="navigate")
    assert status == 200
    status, _ = ask(app, path="/config", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")
    assert status == 403


def test_nothing_is_shared_with_other_origins_and_browsers_are_told_what_to_forbid(app):
    for headers in ({}, {"origin": f"http://{place(app)}"}, {"origin": "http://evil.example"}):
        for method in ("GET", "OPTIONS"):
            response, _ = answered(app, method, "/config", access_control_request_method="POST", **headers)
            assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control-")]
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["referrer-policy"] == "no-referrer"
            policy = response.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'self'" in policy
            assert "http:" not in policy


def test_modules_are_javascript_to_browsers_that_may_not_guess(app):
    response, _ = answered(app, "GET", f"/gradio_api/file={(WEB / 'lib' / 'store.js').as_posix()}")
    assert response.status == 200
    assert response.headers["content-type"].split(";")[0] in ("text/javascript", "application/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/hostname",
        "/gradio_api/file=README.md",
        "/gradio_api/file=../README.md",
        "/gradio_api/dev/reload",
    ],
)
def test_no_other_file_is_read(app, path):
    assert ask(app, path=f"/gradio_api/{path}")[0] in (403, 404)


CALL = {"data": 1, "component_id": 0, "fn_name": "heard", "session_hash": "somebody"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "the request is no JSON: JSONDecodeError"),
        (b"\xff", 422, "the request is no JSON: UnicodeDecodeError"),
        (b"[" * 100_000, 422, "the request is no JSON: RecursionError"),
        (b"[1]", 422, "expected an object with data, component_id and fn_name"),
        (b'{"data": 1}', 422, "expected an object with data, component_id and fn_name"),
        (json.dumps(CALL | {"component_id": 10**9}).encode(), 404, "there is no such function"),
        (json.dumps(CALL | {"component_id": [0]}).encode(), 404, "there is no such function"),
        (json.dumps(CALL | {"fn_name": ["heard"]}).encode(), 404, "there is no such function"),
    ],
)
def test_what_is_no_call_is_refused_in_words(app, body, status, words):
    assert ask(app, "POST", "/gradio_api/component_server", body) == (status, words)


@pytest.mark.parametrize("name", ["value", "__init__", "preprocess", "get_config", "unknown"])
def test_only_what_was_offered_can_be_called(app, name):
    assert call(app, function=name) == (404, "there is no such function")


@pytest.mark.parametrize("said", ["\ud800", 2**80, [1.5, -(2**70)], "汉字", {"": None}])
def test_whatever_is_told_comes_back(app, said):
    status, text = call(app, said)
    assert (status, json.loads(text)["heard"]) == (200, said)


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/process_recording", "/gradio_api/vibe-edit"])
def test_strangers_leave_no_files(app, path):
    assert ask(app, "POST", path, b"--x\r\n") == (404, "there is no such thing here")


def test_a_large_body_is_refused_whatever_its_length_is_said_to_be(app):
    limit = f"expected at most {guard.LARGEST_BODY:,}"
    said = ask(app, "POST", "/gradio_api/component_server", content_length=str(guard.LARGEST_BODY + 1))
    assert said == (413, f"the request has {guard.LARGEST_BODY + 1:,} bytes, {limit}")
    # no more than makes it too large: what a server has not read when it closes takes its answer along
    sizes = [0x100000] * 3 + [guard.LARGEST_BODY + 1 - 3 * 0x100000]
    with socket.create_connection(place(app).split(":"), timeout=30) as connection:
        head = f"POST /gradio_api/component_server HTTP/1.1\r\nhost: {place(app)}\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        for size in sizes:
            connection.sendall(b"%x\r\n" % size + b" " * size + b"\r\n")
        text = b"".join(iter(lambda: connection.recv(10_000), b"")).decode()
    assert text.startswith("HTTP/1.1 413")
    assert limit in text
    assert ask(app, "POST", "/gradio_api/component_server", content_length="many")[0] == 400


def test_connections_that_say_nothing_shut_nobody_out(app):
    silent = [socket.create_connection(place(app).split(":"), timeout=10) for _ in range(300)]
    for half in silent[::2]:
        half.sendall(b"GET / HTTP/1.1\r\nhost:")
    assert call(app)[0] == 200
    for connection in silent:
        assert connection.recv(1000) == b""  # closed by the server
        connection.close()
    assert call(app)[0] == 200


def test_a_body_that_never_comes_is_given_up(app):
    status, text = ask(app, "POST", "/gradio_api/component_server", content_length="100")
    assert (status, text) == (408, f"the request did not come within {IMPATIENT} s")


def pondered(app: str, seconds: float, browser: str) -> dict[str, object]:
    """The answer to what takes long, asked by a browser."""
    answer: dict[str, object] = json.loads(call(app, seconds, "ponder", cookie=f"{guard.COOKIE}={browser}")[1])
    return answer


def pondering(app: str) -> tuple[int, list[str]]:
    """How many long requests began, and how each of those that are over ended."""
    told = json.loads(call(app, None, "how_it_went")[1])
    return told["begun"], told["ends"]


def until(claim: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_what_takes_long_keeps_nobody_else_waiting(app):
    with ThreadPoolExecutor(40) as people:
        asked = [people.submit(pondered, app, 0.3, f"browser-{k}") for k in range(10)]
        answered = 0
        while not all(each.done() for each in asked):
            assert call(app)[0] == 200
            answered += 1
        assert [each.result() for each in asked] == [{"pondered": 0.3}] * 10
    assert answered > 10  # who stood in line would be answered once, after all of them


def test_asking_anew_ends_what_was_asked_before(app):
    with ThreadPoolExecutor(2) as pages:
        before, _ = pondering(app)
        first = pages.submit(pondered, app, 60, "one-browser")
        until(lambda: pondering(app)[0] > before)
        assert pondered(app, 0.1, "one-browser") == {"pondered": 0.1}
        assert "asked anew" in str(first.result()["error"])


def test_a_line_that_is_full_is_said_so(app):
    with ThreadPoolExecutor(100) as people:
        answers = list(people.map(lambda k: pondered(app, 0.02, f"person-{k}"), range(100)))
    told = [str(answer["error"]) for answer in answers if "error" in answer]
    assert all(words.startswith("the server is busy: 64 long requests stand in line") for words in told)
    assert len(told) + answers.count({"pondered": 0.02}) == 100
    assert pondered(app, 0.02, "later") == {"pondered": 0.02}


def test_what_nobody_waits_for_is_ended(app):
    begun, ends = pondering(app)
    body = asking(app, 60, "ponder")
    with socket.create_connection(place(app).split(":"), timeout=10) as connection:
        head = (
            f"POST /gradio_api/component_server HTTP/1.1\r\nhost: {place(app)}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        until(lambda: pondering(app)[0] > begun)
    until(lambda: len(pondering(app)[1]) > len(ends))
    assert pondering(app)[1][-1] == "ended"
    assert pondered(app, 0.1, "next") == {"pondered": 0.1}


def test_no_part_of_an_answer_waits_for_what_came_before_to_be_acknowledged():
    """Every stroke took 40 ms longer: a socket without its protocol's name gets no TCP_NODELAY from asyncio."""

    async def accepted() -> int:
        delays: asyncio.Queue[int] = asyncio.Queue()

        async def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            delays.put_nowait(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        port = free_port()
        async with await asyncio.start_server(meet, sock=server._listening("127.0.0.1", port)):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            found = await delays.get()
            writer.close()
        return found

    assert asyncio.run(accepted())


@pytest.mark.parametrize(
    ("host", "here", "network"),
    [
        ("127.0.0.1", "127.0.0.1", None),
        ("localhost", "localhost", None),
        ("::1", "[::1]", None),
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "[2001:db8::7]", "[2001:db8::7]"),
    ],
)
def test_an_address_is_said_as_a_link_has_it(host, here, network):
    assert (address_here(host), address_in_network(host)) == (here, network)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_server_for_all_machines_is_opened_by_a_name_here(host):
    assert address_here(host) == "localhost"
    assert address_in_network(host) not in (None, host)


@pytest.fixture
def app6() -> Iterator[str]:
    """The address of `served_page` on a machine's own IPv6 address."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    yield from serve("-m", "tests.explorer.served_page", "--host", "::1", host="[::1]")


def test_a_page_is_served_over_ipv6_to_its_own_pages(app6):
    assert json.loads(call(app6, origin=app6)[1])["heard"] == "hello"
    assert call(app6, origin="http://[::2]:80")[0] == 403
