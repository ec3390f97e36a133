"""What the proxies have to do: wrk, connections that only wait, a log collector, the origin; and the look, once per case and
proxy, whether it really does the work."""

import http.client
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import threading

import configs
import machine

def header_fields(case):
    return {f"X-Header-{i}": f"the value of header number {i}" for i in range(case.headers)}


def host(case, index=None):
    if case.backends == 1:
        return "www.example.org"
    return f"site{case.backends - 1 if index is None else index}.example"


# ---- wrk

# What wrk prints in words, as one line of JSON. `status` counts answers of 400 and above.
_DONE = """
function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,' ..
        '"timeout":%d,"status":%d,"p50":%f,"p99":%f}\\n', summary.requests, summary.duration, summary.bytes,
        e.connect, e.read, e.write, e.timeout, e.status, latency:percentile(50), latency:percentile(99)))
end
"""


def wrk_script(case):
    lines = [f'wrk.headers["Host"] = "{host(case)}"']
    if case.post:
        lines += ['wrk.method = "POST"', f'wrk.body = string.rep("x", {case.post})']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in header_fields(case).items()]
    if case.close:
        lines.append('wrk.headers["Connection"] = "close"')
    if case.hosts:
        # Rendered once: string work per request would make wrk the limit.
        lines += ["local all, turn = {}, 0", "function init()", f"    for i = 1, {case.hosts} do",
                  '        wrk.headers["Host"] = "site" .. (i * 7919 % ' + str(case.hosts) + ') .. ".example"',
                  f'        all[i] = wrk.format("GET", "{case.path}")', "    end", "end",
                  "function request()", "    turn = turn % #all + 1", "    return all[turn]", "end"]
    return "\n".join(lines) + "\n" + _DONE


class Round:
    """One round of one proxy: requests, failed, rate, p50 and p99 (ms), cpu (µs per request), and how busy the cores were with
    the proxy, with the load, with others (core seconds per second)."""

    def __init__(self, case, result, cpu, load_cpu, busy):
        wall = result["microseconds"] / 1e6
        self.requests = result["requests"]
        self.failed = sum(result[key] for key in ("connect", "read", "write", "timeout", "status"))
        size = re.match(r"/size/(\d+)$", case.path)
        if self.requests and size and not case.answers and result["bytes"] < self.requests * int(size[1]):
            self.failed += 1  # cut answers
        if not self.requests:
            self.failed += 1
        self.rate = self.requests / wall
        self.p50, self.p99 = result["p50"] / 1e3, result["p99"] / 1e3
        self.cpu = cpu / max(self.requests, 1) * 1e6
        self.proxy_busy, self.load_busy = cpu / busy.elapsed(), load_cpu / busy.elapsed()
        self.others_busy = max(0.0, busy.seconds() - cpu - load_cpu) / busy.elapsed()
        self.lost_lines = 0


class Load:
    """The load side of a run: origin and wrk, on the load's cores."""

    def __init__(self, folder, origin_path):
        self.folder = folder
        self.origin = subprocess.Popen([origin_path, "o", configs.ORIGIN], stdout=subprocess.PIPE,
                                       preexec_fn=machine.die_with_parent)
        if not self.origin.stdout.readline():
            raise RuntimeError("the origin does not start")

    def settle(self, cores):
        os.sched_setaffinity(self.origin.pid, cores.load)
        os.sched_setaffinity(0, cores.load)  # this program, with its collector, and wrk

    def cpu(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = resource.getrusage(resource.RUSAGE_SELF)
        return children.ru_utime + children.ru_stime + own.ru_utime + own.ru_stime + machine.cpu_seconds(self.origin.pid)

    def run(self, case, running, cores, seconds):
        script = os.path.join(self.folder, f"{case.name}.lua")
        with open(script, "w") as out:
            out.write(wrk_script(case))
        threads = 1 if cores.shared else len(cores.load)
        scheme = "https" if case.tls else "http"
        argv = ["wrk", f"-t{threads}", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script,
                f"{scheme}://127.0.0.1:{running.peer.port}{case.path}"]
        busy, proxy, own = machine.Busy(), running.cpu(), self.cpu()
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds * 3 + 60,
                              preexec_fn=machine.die_with_parent)
        found = re.search(r"^RESULT (.*)$", done.stdout, re.M)
        if not found:
            raise RuntimeError(f"wrk: {done.stdout}{done.stderr}")
        text = re.sub(r"-?nan|-?inf", "0", found[1])
        return Round(case, json.loads(text), running.cpu() - proxy, self.cpu() - own, busy)

    def stop(self):
        self.origin.send_signal(signal.SIGTERM)
        self.origin.wait()


