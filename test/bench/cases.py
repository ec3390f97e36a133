"""What is measured. A case is one row: the work, and what the proxy must do to it."""

from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    title: str
    path: str = "/size/1024"
    connections: int = 64
    tls: bool = False
    close: bool = False            # a client connection per request
    post: int = 0                  # bytes of request body
    headers: int = 0               # extra request headers
    hosts: int = 0                 # random Host out of so many
    rules: list = field(default_factory=list)        # haproxy's language, in the frontend
    nginx_rules: list = field(default_factory=list)
    backends: int = 1
    servers: int = 1
    idle: int = 0                  # idle connections held meanwhile
    threads: int = 1
    log_port: int = 0              # httplog to a collector there
    port: int = 28080
    memory: bool = False           # measures private memory per idle connection instead
    limit: float = 1.0             # the ratio to the best peer that we promise

KEEP_ALIVE = 0.95

REWRITES = [f"acl a{i} path_beg /never{i} /neither{i}" for i in range(20)] + \
    [f"http-request set-header X-Mark-{i} value-{i} if !a{i}" for i in range(10)]

CASES = [
    Case("keepalive", "h1 keep-alive, 1 kB", limit=KEEP_ALIVE),
    Case("close", "h1, client closes each time, server connections reused", close=True),
    Case("get64k", "h1 64 kB", path="/size/65536", limit=KEEP_ALIVE),
    Case("get1m", "h1 1 MB", path="/size/1048576", connections=16, limit=KEEP_ALIVE),
    Case("post64k", "h1 POST 64 kB", path="/", post=65536, limit=KEEP_ALIVE),
    Case("tls", "TLS keep-alive 1 kB", tls=True, limit=KEEP_ALIVE),
    Case("handshake", "TLS new connection each time (RSA 2048)", tls=True, close=True, limit=1.05),
    Case("tls1m", "TLS 1 MB", tls=True, path="/size/1048576", connections=16, limit=KEEP_ALIVE),
    Case("headers", "30 request headers", headers=30, limit=KEEP_ALIVE),
    Case("rules", "20 ACLs and 10 header rewrites", rules=REWRITES,
         nginx_rules=[f"proxy_set_header X-Mark-{i} value-{i};" for i in range(10)], limit=KEEP_ALIVE),
    Case("httplog", "access log to a UDP collector", log_port=28514, limit=KEEP_ALIVE),
    Case("backends", "1000 backends chosen by Host", hosts=1000, backends=1000, limit=KEEP_ALIVE),
    Case("idle", "10,000 idle connections, 64 busy", idle=10000, limit=KEEP_ALIVE),
    Case("threads", "two threads on two cores (shared with the load)", threads=2, limit=KEEP_ALIVE),
    Case("memory", "private memory per idle connection", idle=10000, memory=True),
]
