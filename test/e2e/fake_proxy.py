"""The proxy's end of the control link, and nothing else: what the keeper sees of a proxy that does as told.

    fake_proxy.py SOCKET MODE-FILE

Each 20 ms the mode file is read and obeyed: `ready` and `stopping` are told as health, `hang` is health of a proxy whose worker has
not turned for 1.5 s, `reload MS` announces a reload once, closes the link and serves no other until the mode changes. Roles that
the keeper tells are printed.
"""

import json
import os
import select
import socket
import sys
import time


def line(kind, **members):
    return (json.dumps({"type": kind, **members}) + "\n").encode()


def tell(link, message):
    """False when the keeper has gone meanwhile."""
    try:
        link.sendall(message)
        return True
    except OSError:
        return False


def main():
    path, mode_file = sys.argv[1:]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    links = {}  # socket -> bytes not yet a line
    sequence = 0
    reloading = False
    while True:
        with open(mode_file) as source:
            mode = source.read().split()
        if mode[0] == "reload" and not reloading:
            for link in links:
                tell(link, line("reloading", announced_ms=int(mode[1])))
                link.close()
            links = {}
        reloading = mode[0] == "reload"
        deadline = time.monotonic() + 0.02
        while time.monotonic() < deadline:
            watched = [*links] if reloading else [listener, *links]
            for one in select.select(watched, [], [], max(0.0, deadline - time.monotonic()))[0]:
                if one is listener:
                    link, _ = listener.accept()
                    hello = line("hello", version=1, program="proxyd", release="fake", pid=os.getpid(), started_ms=0)
                    if tell(link, hello):
                        links[link] = b""
                    continue
                try:
                    data = one.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    del links[one]
                    continue
                *whole, links[one] = (links[one] + data).split(b"\n")
                for message in map(json.loads, whole):
                    if message["type"] == "role":
                        print(" ".join(f"{i['name']}={i['state']}" for i in message["instances"]), flush=True)
        sequence += 1
        health = line("health", state="stopping" if mode[0] == "stopping" else "ready", sequence=sequence,
                      listeners_up=2, listeners_total=2,
                      workers=[{"id": 1, "since_turn_ms": 1500 if mode[0] == "hang" else 3}],
                      backends=[{"name": "web", "usable": 3, "total": 3}])
        links = {link: rest for link, rest in links.items() if tell(link, health)}


if __name__ == "__main__":
    main()
