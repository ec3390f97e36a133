"""The tutorial's own files, unchanged, in the surroundings they name: users, folders, certificate, servers.

The files lie beside the repository (../shared/tutorial); without them this test is skipped.
"""

import os
import sys
import time
import unittest

import lab
from pair import VIP, Pair

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "tutorial")
FILES = os.environ.get("FRONTDOOR_TUTORIAL", os.path.normpath(FILES))
SERVERS = ["192.168.4.73:80", "192.168.4.16:9002", "192.168.4.18:9002", "192.168.4.26:9002", "192.168.4.28:9002",
           "192.168.4.17:9002", "192.168.4.27:9002"]


def published(name):
    with open(os.path.join(FILES, name), "rb") as source:
        return source.read().decode()


class TutorialTest(unittest.TestCase):
    def setUp(self):
        net = lab.Lab("tutorial")
        self.addCleanup(net.close)
        self.pair = pair = Pair(net)
        for node in pair.nodes:
            self.surroundings(node)
        self.servers(pair.webs[0])
        for node in pair.nodes:
            pair.init(node, "proxyd", "start")
        for node in pair.nodes:
            pair.init(node, "vrrpd", "start")
        pair.wait_for_holder(pair.master)

    def surroundings(self, node):
        """What a machine must have for the files to run: nothing in the files is changed."""
        node.run("groupadd lashourun && useradd -g lashourun lashourun && mkdir -p /var/chroot/haproxy "
                 "/usr/local/haproxy /usr/local/keepalived && ip addr add 192.168.4.1%s/24 dev eth0 && "
                 "ip addr add 192.168.4.111/32 dev eth0" % (0 if node is self.pair.master else 1))
        node.run("cd /usr/local/haproxy && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out crt -days 9 "
                 "-subj /CN=lashou.example 2>/dev/null && cat crt key >cert.pem && chmod 600 cert.pem key")
        role = "master" if node is self.pair.master else "backup"
        self.pair.put(node, "/etc/proxyd/haproxy.cfg", published("haproxy.cfg"))
        self.pair.put(node, "/etc/vrrpd/keepalived.conf", published(f"keepalived.{role}.conf"))
        node.run("cp /etc/vrrpd/chk_haproxy /usr/local/keepalived/chk_haproxy.sh")

    def servers(self, web):
        for address in SERVERS:
            ip = address.split(":")[0]
            web.run(f"ip addr add {ip}/24 dev eth0")
            web.start([lab.binary("test_origin"), ip, address]).wait_for("serves", 5)

    def curl(self, *words):
        return self.pair.client.run(["curl", "-sm5", *words], timeout=10)

    def test_the_site_the_four_steps_and_the_statistics(self):
        pair = self.pair
        lab.wait_until(lambda: "192.168.4.73" in self.curl("-k", f"https://{VIP}/"), 8, "https reaches 192.168.4.73")
        echo = self.curl("-k", f"https://{VIP}/echo")
        self.assertRegex(echo, r"(?mi)^x-forwarded-proto: https\r?$")
        self.assertRegex(echo, rf"(?mi)^x-forwarded-for: {pair.client.address}\r?$")
        moved = self.curl("-i", f"http://{VIP}/lashoupay/lashoupay/x?y=1")
        self.assertIn("302", moved.splitlines()[0])
        self.assertRegex(moved, rf"(?mi)^location: https://{VIP}/lashoupay/lashoupay/x\?y=1\r?$")
        self.assertIn("503", self.curl("-i", f"http://{VIP}/nowhere").splitlines()[0])
        # `dst` chooses the pool: the client reaches the node by that address.
        pair.client.run(f"ip route add 192.168.4.111 via {pair.master.address}")
        self.assertIn("192.168.4.16", self.curl("http://192.168.4.111/"))
        self.assertIn("401", self.curl("-i", f"http://{VIP}/admin").splitlines()[0])
        page = self.curl("-u", "haadmin:lashoupay", f"http://{VIP}/admin")
        for name in ("lashoupay-http", "vs-lsmvas-4.51-pool", "project-4.27"):
            self.assertIn(name, page)
        self.four_steps()

    def four_steps(self):
        pair = self.pair
        marks = {node.name: len(pair.log(node)) for node in pair.nodes}

        def told(node, *lines):
            text = "\n".join(pair.log(node)[marks[node.name]:])
            for line in lines:
                self.assertIn(line, text)

        pair.init(pair.master, "vrrpd", "stop")
        pair.wait_for_holder(pair.backup)
        told(pair.master, "VRRP_Instance(VI_1) removing protocol VIPs.")
        told(pair.backup, "VRRP_Instance(VI_1) Entering MASTER STATE", "VRRP_Instance(VI_1) setting protocol VIPs.",
             f"VRRP_Instance(VI_1) Sending gratuitous ARPs on eth0 for {VIP}")
        pair.init(pair.master, "vrrpd", "start")
        pair.wait_for_holder(pair.master)
        time.sleep(0.2)
        told(pair.master, "VRRP_Instance(VI_1) Transition to MASTER STATE", "VRRP_Instance(VI_1) Entering MASTER STATE")
        told(pair.backup, "VRRP_Instance(VI_1) Received higher prio advert",
             "VRRP_Instance(VI_1) Entering BACKUP STATE", "VRRP_Instance(VI_1) removing protocol VIPs.")

    def test_gb2312_in_the_request_line(self):
        """`option accept-invalid-http-request` lets it pass unchanged."""
        lab.wait_until(lambda: "192.168.4.73" in self.curl("-k", f"https://{VIP}/"), 8, "https reaches 192.168.4.73")
        self.pair.client.run(f"ip route add 192.168.4.111 via {self.pair.master.address}")
        connection = self.pair.client.socket(lab.socket.AF_INET, lab.socket.SOCK_STREAM)
        connection.settimeout(5)
        connection.connect(("192.168.4.111", 80))
        name = "首页".encode("gb2312")
        connection.sendall(b"GET /echo?q=" + name + b" HTTP/1.0\r\nHost: x\r\n\r\n")
        answer = b""
        while data := connection.recv(65536):
            answer += data
        connection.close()
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)
        self.assertIn(b"GET /echo?q=" + name, answer)


if __name__ == "__main__":
    if not os.path.isdir(FILES):
        print(f"SKIPPED: the tutorial's files are not at {FILES}", file=sys.stderr)
        sys.exit(lab.SKIPPED)
    lab.require_root()
    unittest.main(verbosity=2)