# ---- does it do the work?


def unverified():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def verify(case, port):
    """One request of the case and, where the case is about what reaches the origin, one look there: sentences on what is not as
    it must be."""
    problems = []
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=unverified()) if case.tls \
        else http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(method, path, body=None):
        connection.request(method, path, body, {"Host": host(case), **header_fields(case)})
        answer = connection.getresponse()
        return answer.status, answer.read()

    status, body = ask("POST" if case.post else "GET", case.path, b"x" * case.post if case.post else None)
    size = re.match(r"/size/(\d+)$", case.path)
    if status != 200:
        problems.append(f"status {status}")
    if size and not case.answers and len(body) != int(size[1]):
        problems.append(f"{len(body)} bytes instead of {size[1]}")
    if case.tls and connection.sock and connection.sock.version() != f"TLSv{case.tls}":
        problems.append(f"speaks {connection.sock.version()}")
    if case.echo:
        seen = ask("GET", "/echo")[1].decode().lower()
        problems += [f"the origin did not see {line.strip()}" for line in case.echo if line not in seen]
    connection.close()
    return problems + (resumed(port) if case.tls else [])


def resumed(port):
    """A handshake with the session of the one before must be a full one again."""
    context, session = unverified(), None
    for _ in range(2):
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), session=session) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(4096)
            session = connection.session
            if connection.session_reused:
                return ["resumes TLS sessions"]
    return []


# ---- connections that wait


def wait_idle(case, port, count):
    """Connections that carried one request each and stay open; fewer than wanted where descriptors end."""
    request = f"GET / HTTP/1.1\r\nHost: {host(case)}\r\n\r\n".encode()
    context = unverified() if case.tls else None
    connections = []
    for _ in range(possible_idle(count)):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        if context:
            connection = context.wrap_socket(connection)
        connection.sendall(request)
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("an idle connection was not answered")
        connections.append(connection)
    return connections


def possible_idle(count):
    return min(count, (machine.descriptors() - 1000) // 2 - 200)


def memory_per_connection(case, running):
    """Private bytes per connection that has carried a request and waits; in a fresh process that has seen a few."""
    for connection in wait_idle(case, running.peer.port, 100):
        connection.close()
    before = running.private_memory()
    connections = wait_idle(case, running.peer.port, case.idle)
    settled = [running.private_memory()]
    # Buffers are given back a little later: until the figure stands still for a second, at most ten.
    for _ in range(40):
        threading.Event().wait(0.25)
        settled.append(running.private_memory())
        if len(settled) > 4 and len(set(settled[-5:])) == 1:
            break
    used = (settled[-1] - before) / len(connections)
    for connection in connections:
        connection.close()
    return used


class Collector:
    """A syslog server that counts what it gets."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for option in (socket.SO_RCVBUF, 33):  # 33: SO_RCVBUFFORCE
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, option, 32 << 20)
            except OSError:
                pass
        self.socket.bind(("127.0.0.1", configs.LOG_PORT))
        self.socket.settimeout(0.2)
        self.lines = 0
        self.quiet = threading.Event()
        self.ending = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        receive = self.socket.recv
        while not self.ending:
            try:
                receive(2048)
                self.lines += 1
                self.quiet.clear()
            except TimeoutError:
                self.quiet.set()

    def taken(self):
        """Lines since the last call, once they have stopped coming."""
        self.quiet.clear()
        self.quiet.wait(3)
        lines, self.lines = self.lines, 0
        return lines

    def stop(self):
        self.ending = True
        self.thread.join()
        self.socket.close()
