"""A load generator: python -m benchmarks.load PORT PATH COOKIE N SECONDS.

Each of N connections sends the next request as soon as it has its response. Prints one JSON object:
requests, seconds, and every latency in milliseconds. Runs in a process of its own, so that it takes
no time from the process that measures.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time


def main() -> None:
    port, path, cookie, connections, seconds = sys.argv[1:]
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: sessionid={cookie}\r\n"
        "Accept: text/html\r\nConnection: close\r\n\r\n"
    ).encode()
    latencies: list[float] = []
    errors: list[bytes] = []
    started = time.perf_counter()
    until = started + float(seconds)

    def send_requests() -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            response = _response(int(port), request)
            latencies.append((time.perf_counter() - began) * 1000)
            if not response.startswith(b"HTTP/1.1 200"):
                errors.append(response[:200])
                return

    threads = [threading.Thread(target=send_requests) for _ in range(int(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise SystemExit(f"not answered with 200: {errors[0]!r}")
    spent = time.perf_counter() - started
    json.dump({"requests": len(latencies), "seconds": spent, "ms": latencies}, sys.stdout)


def _response(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(request)
        parts = []
        while part := s.recv(65536):
            parts.append(part)
    return b"".join(parts)


if __name__ == "__main__":
    main()
