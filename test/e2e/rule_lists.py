"""Backends with rule lists put together by chance, and requests to play on them. Rules, conditions and options whose outcome does
not depend on the program, the moment or the port.

What is left out on purpose, as HAProxy 2.6 and proxyd differ and are meant to:
* targets without a slash at their begin, which HAProxy takes for hosts, or for empty paths;
* `capture ... len`, which backends cannot have."""

_NAMES = ["x-a", "x-b", "x-list", "host", "user-agent", "x-new", "cookie", "accept"]
_ANSWER_NAMES = ["x-r", "set-cookie", "server", "x-list", "cache-control", "x-new"]
_VALUES = ["v1", "%[path]", "%[hdr(x-a)]", "%[src]", "a%[req.hdr(x-list,1)]b", '"two words"', "%[query]", "%[method]-%[url]",
           "%[str(x),upper]", "%%", "%[hdr(none)]", "%[var(txn.v)]", "%[urlp(a)]"]
_ANSWER_VALUES = ["v1", "%[status]", "%[res.hdr(x-r)]", "%[var(txn.v)]", '"two words"', "%[res.hdr(x-list,-1)]", "%[res.cook(s)]",
                  "%[capture.req.uri]"]
_CONDITIONS = ["{ path_beg /a }", "{ hdr(x-a) hello }", "{ method GET }", "{ urlp(a) -m found }", "{ query -m len 0 }",
               "{ hdr_cnt(x-list) gt 1 }", "{ path -m end .html }", "TRUE", "FALSE", "{ always_true } !{ method POST }", "METH_GET",
               "HTTP_1.1", "{ var(txn.v) -m found }", "{ url_beg /x } || { hdr(x-b) -m sub , }", "{ req.cook(c1) v1 }",
               "{ src 127.0.0.0/8 }", "LOCALHOST"]
_ANSWER_CONDITIONS = ["{ status 200 }", "{ res.hdr(x-r) -m found }", "{ status ge 300 }", "{ res.hdr_cnt(x-list) 2 }",
                      "{ var(txn.v) -m found }", "TRUE", "{ capture.req.method GET }", "{ res.cook(s) -m len 3 }"]
_PATH_CHANGES = [r'"^/a(.*)" "/z\\1"', '"/+" "/"', r'"([a-z])/" "\\1\\1/"', r'"^(.*)\$" "/pre\\1"', '"b" "/c"']
_CHANGES = ['"l+" "L"', r'"^(.)(.*)\$" "\\2\\1"', '" *, *" "|"', r'"(.*)" "[\\1]"', '"o" "%[method]"']
_ANSWER_CHANGES = _CHANGES[:4]
_OPTIONS = ["option forwardfor", "option forwardfor header X-Client", "option forwardfor if-none", "option httpclose",
            "option http-server-close", "http-reuse never", "option http-buffer-request", "option forwardfor except 127.0.0.1",
            "cookie SRV insert indirect nocache", "cookie SRV insert", "cookie s prefix", "cookie SRV rewrite",
            "compression algo gzip", "option abortonclose", "cookie SRV insert indirect httponly secure domain .x.org", "retries 1",
            "http-error status 404 content-type text/plain string mine"]

