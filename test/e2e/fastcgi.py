"""A FastCGI application on the loopback, in a thread: a responder as the specification has it, and a liar where a test needs one.

    app = Application({"/hello": b"Content-Type: text/plain\\r\\n\\r\\nhello"})
    app.port, app.requests        # what was asked: Request(params, body, keep, number of its connection)

An answer is the bytes of the standard output, or a function of (Talk, Request) that writes records itself. Paths without an
answer get the parameters back as JSON.
"""

import collections
import json
import struct

from proxy_fixture import Acceptor

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR, GET_VALUES = 1, 3, 4, 5, 6, 7, 9

Request = collections.namedtuple("Request", "params body keep connection")


def record(kind, content=b"", request=1, padding=0):
    return struct.pack(">BBHHBB", 1, kind, request, len(content), padding, 0) + content + bytes(padding)


def end(status=0):
    return record(END, struct.pack(">IBxxx", 0, status))


def pairs(content):
    """Names and values, in order."""
    out, at = [], 0

    def length():
        nonlocal at
        size = content[at]
        at += 1
        if size & 0x80:
            size = struct.unpack(">I", content[at - 1:at + 3])[0] & 0x7FFFFFFF
            at += 3
        return size

    while at < len(content):
        name, value = length(), length()
        out.append((content[at:at + name].decode("latin1"), content[at + name:at + name + value].decode("latin1")))
        at += name + value
    return out


class Talk:
    """One request on one connection."""

    def __init__(self, connection):
        self.connection = connection

    def send(self, data):
        self.connection.sendall(data)

    def answer(self, output, piece=30000):
        records = b"".join(record(STDOUT, output[at:at + piece], padding=at % 7) for at in range(0, len(output), piece))
        self.send(records + record(STDOUT) + end())


class Application(Acceptor):
    def __init__(self, answers=None):
        self.answers = answers or {}
        self.requests = []
        self.types = []  # of all records, but for those of streams
        super().__init__()

    def talk(self, connection, number):
        connection.settimeout(20)
        try:
            with connection, connection.makefile("rb") as stream:
                while self._one(connection, stream, number):
                    pass
        except OSError:
            pass

    def _one(self, connection, stream, number):
        """A request and its answer; False: the connection is over."""
        params, body, keep = b"", b"", False
        while True:
            header = stream.read(8)
            if len(header) < 8:
                return False
            version, kind, _, size, padding, _ = struct.unpack(">BBHHBB", header)
            assert version == 1
            content = stream.read(size)
            stream.read(padding)
            if kind not in (PARAMS, STDIN):
                self.types.append(kind)
            if kind == BEGIN:
                keep = bool(content[2] & 1)
            elif kind == PARAMS:
                params += content
            elif kind == STDIN:
                body += content
                if size == 0:
                    break
        request = Request(pairs(params), body, keep, number)
        self.requests.append(request)
        told = dict(request.params)
        answer = self.answers.get(told.get("REQUEST_URI", "").partition("?")[0])
        if answer is None:
            answer = b"Content-Type: application/json\r\n\r\n" + json.dumps([request.params, len(body)]).encode()
        talk = Talk(connection)
        if callable(answer):
            if answer(talk, request) is False:
                return False
        else:
            talk.answer(answer)
        return keep
