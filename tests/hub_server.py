"""A stand-in for the Hub on this machine: the endpoints that a push and a download use."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """files: repositories by name, each with contents by path. private: those that are.

    fails: a path of the interface that answers 500.
    """

    def __init__(self, token: str = "secret") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token, self.files, self.uploaded, self.fails, self.asked = token, {}, {}, "", []
        self.private = set()
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Hub:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def answer(self, status: int, content=b"", headers=()) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        given = {"Content-Type": "application/json", "Content-Length": str(len(data)), **dict(headers)}
        for key, value in given.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_POST(self) -> None:
        path, body, hub = urlparse(self.path).path, self.body(), self.server
        hub.asked.append(f"POST {path}")
        if hub.fails and hub.fails in path:
            return self.answer(500, {"error": "broken"})
        if path == "/api/validate-yaml":
            known = b"license: cc-by-40" not in json.loads(body)["content"].encode()
            said = [] if known else [{"message": '"license" must be one of [mit, ...]'}]
            return self.answer(200 if known else 400, {"errors": said, "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self.answer(401, {"error": "Unauthorized"})
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            if name in hub.files:
                return self.answer(
                    409, {"error": "You already created this model repo", "url": f"{hub.address}/{name}"}
                )
            hub.files[name] = {}
            hub.private |= {name} if asked.get("private") or asked.get("visibility") == "private" else set()
            return self.answer(200, {"url": f"{hub.address}/{name}", "name": name})
        if "/preupload/" in path:
            files = [
                {"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(".safetensors") else "regular",
                 "shouldIgnore": False}
                for f in json.loads(body)["files"]
            ]  # fmt: skip
            return self.answer(200, {"files": files})
        if path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {"oid": o["oid"], "size": o["size"], "actions": {"upload": {"href": f"{hub.address}/lfs/{o['oid']}"}}}
                for o in json.loads(body)["objects"]
            ]
            return self.answer(200, {"transfer": "basic", "objects": objects})
        if "/commit/" in path:
            name = path.removeprefix("/api/models/").partition("/commit/")[0]
            for line in body.splitlines():
                entry = json.loads(line)
                value = entry["value"]
                if entry["key"] == "file":
                    hub.files[name][value["path"]] = base64.b64decode(value["content"])
                if entry["key"] == "lfsFile":
                    hub.files[name][value["path"]] = hub.uploaded[value["oid"]]
            return self.answer(200, {"commitUrl": f"{hub.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT})
        return self.answer(404, {"error": path})

    def do_PUT(self) -> None:
        path, body = urlparse(self.path).path, self.body()
        self.server.asked.append(f"PUT {path}")
        digest = hashlib.sha256(body).hexdigest()
        if path == f"/lfs/{digest}":
            self.server.uploaded[digest] = body
        self.answer(200 if path == f"/lfs/{digest}" else 400)

    def do_GET(self) -> None:
        path, hub = urlparse(self.path).path, self.server
        hub.asked.append(f"{self.command} {path}")
        if path.startswith("/api/models/"):
            name = path.removeprefix("/api/models/")
            return self.answer(200, {"id": name, "private": name in hub.private, "tags": [], "siblings": []})
        name, _, rest = path.strip("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        if name not in hub.files:
            return self.answer(401, {"error": "no"}, {"X-Error-Code": "RepoNotFound"}.items())
        if revision not in ("main", COMMIT):
            return self.answer(404, {"error": "no"}, {"X-Error-Code": "RevisionNotFound"}.items())
        if file not in hub.files[name]:
            return self.answer(404, {"error": "no"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}.items())
        content = hub.files[name][file]
        tag = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
        return self.answer(200, content, tag.items())

    do_HEAD = do_GET
