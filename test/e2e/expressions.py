"""Expressions put together by chance, of fetches and converters whose values do not depend on the program that takes them.

What is left out on purpose, as HAProxy 2.6 and proxyd differ and are meant to:
* `method` and its kin where a number is asked for: HAProxy refuses, here they are text;
* booleans behind bool(), odd, even ... in arithmetic: HAProxy keeps the type and then fails to cast;
* dates before 1970 and of far years; `map_int` with negative keys, which HAProxy reads as ranges;
* the whole token from jwt_*_query without a path (the manual promises it, 2.6 has nothing);
* `add` and `sub`: HAProxy 2.6 takes the sum of two negative numbers for an overflow;
* `map_regm`: HAProxy 2.6.12 dies of patterns without groups;
* padding in base64url; names in a URL's host, which HAProxy resolves; keys of map_*_ip as anything but an address.
"""

TEXT = [
    "path", "pathq", "url", "query", "base", "baseq", "req.ver", "hdr(x-a)", "hdr(x-b)", "hdr(x-num)", "hdr(x-ip)",
    "hdr(x-list,2)", "hdr(x-list,-1)", "req.fhdr(x-list)", "req.fhdr(x-date)", "req.hdr_names", "req.hdr_names(:)",
    "cook(c1)", "cook(c2)", "urlp(a)", "url_param(b)", "urlp(n)", "str(hello)", "str('a,b;c d')", "str('')", "hdr(x-none)",
    "hdr(x-json)", "hdr(x-b64)", "hdr(x-hex)", "hdr(x-enc)", "hdr(host)", "hdr(accept-language)", "hdr(x-utf)",
    "hdr(x-quote)", "hdr(x-empty)", "hdr(x-jwt)", "hdr(x-url)", "capture.req.uri", "capture.req.ver", "http_auth_user",
    "http_auth_type", "fe_name", "so_name", "env(FRONTDOOR_WORD)",
]
NUMBERS = ["int(42)", "int(7)", "int(0)", "hdr_cnt(x-list)", "hdr_val(x-num)", "req.cook_cnt(c1)", "cook_val(c3)",
           "urlp_val(n)", "base32", "url32", "var(req.n)"]
BYTES = ["bin(48656c6c6f00ff)", "bin(0102)"]
ADDRESSES = ["ipv4(10.1.2.3)", "ipv6(2001:db8::1)", "src", "hdr_ip(x-ip)"]

OPERANDS = ["0", "1", "3", "-1", "10", "100", "txn.word", "req.n", "9223372036854775807"]
DELIMITERS = ["','", ";", ".", "/", "a", "b", "=", "_", "-"]
PARTS = ["1", "2", "-1", "-2", "3", "9"]


def _choices(*options):
    return lambda random: random.choice(options)


def _parts(random):
    return f"({random.choice(PARTS)},{random.choice(DELIMITERS)}{random.choice(['', ',2', ',0', ',1'])})"


def _bytes(random):
    return f"({random.choice('0135')}{random.choice(['', ',1', ',2', ',100'])})"


def _operand(random):
    return f"({random.choice(OPERANDS)})"


def _map(name):
    return lambda random: f"({{folder}}/{name},none)"


