"""A store that speaks enough of S3's protocol to read from: it serves the folders in a folder as buckets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@contextmanager
def served(folder: Path, forbidden: str = "") -> Iterator[str]:
    """Serve the buckets in a folder, and yield host and port. Listing keys that begin with `forbidden` is refused."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._object(is_head=True)

        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            if "list-type" in query:
                self._listing(query)
            else:
                self._object(is_head=False)

        def _object(self, *, is_head: bool) -> None:
            path = folder / unquote(urlsplit(self.path).path).strip("/")
            if not path.is_file():
                self._send(403 if forbidden and forbidden in str(path) else 404, b"")
                return
            data, start = path.read_bytes(), 0
            if wanted := self.headers.get("Range"):
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start = int(first) if first else len(data) - int(last)
                data = data[start : int(last) + 1 if first and last else None]
            size = f"bytes {start}-{start + len(data) - 1}/{path.stat().st_size}"
            headers = {"Content-Range": size} if wanted else {}
            self._send(206 if wanted else 200, data, headers, is_head=is_head)

        def _listing(self, query: dict[str, str]) -> None:
            bucket = folder / unquote(urlsplit(self.path).path).strip("/")
            prefix = query.get("prefix", "")
            if forbidden and prefix.startswith(forbidden):
                self._send(403, b"")
                return
            entries, folders = [], set()
            for path in sorted(path for path in bucket.rglob("*") if path.is_file()):
                key = path.relative_to(bucket).as_posix()
                if not key.startswith(prefix) or key <= query.get("start-after", ""):
                    continue
                below, mark, _ = key.removeprefix(prefix).partition("/")
                if mark and query.get("delimiter"):
                    folders.add(f"{prefix}{below}/")
                else:
                    entries.append(
                        f"<Contents><Key>{escape(key)}</Key><Size>{path.stat().st_size}</Size><ETag>x</ETag>"
                        "<LastModified>2026-11-01T00:00:00.000Z</LastModified></Contents>"
                    )
            entries += [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)]
            body = f"<KeyCount>{len(entries)}</KeyCount><IsTruncated>false</IsTruncated>{''.join(entries)}"
            self._send(200, f"<ListBucketResult>{body}</ListBucketResult>".encode())

        def _send(
            self, status: int, data: bytes, headers: dict[str, str] | None = None, *, is_head: bool = False
        ) -> None:
            self.send_response(status)
            stated = {"ETag": '"x"', "Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT"}
            for name, value in (stated | (headers or {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if not is_head:
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
