"""`option tcpka`: the kernel's timers of both connections, as ss shows them. Passes on HAProxy, too (FRONTDOOR_ORACLE)."""

import subprocess
import unittest

import lab
from proxy_fixture import Client, Origin, Proxy

CONFIG = """
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:{{front}}
    {client}
    default_backend b
backend b
    {server}
    server s 127.0.0.1:{{origin}}
"""


def timers(proxy):
    """Whether the connections from the client and to the server have a keep-alive timer, once a request is answered."""
    with Client(proxy.front) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response()[0] == 200
        own = client.socket.getsockname()[1]
        shown = subprocess.run(["ss", "-tnoH", "state", "established"], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in shown.splitlines()]
    front = [line for line in lines if line[2].endswith(f":{proxy.front}") and line[3].endswith(f":{own}")]
    back = [line for line in lines if line[3].endswith(f":{proxy.origin.port}")]
    assert len(front) == 1 and len(back) == 1, shown
    return ["keepalive" in " ".join(line[4:]) for line in front + back]


class KeepAlive(unittest.TestCase):
    def check(self, client, server, expected):
        with Proxy(CONFIG.format(client=client, server=server), origin=Origin()) as proxy:
            # While an answer is not acknowledged, ss shows that timer instead.
            lab.wait_until(lambda: timers(proxy) == expected, 10, f"the timers {expected}")

    def test_both(self):
        self.check("option tcpka", "option tcpka", [True, True])

    def test_client(self):
        self.check("option clitcpka\n    clitcpka-idle 30s\n    clitcpka-intvl 5\n    clitcpka-cnt 3", "", [True, False])

    def test_server(self):
        self.check("", "option srvtcpka\n    srvtcpka-idle 1m\n    srvtcpka-intvl 5s\n    srvtcpka-cnt 3", [False, True])

    def test_none(self):
        self.check("", "", [False, False])


if __name__ == "__main__":
    unittest.main()
