"""Random expressions and conditions have the same values in proxyd and in HAProxy: both run one configuration of hundreds of them
and are asked the same. FRONTDOOR_SEED=N plays another choice.
"""
import os
import random
import re
import tempfile
import unittest

import expressions
from proxy_fixture import PROXYD, Client, Origin, Proxy
from side_by_side import HAPROXY, SEED, need_haproxy, without_refused

COUNT = 300

HEAD = """
global
    tune.bufsize 524288
    tune.http.maxhdr 5000
    tune.pattern.cache-size 0
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend in
    bind 127.0.0.1:{front} name door
    http-request set-var(txn.word) str(hello)
    http-request set-var(req.n) int(5)
"""
TAIL = """    default_backend out
backend out
    server s 127.0.0.1:{origin}
"""
REQUESTS = [
    b"GET /a/b/c?a=hello&b=x%20y&n=42 HTTP/1.1\r\nHost: www.example.com:8080\r\nX-A: hello\r\n"
    b"X-B: Hello, World;foo=bar\r\nX-Num: 42\r\nX-Ip: 10.1.2.3\r\nX-List: one,two , three\r\nX-List: four\r\n"
    b"X-Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nCookie: c1=v1; c2=\"q v\"; c3=17\r\nCookie: c1=v2\r\n"
    b"X-Json: {\"a\":\"b\",\"n\":12,\"o\":{\"k\":true},\"arr\":[1,\"z\"]}\r\nX-B64: aGVsbG8=\r\nX-Hex: 1f\r\n"
    b"X-Enc: a%20b+c%zz\r\nAccept-Language: fr;q=0.8, en;q=0.5\r\nX-Utf: h\xc3\xa9llo\r\n"
    b"X-Quote: say \"hi\" \\ there\r\nX-Empty:\r\nX-Jwt: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.AAAA\r\n"
    b"Authorization: Basic dXNlcjpwYXNz\r\nX-Url: http://h:81/p?q\r\n\r\n",
    b"POST http://h.example.org/x?n=3 HTTP/1.1\r\nHost: h.example.org\r\nContent-Length: 0\r\nX-A: abc\r\nX-B: a,b;c d\r\n"
    b"X-Num: 12abc\r\nX-Ip: 2001:db8::77\r\nX-List:\r\nX-Json: [1,2\r\nX-B64: !!!\r\nX-Hex: zz\r\nX-Enc: %41%4\r\n"
    b"X-Utf: \xff\xfe\r\n\r\n",
]


def quoted(text):
    """Inside double quotes of the configuration, where $ begins the name of a variable."""
    return text.replace("\\", "\\\\").replace("$", "\\$")


def rules(choice, folder):
    lines = []
    for number in range(COUNT):
        text = expressions.expression(choice)[0].replace("{folder}", folder)
        lines.append(f'    http-request set-header v-{number} "[%[{quoted(text)}]]"')
        text = expressions.condition(choice).replace("{folder}", folder)
        lines.append(f"    http-request set-header c-{number} yes if {quoted(text)}")
    return lines


def whole(lines):
    return HEAD.format(front=1) + "\n".join(lines) + "\n" + TAIL.format(origin=1), HEAD.count("\n")


def values(program, lines, folder):
    """For each request: what the rules' headers say when they come to the server."""
    config = (HEAD + "@rules@" + TAIL).format(front="{front}", origin="{origin}")
    config = config.replace("@rules@", "\n".join(lines).replace("{", "{{").replace("}", "}}") + "\n")
    answers = []
    with Proxy(config, origin=Origin(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
               program=program) as proxy:
        for request in REQUESTS:
            with Client(proxy.front) as client:
                client.send(request)
                answer = client.response()
            if answer[0] != 200:
                raise RuntimeError(f"{program} answers {answer} to {request[:40]}")
            head = proxy.origin.requests.pop().split(b"\r\n")
            answers.append(dict(line.split(b": ", 1) for line in head if re.match(rb"[vc]-\d+: ", line)))
    return answers


class SameValues(unittest.TestCase):
    maxDiff = None

    def test_expressions(self):
        os.environ["FRONTDOOR_WORD"] = "value1"
        with tempfile.TemporaryDirectory() as folder:
            for name, content in expressions.FILES.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            lines, complaints = without_refused(rules(random.Random(SEED), folder), whole)
            self.assertEqual(complaints, [])
            self.assertGreater(len(lines), COUNT)
            theirs, ours = values(HAPROXY, lines, folder), values(PROXYD, lines, folder)
        self.assertGreater(len(theirs[0]), COUNT)
        rule = {line.split()[2].encode(): line.strip() for line in lines}
        differences = [f"request {number}, {rule[name]}: {a.get(name)}, not {b.get(name)}"
                       for number, (a, b) in enumerate(zip(theirs, ours))
                       for name in sorted(a.keys() | b.keys()) if a.get(name) != b.get(name)]
        self.assertEqual(differences, [])


if __name__ == "__main__":
    need_haproxy()
    unittest.main()
