"""The studio's server gives its files to the page alone. What is served is what `--out` writes."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import urllib.request
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.data import Vectors
from gaiamorph.errors import UserError
from gaiamorph.studio import pages, read_files, server, write_files

SOURCES = Path(__file__).parents[2] / "studio"
SPACE = Path(__file__).parents[1] / "fixtures" / "space_1.safetensors"
NETWORKS = ("encoder.onnx", "decoder.onnx", "space.json")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A page as if it had been built, and a space as if it had been written as ONNX: `tests/exports` tests that."""
    monkeypatch.setattr(pages, "write_onnx", lambda _, folder: [(folder / name).write_text(name) for name in NETWORKS])
    page = tmp_path / "page"
    page.mkdir()
    for name in ("index.html", "page.js", "runtime.bin"):
        (page / name).write_text(f"secret of {name}")
    monkeypatch.setattr(pages, "PAGE", page)
    return page


@pytest.fixture(scope="module")
def running():
    with server.Server({"index.html": b"secret page", "a.onnx": b"secret network"}) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def answer(port: int, request: bytes) -> bytes:
    """What the server says until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        said = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                said += part
        except ConnectionError:  # it closes before a request that is too long has been sent
            pass
        return said


def get(port: int, path: str = "/", host: str | None = None, method: str = "GET", more: str = "") -> bytes:
    host = f"127.0.0.1:{port}" if host is None else host
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n".encode("latin-1")


def hostile(port: int) -> list[bytes]:
    """Requests that another site, or another program, might send."""
    here = f"127.0.0.1:{port}"
    hosts = [
        "evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", f"127.0.0.1.evil.example:{port}", "",
        f"0.0.0.0:{port}", f"[::1]:{port}", f"127.1:{port}", f"2130706433:{port}", f"LOCALHOST.:{port}", f"user@{here}",
        f"{here}, evil.example", f"{here}/", f" {here}.", f"192.168.0.1:{port}", f"localhost:{port}.evil.example", f"{here}\x00",
    ]  # fmt: skip
    origins = [
        "http://evil.example", "null", f"https://{here}", f"http://{here}.evil.example", "file://", "",
        f"http://127.0.0.1:{port + 1}", f"http://localhost:{port}", "chrome-extension://abc", f"http://{here}/", f"http://user@{here}",
    ]  # fmt: skip
    up = [
        "..", "%2e%2e", "%2E%2e", "..%2f..", "%252e%252e", "..%5c..", "..\\..", "....//", ".%00.", "%c0%ae%c0%ae", "..;",
        "\xff\xfe",
    ]  # fmt: skip
    files = ["etc/passwd", "index.html", "a.onnx", "server.py", ""]
    paths = [f"{start}{dots}/{file}" for start in ("/", "//", "/./") for dots in up for file in files]
    paths += [
        "//index.html", "/./index.html", "/index.html/", "/index.html?x", "/index.html#x", "/INDEX.HTML",
        "/%69ndex.html", "/index.html%00", "/index.html\x00", "index.html", "*", f"http://{here}/index.html",
        "http://evil.example/", "/server.py", "/.git/config", "/page/",
        "/" + "a" * 300, "/" + "a" * 70_000, "/a.onnx;", "/a.onnx%20", "\\a.onnx", "/C:/Windows/win.ini", "/~root", "/etc/passwd",
    ]  # fmt: skip
    methods = [
        "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get", "GET\x00", "X" * 100, "HE\tAD",
    ]  # fmt: skip
    more = [
        "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Content-Length: x\r\n", "Transfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n", f"Host: {here}\r\n", "Host: evil.example\r\n",
        f"X: {'a' * 20_000}\r\n", f"X: {'a' * 70_000}\r\n", "X: y\r\n" * 200, "Expect: 100-continue\r\nContent-Length: 5\r\n",
    ]  # fmt: skip
    raw = [
        b"GET /\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET  \r\n\r\n",
        b"\x00" * 500, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50, b"GET / HTTP/1.1 extra\r\n\r\n", b"\r\n\r\n",
        f"GET / HTTP/1.1\nHost: evil\nHost: {here}\n\n".encode(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: {here}\r\nContent-Length: 99\r\n\r\nGET / HTTP/1.1\r\nHost: {here}\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: {here}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode() + get(port),
    ]  # fmt: skip
    return [
        *(get(port, host=host, method=method) for host in hosts for method in ("GET", "HEAD")),
        *(get(port, more=f"Origin: {origin}\r\n") for origin in origins),
        *(get(port, path) for path in paths),
        *(get(port, method=method) for method in methods),
        *(get(port, more=headers) for headers in more),
        *raw,
    ]


def test_hostile_requests_get_no_file(running):
    requests = hostile(running.server_port)
    assert len(requests) >= 200
    for request in requests:
        said = answer(running.server_port, request)
        assert b"secret" not in said, request[:200]
        assert b" 200 " not in said.partition(b"\r\n")[0], request[:200]
    assert b"secret page" in answer(running.server_port, get(running.server_port))


def test_the_page_gets_its_files(running):
    port = running.server_port
    for host, origin in itertools.product(("127.0.0.1", "localhost"), (True, False)):
        more = f"Origin: http://{host}:{port}\r\n" if origin else ""
        said = answer(port, get(port, "/a.onnx", f"{host}:{port}", more=more))
        assert said.startswith(b"HTTP/1.1 200")
        assert said.endswith(b"\r\n\r\nsecret network")
        assert b"Content-Type: application/octet-stream" in said
    head = answer(port, get(port, method="HEAD"))
    assert b"Content-Length: 11" in head
    assert b"secret" not in head
    for name, value in server.HEADERS.items():
        assert f"{name}: {value}".encode() in head


def test_it_listens_on_this_machine_alone(running):
    assert running.server_address[0] == "127.0.0.1"
    assert running.address == f"http://127.0.0.1:{running.server_port}/"


def test_the_page_and_the_server_have_one_policy():
    page = (SOURCES / "src" / "index.html").read_text(encoding="utf-8")
    written = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert written
    assert written[1] == server.POLICY


def test_the_folder_is_what_is_served(built, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    write_files(gm.load(SPACE), folder)
    expected = {"index.html", "page.js", "runtime.bin", *NETWORKS}
    assert {file.name for file in folder.iterdir()} == expected
    with server.Server(read_files(folder)) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        for name in expected:
            with urllib.request.urlopen(f"{made.address}{name}") as served:
                assert served.read() == (folder / name).read_bytes()
        made.shutdown()
        thread.join()


def test_the_command_writes_a_folder(built, tmp_path, capsys):
    for _ in range(2):  # its own folder is replaced
        with pytest.raises(SystemExit) as ended:
            main(["studio", str(SPACE), "--out", str(tmp_path / "site"), "--overwrite"])
        assert not ended.value.code
    assert (tmp_path / "site" / "decoder.onnx").is_file()
    assert capsys.readouterr().out.split() == [str(tmp_path / "site")] * 2


def refused(arguments, capsys) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_what_is_missing_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "PAGE", tmp_path / "none")
    assert "make studio" in refused(["studio", str(SPACE), "--out", str(tmp_path / "site")], capsys)
    assert not (tmp_path / "site").exists()


def test_other_kinds_are_refused(tmp_path):
    class Space:
        kind = Vectors([0.0], [1.0], ["x"])

    with pytest.raises(UserError, match="a space of vectors: use gaiamorph morph"):
        write_files(Space(), tmp_path)  # type: ignore[arg-type]


def test_a_port_that_is_taken_is_one_sentence(built, running, capsys):
    for port in (running.server_port, 70_000):
        assert f"port {port}" in refused(["studio", str(SPACE), "--port", str(port)], capsys)


def test_the_detector_takes_pictures_of_any_size(tmp_path):
    pages.write_detector(tmp_path)
    (file,) = tmp_path.iterdir()
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    outputs = session.run(["kps_8"], {session.get_inputs()[0].name: np.zeros((1, 3, 64, 96), np.float32)})
    assert outputs[0].shape == (1, 8 * 12, 10)
