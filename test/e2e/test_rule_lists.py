"""Random rule lists do the same in proxyd and in HAProxy: what reaches the server, what the client gets and what is logged.
FRONTDOOR_SEED=N plays another choice."""

import random
import re
import tempfile
import unittest

import rule_lists
from proxy_fixture import PROXYD, Origin, Proxy
from side_by_side import HAPROXY, SEED, as_template, need_haproxy, without_refused

BACKENDS, REQUESTS_EACH = 100, 3

HEAD = """global
    tune.bufsize 32768
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    log 127.0.0.1:@log@ daemon
frontend in
    bind 127.0.0.1:@front@
    option httplog
    capture request header x-turn len 20
    declare capture request len 20
    use_backend b%[hdr(x-case)]
"""


def whole(lines):
    text = re.sub("@(front|origin|log)@", "1", HEAD + "\n".join(lines) + "\n")
    return text, HEAD.count("\n")


def without_chances(line):
    """A log line but for clocks, ports, the program's name and counts of connections, which idle ones of others are in."""
    line = re.sub(r"^(<\d+>).*?: ", r"\1 ", line)
    line = re.sub(r"127\.0\.0\.1:\d+ \[[^]]*\]", "CLIENT", line)
    line = re.sub(r" -?\d+/-?\d+/-?\d+/-?\d+/-?\d+ (-?\d+) \d+ ", r" TIMES \1 BYTES ", line, count=1)
    return re.sub(r" \d+/\d+/\d+/\d+/(\d+) ", r" COUNTS/\1 ", line, count=1)


def without_wishes(message):
    """A message but for what differs on purpose:
    * HAProxy writes names of fields in lower case, proxyd keeps them as they came;
    * each has its own place for fields of its own among the others;
    * proxyd heeds `option httpclose` of backends towards clients, as the manual says;
    * an answer without a body that gets another status says `content-length: 0` here, and is an empty chunked one there."""
    head, _, body = message.partition(b"\r\n\r\n")
    start, *fields = head.split(b"\r\n")
    fields = sorted(name.lower() + b":" + value for name, _, value in (field.partition(b":") for field in fields))
    if body == b"0\r\n\r\n":
        body = b""
        fields = sorted(b"content-length: 0" if field == b"transfer-encoding: chunked" else field for field in fields)
    return [start] + [field for field in fields if field != b"connection: close"], body


def read_answer(client, bodiless):
    """All bytes of one answer, whichever way it ends."""
    head = client.head()
    if not head:
        return b""
    status = int(head.split(b" ")[1])
    whole = head + b"\r\n\r\n"
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    if bodiless or status in (204, 304):
        return whole
    if re.search(rb"(?im)^transfer-encoding: *chunked", head):
        while b"\r\n0\r\n\r\n" not in b"\r\n" + client.buffered and client.read():
            pass
        return whole + client.buffered
    while (length is None or len(client.buffered) < int(length[1])) and client.read():
        pass
    return whole + client.buffered


def play(program, lines, requests):
    """For each request: what came to the server, to the client and into the log."""
    seen = []
    origin = Origin()
    with Proxy(as_template(HEAD + "\n".join(lines) + "\n"), origin=origin, program=program) as proxy:
        for turn, (number, (request, bodiless)) in enumerate(requests):
            answer = rule_lists.ANSWERS[(turn * 7 + number) % len(rule_lists.ANSWERS)]
            to_head = answer.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
            # A method may have been changed on the way: the server sees whether it is to send a body.
            origin.answer = lambda path, connection, whole=answer, head=to_head: (
                head if origin.requests[-1].startswith(b"HEAD ") else whole)
            origin.requests.clear()
            with proxy.connect() as client:
                client.send(request.replace(b"\r\n", b"\r\nX-Turn: turn%d\r\n" % turn, 1))
                told = read_answer(client, bodiless)
            line = proxy.log_line(rf"{{turn{turn}\b") or "none"
            seen.append(([without_wishes(each) for each in origin.requests], without_wishes(told), without_chances(line.strip())))
    return seen


class SameDeeds(unittest.TestCase):
    maxDiff = None

    def test_rule_lists(self):
        choice = random.Random(SEED)
        lines = [line for number in range(BACKENDS) for line in rule_lists.backend(choice, number)]
        lines, complaints = without_refused(lines, whole)
        self.assertEqual(complaints, [])
        requests = [(number, rule_lists.request(choice, number)) for number in range(BACKENDS) for _ in range(REQUESTS_EACH)]
        theirs, ours = play(HAPROXY, lines, requests), play(PROXYD, lines, requests)
        text = "\n".join(lines)
        for (number, (request, _)), wanted, got in zip(requests, theirs, ours):
            with self.subTest(backend=number):
                rules = text.split(f"backend b{number}\n")[1].split("\nbackend ")[0]
                for name, a, b in zip(("request", "answer", "log line"), wanted, got):
                    self.assertEqual(a, b, f"the {name} of {request} with\n{rules}")


if __name__ == "__main__":
    need_haproxy()
    unittest.main()
