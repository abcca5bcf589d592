"""Callers: so many connections, each posting one body after the other, from a process of their own.

`python -m benchmarks.callers PORT PATH CLIENTS SECONDS TOKEN < bodies.jsonl` prints the milliseconds of every answer as JSON.
"""

import asyncio
import json
import sys
import time


async def call(port: int, path: str, token: str, bodies: list[bytes], until_s: float) -> list[float]:
    """One connection, kept open; the milliseconds of each answer. Raises `ValueError` for an answer that is not 201."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took: list[float] = []
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
    try:
        for body in bodies:
            started = time.perf_counter()
            if started > until_s:
                break
            writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")
            )
            content = await reader.readexactly(length)
            if not answer.startswith(b"HTTP/1.1 201"):
                raise ValueError(f"{answer[:200]!r} {content[:500]!r}")
            took.append((time.perf_counter() - started) * 1e3)
    finally:
        writer.close()
    return took


async def call_all(port: int, path: str, clients: int, seconds: float, token: str, bodies: list[bytes]) -> list[float]:
    """All connections at once."""
    until_s = time.perf_counter() + seconds
    shares = [bodies[client::clients] for client in range(clients)]
    found = await asyncio.gather(*(call(port, path, token, share, until_s) for share in shares))
    return [one for took in found for one in took]


if __name__ == "__main__":
    _, the_port, the_path, count, for_s, secret = sys.argv
    lines = [line.encode() for line in sys.stdin.read().splitlines()]
    started_s = time.perf_counter()
    all_took = asyncio.run(call_all(int(the_port), the_path, int(count), float(for_s), secret, lines))
    print(json.dumps({"seconds": time.perf_counter() - started_s, "ms": all_took}))
