"""The proxies under comparison: starting one for a case, what it used, ending it."""

import os
import signal
import socket
import subprocess
import time

import configs
import machine


class Peer:
    """A proxy binary; `kind` says whose words its configuration is in."""

    def __init__(self, name, path, kind, port):
        self.name, self.path, self.kind, self.port = name, path, kind, port

    def version(self):
        done = subprocess.run([self.path, "-v"], capture_output=True, text=True)
        return (done.stdout + done.stderr).strip().split("\n")[0]

    def start(self, case, folder, cores):
        text = getattr(configs, self.kind)(case, folder, self.port, case.threads, machine.descriptors())
        stem = os.path.join(folder, f"{self.name}.{case.name}")
        with open(stem + ".conf", "w") as out:
            out.write(text)
        argv = [self.path, "-c", stem + ".conf"] if self.kind == "nginx" else [self.path, "-db", "-f", stem + ".conf"]

        def settle():
            machine.die_with_parent()
            os.sched_setaffinity(0, cores.proxy)

        with open(stem + ".log", "w") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=settle)
        return Running(self, process, stem + ".log")


class Running:
    def __init__(self, peer, process, log):
        self.peer, self.process, self.log = peer, process, log
        deadline = time.monotonic() + 30
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                with open(log) as text:
                    raise RuntimeError(f"{peer.name} does not serve:\n{text.read()}")
            time.sleep(0.05)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.peer.port), 1).close()
            return True
        except OSError:
            return False

    def cpu(self):
        return machine.cpu_seconds(self.process.pid)

    def private_memory(self):
        """Bytes of private memory of all its processes."""
        total = 0
        for pid in machine.processes_below(self.process.pid):
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
        return total * 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
