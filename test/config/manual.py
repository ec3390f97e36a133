"""The names of everything that HAProxy's configuration manual describes, taken from its text: rows of (place, name).

Places are as in `proxyd --keywords`: names of sections, "bind line", "server line", "fetch", "converter", and the rule
keywords ("http-request", "tcp-request content", ...). Run as a program it prints manual_names.tsv anew.
"""
import gzip
import pathlib
import re
import sys

MANUALS = ("/usr/share/doc/haproxy/configuration.txt.gz", "/usr/share/doc/haproxy-doc/configuration.txt.gz")
NAMES = pathlib.Path(__file__).with_name("manual_names.tsv")
RULES = re.compile(r"(http-request|http-response|http-after-response|tcp-request (?:connection|session|content)|"
                   r"tcp-response content) +([a-z][a-z0-9-]*)")
SECTIONS = {"3.4": "userlist", "3.5": "peers", "3.6": "mailers", "3.7": "program", "3.8": "http-errors", "3.9": "ring",
            "3.10": "log-forward", "5.3.2": "resolvers", "6.2.1": "cache", "10.1.1": "fcgi-app"}
# Column-0 words of those chapters that are prose or examples, and the one name that the manual misspells or generalizes.
PROSE = re.compile(r"^[a-z]\S*(?: [a-z]+)*$")
GENERAL = {"map_<match_type>": ("map_beg", "map_dom", "map_end", "map_int", "map_ip", "map_reg", "map_regm", "map_str",
                                "map_sub", "map_dir", "map_len", "map_bin", "map_found", "map_dom"),
           "map_<match_type>_<output_type>": ("map_beg_int", "map_str_ip", "map_str_int", "map_ip_int", "map_int_ip")}


def chapters(text):
    """Pairs of number and lines; the table of contents has no underline and is skipped."""
    lines, number, start, found = text.split("\n"), None, 0, []
    for index in range(len(lines) - 1):
        match = re.match(r"(\d+(?:\.\d+)*)\.? +\S", lines[index])
        if match and re.fullmatch(r"-{3,}", lines[index + 1]):
            if number:
                found.append((number, lines[start:index]))
            number, start = match[1], index + 2
    return found + [(number, lines[start:])]


def entries(lines):
    """Headings: at column 0, with their description indented below (further forms of a heading may stand between)."""
    for index, line in enumerate(lines):
        if not re.match(r"[a-z0-9]", line):
            continue
        below = index + 1
        while below < len(lines) and re.match(r"[a-z0-9]", lines[below]) and below < index + 12:
            below += 1
        if below < len(lines) and lines[below].startswith("  ") and (index == 0 or not lines[index - 1].startswith(" ")):
            yield line


def matrix(lines):
    places = ("defaults", "frontend", "listen", "backend")
    for line in lines:
        match = re.match(r"(\S.*?)(?: +\(\*\))? {2,}([X-]) +([X-]) +([X-]) +([X-])", line)
        if match:
            for place, mark in zip(places, match.groups()[1:]):
                if mark == "X":
                    yield place, match[1].split(" (")[0].strip()


def names(text):
    rows = set()
    for number, lines in chapters(text):
        if number == "3":
            rows |= {("global", match[1]) for line in lines if (match := re.match(r" {3}- (\S+)", line))}
        elif number == "4.1":
            rows |= set(matrix(lines))
        elif number == "4.2":
            rows |= {match.groups() for line in lines if (match := RULES.match(line))}
        elif number in ("5.1", "5.2"):
            place = "bind line" if number == "5.1" else "server line"
            rows |= {(place, line.split()[0]) for line in entries(lines)}
        elif number == "7.3.1":
            for line in lines:
                match = re.match(r"([a-z0-9_.<>-]+?)(?:\(.*\)?\]?)?$", line)
                if match and (index := lines.index(line)) + 1 < len(lines) and lines[index + 1].startswith("  "):
                    rows |= {("converter", name) for name in GENERAL.get(match[1], (match[1],))}
        elif number.startswith("7.3."):
            rows |= {("fetch", match[1]) for line in lines
                     if (match := re.match(r"([a-z0-9_.+-]+)(?:\(.*\))? : [a-z]", line))}
        elif number in SECTIONS:
            rows |= set(section(SECTIONS[number], lines))
    return rows


def section(place, lines):
    for line in entries(lines):
        words = line.removeprefix("no ").split()
        if words[0] in (place, "acl") or words[0].startswith("http-re"):
            continue
        if len(words) == 1 or re.match(r"[<\[({a-z]", words[1]):
            two = words[0] in ("timeout", "option")
            if two or len(words) == 1 or re.match(r"[<\[({]|global", words[1]):
                yield place, " ".join(words[:2]) if two and not words[1].startswith("<") else words[0]


def manual_text():
    for path in MANUALS:
        if pathlib.Path(path).exists():
            return gzip.open(path, "rt", encoding="utf-8").read()
    return None


def listed():
    return {tuple(line.split("\t")) for line in NAMES.read_text().splitlines() if not line.startswith("#")}


if __name__ == "__main__":
    text = manual_text()
    if not text:
        sys.exit("no manual here: package haproxy")
    print("# place\tname: what the configuration manual of HAProxy 2.6 describes (manual.py writes this)")
    print("\n".join("\t".join(row) for row in sorted(names(text))))
