"""A server for the studio on this machine alone: a fixed set of files, in memory."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gaiamorph.errors import UserError

HOST = "127.0.0.1"
INDEX = "index.html"
MOST_NAME, MOST_HEADERS = 200, 16_384
"""Characters of a request's path, and of its headers."""
TYPES = {
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8", "json": "application/json", "txt": "text/plain; charset=utf-8",
}  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The page has it too, for other servers."""
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    # WebAssembly has threads only in a page that is isolated from other origins.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Server(ThreadingHTTPServer):
    """Serves ``files`` (content by name) on 127.0.0.1. port 0: one that is free."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes], port: int = 0) -> None:
        """Raises UserError if the port cannot be used."""
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise UserError(f"port {port} cannot be used ({error}): choose another --port, or leave it out") from error
        self.files = {f"/{name}": (content, _type(name)) for name, content in files.items()}
        self.files["/"] = self.files[f"/{INDEX}"]
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: Server  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "gaiamorph", ""
    timeout = 10
    """Seconds that a silent client may hold a thread."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        if reason := self._refused():
            self.send_error(reason)
            return
        # The path as it was sent: nothing is decoded, so a name can stand for one file only.
        content, kind = self.server.files.get(self.requestline.split()[1], (None, ""))
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._head(HTTPStatus.OK, len(content), kind)
        if with_body:
            self.wfile.write(content)

    def _refused(self) -> HTTPStatus | None:
        """Why a request is not answered. A foreign Host is a page of another site under a name that leads here."""
        hosts, origins = (self.headers.get_all(name, []) for name in ("Host", "Origin"))
        if self.request_version not in ("HTTP/1.0", "HTTP/1.1"):
            return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        if len(self.path) > MOST_NAME:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        if sum(len(name) + len(value) for name, value in self.headers.items()) > MOST_HEADERS:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            return HTTPStatus.FORBIDDEN
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return HTTPStatus.FORBIDDEN
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            return HTTPStatus.BAD_REQUEST
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A status without a page, which ends the connection: what follows may be the body of a refused request."""
        self.close_connection = True
        self.requestline = getattr(self, "requestline", "")
        self._head(code, 0, TYPES["txt"])

    def _head(self, code: int, length: int, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


def _type(name: str) -> str:
    return TYPES.get(name.rpartition(".")[2], "application/octet-stream")