_NOTHING = _choices("")
# Kind of what goes in, kind of what comes out, arguments.
CONVERTERS = {
    "lower": ("text", "text", _NOTHING), "upper": ("text", "text", _NOTHING), "length": ("text", "number", _NOTHING),
    "hex": ("bytes", "text", _NOTHING), "hex2i": ("text", "number", _NOTHING), "base64": ("bytes", "text", _NOTHING),
    "b64dec": ("text", "bytes", _NOTHING), "ub64enc": ("bytes", "text", _NOTHING),
    "cut_crlf": ("text", "text", _NOTHING), "htonl": ("number", "bytes", _NOTHING),
    "host_only": ("text", "text", _NOTHING), "neg": ("number", "number", _NOTHING), "cpl": ("number", "number", _NOTHING),
    "bool": ("number", "truth", _NOTHING), "not": ("number", "truth", _NOTHING), "odd": ("number", "truth", _NOTHING),
    "even": ("number", "truth", _NOTHING), "field": ("text", "text", _parts), "word": ("text", "text", _parts),
    "bytes": ("bytes", "bytes", _bytes), "ltrim": ("text", "text", _choices("(a)", "(h)", "(/)", "(he)")),
    "rtrim": ("text", "text", _choices("(a)", "(o)", "(lo)", "(1)")),
    "regsub": ("text", "text", _choices("(a,b)", "(l+,X,g)", r"('([a-z])([a-z])','<\2\1>',g)", "([aeiou],,gi)", "(o,0,i)")),
    "iif": ("truth", "text", _choices("(yes,no)", "(a,)", "(,b)")),
    "concat": ("text", "text", _choices("(-,txn.word,-)", "(x)", "(,req.n)", "(<,txn.none,>)")),
    "strcmp": ("text", "number", _choices("(txn.word)", "(req.n)", "(txn.none)")),
    "url_dec": ("text", "text", _choices("", "(0)", "(1)")), "url_enc": ("text", "text", _choices("", "(query)")),
    "json": ("text", "text", _choices("", "(ascii)", "(utf8)", "(utf8s)", "(utf8p)", "(utf8ps)")),
    "sha1": ("bytes", "bytes", _NOTHING), "sha2": ("bytes", "bytes", _choices("", "(224)", "(256)", "(384)", "(512)")),
    "digest": ("bytes", "bytes", _choices("(md5)", "(sha256)")),
    "hmac": ("bytes", "bytes", _choices("(md5,a2V5)", "(sha256,a2V5)")),
    "ipmask": ("address", "address", _choices("(24)", "(255.255.0.0)", "(24,64)", "(0)", "(32,128)")),
    "language": ("text", "text", _choices("(en;fr;de)", "(es,en)", "(en;fr,xx)")),
    "json_query": ("text", "any", _choices("('$.a')", "('$.n','int')", "('$.o.k')", "('$.arr[1]')")),
    "be2dec": ("bytes", "text", _choices("(:,1)", "(.,2)", "(-,3,1)")),
    "be2hex": ("bytes", "text", _choices("", "(:,1)", "(.,2,1)")),
    "add_item": ("text", "text", _choices("(';',txn.word)", "(',',req.n,end)", "('-',,z)")),
    "secure_memcmp": ("bytes", "truth", _choices("(txn.word)", "(req.n)")),
    "fix_is_valid": ("bytes", "truth", _NOTHING), "mqtt_is_valid": ("bytes", "truth", _NOTHING),
    "map_ip": ("address", "text", _map("addresses")), "map_str_int": ("text", "number", lambda random: "({folder}/numbers,77)"),
}
for _name in ("sdbm", "djb2", "crc32", "crc32c", "wt6", "xxh32", "xxh64", "xxh3"):
    CONVERTERS[_name] = ("bytes", "number", _choices("", "(1)"))
for _name in ("mul", "div", "mod", "and", "or", "xor"):
    CONVERTERS[_name] = ("number", "number", _operand)
for _name in ("str", "beg", "sub", "end", "dir", "dom"):
    CONVERTERS["map_" + _name] = ("text", "text", _map("words"))
CONVERTERS["map_reg"] = ("text", "text", _map("patterns"))

FILES = {
    "words": b"hello greeting\n/a/b path\nhel prefix\nexample.com dom\nworld w w2\nb suffix\n",
    "patterns": b"^h(.)l m-\\1\n[0-9]+ digits\n^/(.*)/(.*)$ \\2-\\1\n",
    "addresses": b"10.0.0.0/8 ten\n10.1.0.0/16 tenone\n2001:db8::/32 doc\n192.0.2.7 seven\n",
    "numbers": b"hello 5\nabc 12\n",
}

MATCHES = ["-m str hello", "-m beg /a", "-m sub l", "-m end b", "-m reg ^[a-h]", "-m len 5", "-m len 3:6", "-m found",
           "-m dir a", "-m dom example", "-m bin 68656c6c6f", "-i -m str HELLO", "-i -m beg HEL", "-m reg -i HEL"]
NUMBER_MATCHES = ["-m int 42", "-m int gt 5", "-m int 1:50", "ge 7", "-m bool"]

# What a kind can be cast to.
_CASTS = {"text": {"text", "bytes", "number", "address"}, "bytes": {"bytes", "text"}, "number": {"number", "text", "bytes"},
          "address": {"address", "text", "bytes"}, "truth": {"truth"}, "any": {"text"}}
_FETCHES = {"text": TEXT, "number": NUMBERS, "bytes": BYTES, "address": ADDRESSES}


def expression(random):
    """(text, kind of its value)"""
    kind = random.choices(list(_FETCHES), (6, 3, 1, 1))[0]
    text = random.choice(_FETCHES[kind])
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        fitting = [name for name, (taken, _, _) in CONVERTERS.items() if taken in _CASTS[kind]]
        name = random.choice(fitting)
        _, kind, arguments = CONVERTERS[name]
        text += f",{name}{arguments(random)}"
    return text, kind


def condition(random):
    text, kind = expression(random)
    return f'{{ "{text}" {random.choice(NUMBER_MATCHES if kind in ("number", "truth") else MATCHES)} }}'
