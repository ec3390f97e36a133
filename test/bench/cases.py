"""What is measured. A case is one row: the work, what the proxy must do to it, and what we promise."""

from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    title: str
    path: str = "/size/1024"
    connections: int = 64
    tls: str = ""                  # version that both sides speak: "1.3", "1.2"; empty: plain
    close: bool = False            # a client connection per request
    post: int = 0                  # bytes of request body
    headers: int = 0               # extra request headers
    hosts: int = 0                 # Host is siteN.example, all N below this in turn
    rules: list = field(default_factory=list)        # haproxy's language, in the frontend
    nginx_rules: tuple = ()        # the same for nginx: lines of http{}, lines of location{}
    echo: list = field(default_factory=list)         # header lines that must reach the origin
    backends: int = 1
    choice: str = ""               # how a backend is chosen: see configs.py
    servers: int = 1
    idle: int = 0                  # idle client connections held meanwhile
    threads: int = 1
    log: bool = False              # an access log line per request to a UDP collector
    answers: bool = False          # the proxy answers by itself: no origin
    memory: bool = False           # measures private memory per idle connection instead
    nginx: bool = True             # has words for it
    group: str = "main"
    series: str = ""               # rows that are one curve; the report compares them
    limit: float | None = None     # the ratio to the best peer that we promise
    bytes_limit: int = 0           # memory: the bytes that we promise
    quick: bool = False            # part of the test run


KEEP_ALIVE, OTHER, HANDSHAKE = 0.95, 1.0, 1.05

# Twenty ACLs, all of them evaluated, and ten headers that they let through.
REWRITES = [f"acl a{i} path_beg /never{i} /neither{i}" for i in range(20)] + \
    [f"http-request set-header X-Mark-{i} value-{i} if !a{i} !a{i + 10}" for i in range(10)]
NGINX_REWRITES = ([f'map $uri $mark{i} {{ default value-{i}; ~^/never{i} ""; ~^/neither{i} ""; ~^/never{i + 10} ""; '
                   f'~^/neither{i + 10} ""; }}' for i in range(10)],
                  [f"proxy_set_header X-Mark-{i} $mark{i};" for i in range(10)])

# Work that only the proxy does: the load generator cannot be the limit of two threads.
HEAVY = [f"http-request deny if {{ path_sub never{i} }}" for i in range(4000)] + \
    ["http-request return status 200 content-type text/plain string ok"]
LONG_PATH = "/a/path/of/some/length/as/visitors/of/a/shop/send/them/item"

CASES = [
    Case("keepalive", "h1 keep-alive, 1 kB", limit=KEEP_ALIVE, quick=True),
    Case("close", "h1, client closes each time, server connections reused", close=True, limit=OTHER, quick=True),
    Case("get64k", "h1 64 kB", path="/size/65536", limit=KEEP_ALIVE),
    Case("get1m", "h1 1 MB", path="/size/1048576", connections=16, limit=KEEP_ALIVE),
    Case("post64k", "h1 POST 64 kB", path="/", post=65536, limit=KEEP_ALIVE, quick=True),
    Case("tls", "TLS keep-alive 1 kB", tls="1.3", limit=KEEP_ALIVE, quick=True),
    Case("handshake", "TLS 1.3, new connection each time (RSA 2048, full handshake)", tls="1.3", close=True,
         limit=HANDSHAKE, quick=True),
    Case("handshake12", "TLS 1.2, new connection each time (RSA 2048, full handshake)", tls="1.2", close=True,
         limit=HANDSHAKE),
    Case("tls1m", "TLS 1 MB", tls="1.3", path="/size/1048576", connections=16, limit=KEEP_ALIVE),
    Case("headers", "30 request headers", headers=30, limit=KEEP_ALIVE, echo=[f"x-header-{i}: " for i in range(30)]),
    Case("rules", "20 ACLs and 10 header rewrites", rules=REWRITES, nginx_rules=NGINX_REWRITES, limit=KEEP_ALIVE,
         echo=[f"x-mark-{i}: value-{i}\r" for i in range(10)], quick=True),
    Case("httplog", "access log to a UDP collector", log=True, limit=KEEP_ALIVE, quick=True),
    Case("backends", "1000 backends chosen by Host", hosts=1000, backends=1000, choice="hosts", limit=KEEP_ALIVE),
    Case("idle", "10,000 idle connections, 64 busy", idle=10000, limit=KEEP_ALIVE),
    Case("memory", "private memory per idle connection", idle=10000, memory=True, bytes_limit=2048),
    Case("memory_tls", "private memory per idle TLS connection", idle=2000, memory=True, tls="1.3"),

    Case("one", "one thread, 4000 conditions per request", path=LONG_PATH, rules=HEAVY, answers=True, nginx=False,
         group="threads", series="threads: heavy rules"),
    Case("two", "two threads, the same", path=LONG_PATH, rules=HEAVY, answers=True, nginx=False, threads=2,
         group="threads", series="threads: heavy rules"),
    Case("one_relay", "one thread, h1 keep-alive 1 kB", group="threads", series="threads: relay"),
    Case("two_relay", "two threads, h1 keep-alive 1 kB", threads=2, group="threads", series="threads: relay"),

    *[Case(f"servers{n}", f"{n} servers in a backend, roundrobin", servers=n, group="flat", series="servers")
      for n in (10, 100, 1000)],
    *[Case(f"use_backend{n}", f"{n} use_backend rules on Host, the last one holds", backends=n, choice="last",
           group="flat", series="use_backend, same fetch") for n in (10, 100, 1000)],
    *[Case(f"mixed{n}", f"{n} use_backend rules on alternating fetches, the last one holds", backends=n,
           choice="mixed", nginx=False, group="flat", series="use_backend, mixed fetches") for n in (10, 100, 1000)],
]

GROUPS = sorted({case.group for case in CASES})


def select(words):
    """Cases by name, or by group ("main", "flat", "threads", "all"); ValueError on an unknown word."""
    chosen = []
    for word in words.split(","):
        found = [case for case in CASES if word in (case.name, case.group, "all")]
        if not found:
            raise ValueError(f"unknown case {word}; there are: {', '.join(GROUPS)}, all, or "
                             + ", ".join(case.name for case in CASES))
        chosen += [case for case in found if case not in chosen]
    return chosen
