"""The proxies under comparison: how each is configured and started for a case.

proxyd and HAProxy read the same file; nginx gets the same work in its own words. One worker thread each, unless a case says
otherwise, pinned to the proxy's core.
"""

import os
import resource
import signal
import socket
import subprocess
import time

# What the machine allows: HAProxy wants two descriptors per connection.
DESCRIPTORS = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
MAXCONN = min(25000, (DESCRIPTORS - 500) // 2)
PROXY_CORE = 0
LOAD_CORE = 1


def haproxy_text(case, origin, folder, threads):
    tls = f" ssl crt {folder}/site.pem" if case.tls else ""
    log = f"    log 127.0.0.1:{case.log_port} local0\n" if case.log_port else ""
    lines = [
        "global", f"    nbthread {threads}", f"    maxconn {MAXCONN}", "", "defaults", "    mode http",
        "    timeout connect 5s", "    timeout client 60s", "    timeout server 60s", "    timeout http-request 10s",
        "    timeout http-keep-alive 60s", "    option http-keep-alive", "    http-reuse always",
    ]
    if log:
        lines += ["    option httplog", log.rstrip("\n")]
    lines += ["", "frontend f", f"    bind 127.0.0.1:{case.port}{tls}", *("    " + line for line in case.rules)]
    if case.backends == 1:
        lines += ["    default_backend b", "", "backend b", "    balance roundrobin",
                  *(f"    server s{i} {origin} check inter 10s" for i in range(case.servers))]
    else:
        lines += [f"    use_backend b{i} if {{ hdr(host) -i site{i}.example }}" for i in range(case.backends)]
        for i in range(case.backends):
            lines += ["", f"backend b{i}", f"    server s {origin}"]
    return "\n".join(lines) + "\n"


def nginx_text(case, origin, folder, threads):
    tls = " ssl" if case.tls else ""
    log = f"access_log syslog:server=127.0.0.1:{case.log_port} combined" if case.log_port else "access_log off"
    names = "" if case.backends == 1 else f"server_names_hash_max_size {case.backends * 4}; server_names_hash_bucket_size 128;"
    upstreams, servers = [], []
    headers = "\n".join(case.nginx_rules)
    for i in range(case.backends):
        upstreams.append(f"upstream b{i} {{ " + f"server {origin}; " * min(case.servers, 1) + "keepalive 128; }")
        server_name = "" if case.backends == 1 else f"server_name site{i}.example;"
        certificate = f"ssl_certificate {folder}/site.pem; ssl_certificate_key {folder}/site.pem;" if case.tls else ""
        servers.append(
            f"server {{ listen 127.0.0.1:{case.port}{tls}; {server_name} {certificate} keepalive_requests 100000000; "
            f"location / {{ proxy_pass http://b{i}; proxy_http_version 1.1; proxy_set_header Connection \"\"; {headers} }} }}")
    return "\n".join([
        f"worker_processes {threads}; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;",
        "worker_rlimit_nofile 30000; events { worker_connections 25000; }",
        f"http {{ {log}; {names} client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;",
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;",
        "client_max_body_size 0; proxy_buffering on;", *upstreams, *servers, "}"]) + "\n"


class Peer:
    """A proxy binary; start() returns a Running."""

    def __init__(self, name, path, kind):
        self.name, self.path, self.kind = name, path, kind

    def start(self, case, origin, folder, threads=1):
        try:
            socket.create_connection(("127.0.0.1", case.port), 1).close()
            raise RuntimeError(f"port {case.port} is taken: somebody else would be measured")
        except ConnectionRefusedError:
            pass
        text = (nginx_text if self.kind == "nginx" else haproxy_text)(case, origin, folder, threads)
        config = os.path.join(folder, f"{self.name}.{case.name}.conf")
        with open(config, "w") as out:
            out.write(text)
        argv = [self.path, "-c", config] if self.kind == "nginx" else [self.path, "-db", "-f", config]
        cores = f"{PROXY_CORE}" if threads == 1 else f"{PROXY_CORE}-{PROXY_CORE + threads - 1}"
        log = open(os.path.join(folder, f"{self.name}.{case.name}.log"), "w")
        process = subprocess.Popen(["taskset", "-c", cores, *argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   preexec_fn=raise_descriptors)
        log.close()
        return Running(process, case.port)


def raise_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


class Running:
    def __init__(self, process, port):
        self.process = process
        deadline = time.monotonic() + 10
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args}: ended with status {process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise
                time.sleep(0.05)

    def pids(self):
        """The process and its children (nginx's workers)."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as children:
                    queue += [int(word) for word in children.read().split()]
            except FileNotFoundError:
                pass
        return found

    def cpu(self):
        """Seconds of CPU used by all its threads so far (nanosecond counters)."""
        total = 0
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                try:
                    with open(f"/proc/{pid}/task/{task}/schedstat") as stat:
                        total += int(stat.read().split()[0])
                except FileNotFoundError:
                    pass
        return total / 1e9

    def private_memory(self):
        """Bytes of private memory of all its processes."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
        return total * 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if "nginx" not in str(self.process.args) else signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
