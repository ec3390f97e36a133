#!/usr/bin/python3
"""Steady visitors: `load.py URL VISITORS PAUSE_MS` requests URL over and over until SIGTERM.

Every visitor opens a connection, asks once, reads the whole answer, closes, pauses. Prints a line per failed request
("FAIL <monotonic time> <reason>"), a line "OK <count>" each 100 ms, and at the end "TOTAL <answered> <failed>".
A request that has no whole answer within 5 seconds has failed.
"""

import asyncio
import signal
import sys
import time
from urllib.parse import urlsplit

TIMEOUT = 5.0


class Visitors:
    def __init__(self, url):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode()
        self.answered = self.failed = 0
        self.ending = False

    async def ask(self):
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(self.request)
            answer = await reader.read(-1)
        finally:
            writer.close()
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer.split(b"\r\n", 1)[0].decode(errors="replace") or "closed without an answer")
        head, _, body = answer.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length" and int(value) != len(body):
                raise ConnectionError(f"{len(body)} of {int(value)} bytes")

    async def visit(self, pause):
        while not self.ending:
            try:
                await asyncio.wait_for(self.ask(), TIMEOUT)
                self.answered += 1
            except (OSError, asyncio.TimeoutError) as error:
                self.failed += 1
                print(f"FAIL {time.monotonic():.3f} {str(error) or 'no answer within 5 s'}", flush=True)
            await asyncio.sleep(pause)

    async def report(self):
        while not self.ending:
            print(f"OK {self.answered}", flush=True)
            await asyncio.sleep(0.1)

    async def run(self, visitors, pause):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stop)
        await asyncio.gather(self.report(), *(self.visit(pause) for _ in range(visitors)))
        print(f"TOTAL {self.answered} {self.failed}", flush=True)

    def stop(self):
        self.ending = True


if __name__ == "__main__":
    asyncio.run(Visitors(sys.argv[1]).run(int(sys.argv[2]), int(sys.argv[3]) / 1000))
