"""A little name server on the loopback, by datagram and by stream, whose zone tests change."""

import os
import re
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33


def encoded(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def ip(text):
    return socket.inet_aton(text)


def command(proxy, text):
    """What the proxy's stats socket `cli` answers."""
    with socket.socket(socket.AF_UNIX) as cli:
        cli.connect(os.path.join(proxy.folder.name, "cli"))
        cli.sendall(text.encode() + b"\n")
        return b"".join(iter(lambda: cli.recv(65536), b"")).decode()


def counters(proxy):
    """Of the section `dns`, which has one name server."""
    return {name: int(number) for name, number in re.findall(r"^  (\w+): +(\d+)$", command(proxy, "show resolvers dns"), re.M)}


class NameServer:
    """Answers from `zone`: {(name, type): [data, ...]}, or with the code `error` (3, "no such name", for names that no type
    has); `silent`: not at all; `truncates`: by datagram only that the answer does not fit. `asked` and `streamed` keep what
    was asked by either way."""

    def __init__(self, zone):
        self.zone, self.error, self.silent, self.truncates = zone, 0, False, False
        self.asked, self.streamed = [], []
        self.stream = socket.create_server(("127.0.0.1", 0))
        self.port = self.stream.getsockname()[1]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()
        self.stream.close()

    def _serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(4096)
            except OSError:
                return
            answer = self._answer(query, self.asked, self.truncates)
            if answer:
                self.socket.sendto(answer, client)

    def _accept(self):
        while True:
            try:
                connection, _ = self.stream.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as queries:
            try:
                while size := queries.read(2):
                    answer = self._answer(queries.read(struct.unpack("!H", size)[0]), self.streamed, False)
                    if answer:
                        connection.sendall(struct.pack("!H", len(answer)))  # in two pieces: the reader puts them together
                        connection.sendall(answer)
            except OSError:
                pass

    def _answer(self, query, log, truncated):
        parts, at = [], 12
        while query[at]:
            parts.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        kind = struct.unpack("!H", query[at + 1:at + 3])[0]
        name = ".".join(parts)
        log.append((name, kind))
        if self.silent:
            return None
        known = any(other == name for other, _ in self.zone)
        error = self.error or (0 if known else 3)
        records = [] if error or truncated else self.zone.get((name, kind), [])
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | (0x200 if truncated else 0) | error, 1, len(records), 0, 0)
        answer = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 1, len(data)) + data for data in records)
        return head + query[12:at + 5] + answer
