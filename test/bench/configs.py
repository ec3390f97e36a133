"""The same work in each proxy's own words.

proxyd and HAProxy read the same file. What is on in one is on in all: timeouts, counters, keep-alive to both sides, a log line
per request where the case says so. Off in all: resumption of TLS sessions, so that a handshake is a full one.
nginx gets what its defaults lack for this work: kept server connections without a limit of requests, bodies that are
streamed and never written to a file, buffers that hold an answer.
"""

import os

ORIGIN_PORT = 8000
LOG_PORT = 8514
# In a network of our own the origin listens on all of 127.0.0.0/8; in the machine's network on one address only.
OWN_NETWORK = bool(os.environ.get("BENCH_NETWORK"))
ORIGIN = f"{'0.0.0.0' if OWN_NETWORK else '127.0.0.1'}:{ORIGIN_PORT}"


def server_address(index):
    """Each server has an address of its own, as kept connections are found by address."""
    return f"127.1.{index // 250}.{index % 250 + 1}:{ORIGIN_PORT}" if OWN_NETWORK else ORIGIN


def chosen_when(case, index):
    """The condition of a use_backend rule."""
    if case.choice == "mixed":
        return (f"{{ hdr(host) -i site{index}.example }}", f"{{ path_beg /site{index}/ }}",
                f"{{ hdr(x-site) site{index} }}")[index % 3 if index != case.backends - 1 else 0]
    return f"{{ hdr(host) -i site{index}.example }}"


def haproxy(case, folder, port, threads, descriptors):
    # HAProxy insists on two descriptors for each.
    maxconn = (descriptors - 1000) // 2 if case.idle else min(4000, descriptors // 4)
    versions = f"ssl-min-ver TLSv{case.tls} ssl-max-ver TLSv{case.tls} no-tls-tickets"
    tls = f" ssl crt {folder}/site.pem {versions}" if case.tls else ""
    lines = ["global", f"    nbthread {threads}", f"    maxconn {maxconn}", "    maxpipes 128", "    tune.ssl.cachesize 0",
             # Else HAProxy gives server connections up where idle clients hold most descriptors.
             "    tune.pool-high-fd-ratio 100", "    tune.pool-low-fd-ratio 100", "",
             "defaults", "    mode http",
             "    timeout connect 5s", "    timeout client 60s", "    timeout server 60s", "    timeout http-request 10s",
             "    timeout http-keep-alive 60s", "    option http-keep-alive", "    http-reuse always",
             "    option splice-auto"]
    if case.log:
        lines += ["    option httplog", f"    log 127.0.0.1:{LOG_PORT} local0"]
    lines += ["", "frontend f", f"    bind 127.0.0.1:{port}{tls}", *("    " + line for line in case.rules)]
    if case.answers:
        return "\n".join(lines) + "\n"
    if case.backends == 1:
        lines += ["    default_backend b0"]
    else:
        lines += [f"    use_backend b{i} if {chosen_when(case, i)}" for i in range(case.backends)]
    for i in range(case.backends):
        # One backend is checked, as in life; a thousand checks a second would be another benchmark.
        check = " check inter 10s" if case.backends == 1 else ""
        lines += ["", f"backend b{i}", "    balance roundrobin",
                  *(f"    server s{n} {server_address(i + n)}{check}" for n in range(case.servers))]
    return "\n".join(lines) + "\n"


def nginx(case, folder, port, threads, descriptors):
    tls = " ssl" if case.tls else ""
    listen = f"listen 127.0.0.1:{port}{tls}" + (" reuseport" if threads > 1 else "")
    http_rules, location_rules = case.nginx_rules or ([], [])
    log = f"access_log syslog:server=127.0.0.1:{LOG_PORT} combined" if case.log else "access_log off"
    text = [
        # Its workers would change to a user who may not write to our folder.
        "user root;" if os.geteuid() == 0 else "",
        f"worker_processes {threads}; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;",
        f"worker_rlimit_nofile {descriptors}; events {{ worker_connections {descriptors}; }}",
        f"http {{ {log}; server_tokens off; keepalive_timeout 60s; keepalive_requests 1000000000;",
        "client_header_timeout 10s; client_body_timeout 60s; send_timeout 60s; proxy_connect_timeout 5s;",
        *(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")),
        "client_max_body_size 0; client_body_buffer_size 128k; proxy_request_buffering off;",
        "proxy_buffer_size 16k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0;",
        f"server_names_hash_max_size {case.backends * 4 + 512}; server_names_hash_bucket_size 128;", *http_rules]
    if case.tls:
        text += [f"ssl_certificate {folder}/site.pem; ssl_certificate_key {folder}/site.pem; ssl_protocols TLSv{case.tls};",
                 "ssl_session_cache off; ssl_session_tickets off;"]
    for i in range(case.backends):
        servers = " ".join(f"server {server_address(i + n)};" for n in range(case.servers))
        name = f"server_name site{i}.example;" if case.backends > 1 else ""
        text += [f"upstream b{i} {{ {servers} keepalive {max(128, 4 * case.servers)}; keepalive_requests 1000000000; }}",
                 f"server {{ {listen if i == 0 else listen.replace(' reuseport', '')}; {name}",
                 f"    location / {{ proxy_pass http://b{i}; proxy_http_version 1.1; proxy_set_header Connection \"\";",
                 "        proxy_set_header Host $http_host;", *("        " + line for line in location_rules), "    }", "}"]
    return "\n".join([*text, "}"]) + "\n"

