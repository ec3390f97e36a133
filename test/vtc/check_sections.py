#!/usr/bin/env python3
"""check_sections.py PROXYD: chapters 4 to 8 of HAProxy's configuration manual are covered by tests that run equally on HAProxy.

Every name of those chapters (test/config/manual_names.tsv) that has an effect here stands in a configuration of some script of
this folder, which runs on both programs; or sections.tsv names the test elsewhere that uses it (where varnishtest cannot: TLS,
interfaces), which must contain it. sections.tsv also names, for each section of prose, scripts and what they must contain.

--list prints which scripts cover what.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path.insert(0, str(TESTS / "config"))
import manual  # noqa: E402

SECTIONS = HERE / "sections.tsv"
PROXIES = ("defaults", "frontend", "listen", "backend")
# Chapters 3 and 10 are not asked for here.
OTHER_CHAPTERS = {"global", "userlist", "peers", "mailers", "program", "http-errors", "ring", "log-forward", "fcgi-app"}
RULES = r"(?:http-request|http-response|http-after-response|tcp-request (?:connection|session|content)|tcp-response content)"


def configurations():
    """Lines of all configurations in scripts, by script; comments and blanks are gone."""
    found = {}
    for script in sorted(HERE.glob("*.vtc")):
        lines = []
        for block in re.findall(r"-conf(?:\+vcl|\+backend|)? *\{(.*?)\n\} -", script.read_text(), re.DOTALL):
            lines += [line.strip() for line in block.replace("\\\n", " ").split("\n")]
        found[script.name] = [line for line in lines if line and not line.startswith("#")]
    return found


def pattern(place, name):
    """What a line that uses the name looks like."""
    word = re.escape(name)
    if place in PROXIES:
        return rf"(?:no |default )?{word}(?:[ (]|$)".replace(r"\ ", " +")
    if place == "bind line":
        return rf"(?:bind|default-bind) .* {word}(?: |$)"
    if place == "server line":
        return rf"(?:server|default-server|server-template) .*\b{word}(?: |$)"
    if place == "fetch":
        return rf".*(?:^|[\s\[{{!(,\"']){word}(?=[\s(,\])\"'}}:]|$)"
    if place == "converter":
        return rf".*,{word}(?=[\s(,\])\"'}}]|$)"
    if re.fullmatch(RULES, place):
        return rf"{place} +{word}(?=[\s({{]|$)"
    return rf"{word}(?: |$)"


def effective(program):
    """(place, name) of `proxyd --keywords` that work here: what has no effect, or is refused, has nothing to test."""
    text = subprocess.run([program, "--keywords"], capture_output=True, text=True, timeout=30, check=True).stdout
    rows = set()
    for line in text.splitlines()[1:]:
        places, usage, effect, help_text = line.split("\t")
        if effect == "works" and not help_text.startswith("its protocol is not spoken"):
            words = usage.split()
            rows |= {(place, " ".join(words[:count])) for place in places.split(", ") for count in (1, 2, 3)}
    return rows


def rows():
    """(section or place, name, test, what it must contain) of sections.tsv."""
    for line in SECTIONS.read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def contains(test, what):
    path = HERE / test if test.endswith(".vtc") else TESTS / test
    return path.exists() and re.search(what, path.read_text(), re.MULTILINE) is not None


def covering(place, name, scripts, elsewhere):
    """Scripts and tests that use the name; complaints of rows that do not hold."""
    regex = re.compile(pattern(place, name))
    found = [script for script, lines in scripts.items() if any(regex.match(line) for line in lines)]
    wrong = []
    also = elsewhere.get(("proxy keyword", name), []) if place in PROXIES else []
    for test, what in elsewhere.get((place, name), []) + also:
        if contains(test, what or rf"\b{re.escape(name)}\b"):
            found.append(test)
        else:
            wrong.append(f"{place}: {name}: {test} does not contain it")
    return found, wrong


def main():
    program = next(word for word in sys.argv[1:] if not word.startswith("--"))
    scripts, works = configurations(), effective(program)
    elsewhere, problems, sections = {}, [], {}
    for place, name, test, *what in rows():
        if re.match(r"\d", place):
            sections.setdefault(f"{place} {name}", []).append((test, what[0]))
        else:
            elsewhere.setdefault((place, name), []).append((test, what[0] if what else ""))
    names = sorted(pair for pair in manual.listed() if pair[0] not in OTHER_CHAPTERS and pair in works)
    done = {}
    for place, name in names:
        found, wrong = covering(place, name, scripts, elsewhere)
        # A keyword that may stand in several kinds of section is the same keyword in all of them.
        key = ("proxy keyword", name) if place in PROXIES else (place, name)
        done.setdefault(key, set()).update(found)
        problems += wrong
    for (place, name), found in done.items():
        if not found:
            problems.append(f"no test: {place}: {name}")
        if "--list" in sys.argv:
            print(f"{place}\t{name}\t{' '.join(sorted(found))}")
    for section, tests in sections.items():
        problems += [f"section {section}: {test} does not contain {what}" for test, what in tests if not contains(test, what)]
        if "--list" in sys.argv:
            print(f"section\t{section}\t{' '.join(test for test, _ in tests)}")
    listed = {section.split(" ")[0] for section in sections}
    text = manual.manual_text()
    prose = {number for number, _ in manual.chapters(text) if re.match(r"[78]\.", number)} if text else set()
    keywords = {"7.3.1", "7.3.2", "7.3.3", "7.3.4", "7.3.5", "7.3.6"}
    headings = {number for number in prose - keywords if not any(other.startswith(number + ".") for other in prose)}
    problems += [f"no test: section {number}" for number in sorted(headings - listed)]
    print("\n".join(problems) or f"{len(done)} names and {len(sections)} sections of chapters 4 to 8 are covered")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