# name: its arguments, each a list to choose from.
_REQUEST_RULES = {
    "set-header": [_NAMES, _VALUES], "add-header": [_NAMES, _VALUES], "del-header": [_NAMES],
    "del-header x- -m": [["beg", "sub", "end", "str", "reg"]],
    "replace-header": [_NAMES, _CHANGES], "replace-value": [_NAMES, _CHANGES],
    "set-path": [["/n%[path]", "/fixed", "/q?z=%[query]", "%[path,lower]", "/%[hdr(x-a)]"]],
    "set-pathq": [["/n%[path]", "/fixed", "/q?z=%[query]", "%[path,lower]", "/%[hdr(x-a)]"]],
    "set-uri": [["/fixed", "/q?z=%[query]", "/%[hdr(x-a)]"]],
    "set-query": [["a=1", "%[query]&n=2", "%[path]", "%[hdr(none)]"]],
    "set-method": [["PUT", "%[method,lower]", "GET", "POST"]],
    "replace-path": [_PATH_CHANGES], "replace-pathq": [_PATH_CHANGES], "replace-uri": [_PATH_CHANGES[:2] + _PATH_CHANGES[3:]],
    "set-var(txn.v)": [["path", "str(abc)", "int(7)", "hdr(x-a)", "hdr(none)"]],
    "set-var(req.v)": [["path", "str(abc)", "int(7)", "hdr(x-a)", "hdr(none)"]],
    "set-var(sess.v)": [["path", "str(abc)", "int(7)", "hdr(x-a)", "hdr(none)"]],
    "set-var-fmt(txn.v)": [_VALUES], "unset-var(txn.v)": [],
    "normalize-uri": [["path-merge-slashes", "path-strip-dot", "path-strip-dotdot", "path-strip-dotdot full", "query-sort-by-name",
                       "percent-to-uppercase", "percent-to-uppercase strict", "percent-decode-unreserved", "fragment-strip",
                       "fragment-encode"]],
    "deny": [["", "deny_status 429", "status 404", "status 403 hdr x-why %[path]",
              "status 500 content-type text/plain string gone"]],
    "return status": [["200", "201 content-type text/plain string hello", "200 content-type text/plain lf-string %[path]", "404",
                       "302 hdr location /x", "204 hdr x-n %[method]"]],
    "redirect": [["location /l", "prefix /p", "scheme https", "location /l code 301", "prefix / drop-query",
                  "prefix https://h append-slash", "scheme https code 307 set-cookie s=1", "location /%[hdr(x-a)] clear-cookie c1=",
                  "prefix /q code 303", "location /c ignore-empty", "prefix /p drop-query append-slash set-cookie z"]],
    "capture": [["path id 1", "hdr(x-a) id 1", "req.hdr(user-agent) id 1"]],
    "set-log-level": [["info", "notice", "err"]],
}
_RESPONSE_RULES = {
    "set-header": [_ANSWER_NAMES, _ANSWER_VALUES], "add-header": [_ANSWER_NAMES, _ANSWER_VALUES], "del-header": [_ANSWER_NAMES],
    "del-header x- -m": [["beg", "sub", "end"]],
    "replace-header": [_ANSWER_NAMES, _ANSWER_CHANGES], "replace-value": [_ANSWER_NAMES, _ANSWER_CHANGES],
    "set-status": [["404", "200 reason Fine", '503 reason "Slow Down"']],
    "set-var(txn.v)": [["status", "res.hdr(x-r)", "str(q)"]],
    "deny": [["", "status 404", "deny_status 502"]], "return status": [["200 content-type text/plain string r", "404"]],
    "redirect": [["location /rl"]], "allow": [],
}
_AFTER_RULES = {
    "set-header": [_ANSWER_NAMES, _ANSWER_VALUES], "add-header": [_ANSWER_NAMES, _ANSWER_VALUES], "del-header": [_ANSWER_NAMES],
    "set-status": [["418"]], "allow": [], "replace-header": [_ANSWER_NAMES, _ANSWER_CHANGES],
}

_TARGETS = ["/", "/a", "/a/b/c.html", "/a//b/../c?a=1&b=2", "/x?a=hello", "/%41%2f%7e?z=1&a=2&m", "/a/./b/", "/A/B?", "//h/p"]
_METHODS = ["GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]
_FIELDS = ["X-A: hello", "X-A: a, b", "X-B: p,q", "X-List: one, two", "X-List: three", "User-Agent: ua/1.0",
           "Cookie: c1=v1; SRV=cs1; s=cs1~abc", "Cookie: a=b", "X-Empty:", "Accept: */*", "Accept-Encoding: gzip",
           "X-Forwarded-For: 9.9.9.9", "Referer: /r"]

ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/html\r\nX-R: rr\r\nX-List: 1\r\nX-List: 2\r\n\r\nok",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nServer: o\r\nSet-Cookie: s=abc; path=/\r\n\r\nnope",
    b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\nSet-Cookie: SRV=xx\r\nCache-Control: private\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nX-R:\r\n\r\n",
]


def _rule(random, phase, rules, conditions):
    name = random.choice(list(rules))
    words = [phase, name] + [random.choice(options) for options in rules[name]]
    kind = random.choice(["", "", "", "if", "unless", "and", "or"])
    if kind:
        words += ["unless" if kind == "unless" else "if", random.choice(conditions)]
    if kind in ("and", "or"):
        words += (["or"] if kind == "or" else []) + [random.choice(conditions)]
    return "    " + " ".join(word for word in words if word)


def backend(random, number):
    """The lines of a backend b<number>."""
    lines = ["    " + option for option in random.sample(_OPTIONS, random.choice([0, 0, 1, 2]))]
    for phase, rules, conditions, most in (("http-request", _REQUEST_RULES, _CONDITIONS, 5),
                                           ("http-response", _RESPONSE_RULES, _ANSWER_CONDITIONS, 3),
                                           ("http-after-response", _AFTER_RULES, _ANSWER_CONDITIONS, 2)):
        lines += [_rule(random, phase, rules, conditions) for _ in range(random.randint(0, most))]
    cookie = " cookie cs1" if any(line.split()[0] == "cookie" for line in lines) else ""
    return [f"backend b{number}"] + lines + [f"    server s1 127.0.0.1:@origin@{cookie}"]


def request(random, number):
    """(bytes for backend b<number>, whether the answer to it has no body)"""
    method = random.choice(_METHODS)
    version = random.choice(["HTTP/1.1"] * 5 + ["HTTP/1.0"])
    body = b"body=1" if method in ("POST", "PUT") else b""
    fields = [f"Host: {random.choice(['h', 'www.example.com', 'h:8080'])}", f"X-Case: {number}"]
    fields += random.sample(_FIELDS, random.randint(0, 6)) + (["Content-Length: 6"] if body else [])
    head = "\r\n".join([f"{method} {random.choice(_TARGETS)} {version}"] + fields) + "\r\n\r\n"
    return head.encode() + body, method == "HEAD"
