"""Programs that the master starts (configuration manual 3.7), and what it does when one ends.

FRONTDOOR_ORACLE=/usr/sbin/haproxy runs the same against haproxy.
"""

import os
import pwd
import signal
import unittest

import lab
from process_fixture import OURS, SLOW, ProcessCase, alive

# Tells each thing that happens to it as "NAME WHAT PID" in a file, and ends as its name's file says.
PROGRAM = """#!/bin/sh
name=$1
note() {{ echo "$name $1 $$" >>{folder}/notes; }}
trap 'note usr1; exit 0' USR1
trap 'note term; exit 0' TERM
[ -z "$2" ] || note "[$2]"
note "user:$(id -un):$(id -gn)"
note "env:$HAPROXY_MWORKER:$MINE"
note start
i=0
while [ $i -lt 600 ]; do
    sleep 0.05
    [ ! -e {folder}/end.$name ] || exit $(cat {folder}/end.$name)
    i=$((i + 1))
done
"""


class ProgramTest(ProcessCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o777)
        with open(self.path("program"), "w") as out:
            out.write(PROGRAM.format(folder=self.folder))
        os.chmod(self.path("program"), 0o755)
        with open(self.path("notes"), "w"):
            os.chmod(self.path("notes"), 0o666)

    def section(self, name, more="", arguments=""):
        return f"program {name}\n    command {self.path('program')} {name} {arguments}\n{more}"

    def notes(self, name, what):
        """Process ids, in order."""
        with open(self.path("notes")) as source:
            words = [line.rsplit(" ", 1) for line in source.read().splitlines()]
        return [int(pid) for said, pid in words if said == f"{name} {what}"]

    def wait_for(self, name, what, count=1):
        return lab.wait_until(lambda: len(found := self.notes(name, what)) >= count and found, 10 * SLOW,
                              f"{count} times '{name} {what}'")[count - 1]

    def let_end(self, name, status):
        with open(self.path("new"), "w") as out:
            out.write(str(status))
        os.rename(self.path("new"), self.path(f"end.{name}"))

    def master(self, text, global_text=""):
        process = self.start("-W", "-db", "-f", self.config(text, global_text="    setenv MINE here\n" + global_text))
        self.serving()
        return process

    def test_life(self):
        """Arguments, user, environment; a reload replaces one and ends the other; both end with the master."""
        process = self.master(self.section("one", arguments='"two words"', more="    user nobody\n    group nogroup\n") +
                              self.section("two", more="    no option start-on-reload\n"))
        first, other = self.wait_for("one", "start"), self.wait_for("two", "start")
        self.assertEqual(self.notes("one", "[two words]"), [first])
        self.assertEqual(self.notes("one", "user:nobody:nogroup"), [first])
        self.assertEqual(self.notes("two", f"user:{pwd.getpwuid(os.geteuid()).pw_name}:root"), [other])
        self.assertEqual(self.notes("one", "env:1:here"), [first])
        process.send_signal(signal.SIGUSR2)
        second = self.wait_for("one", "start", 2)
        lab.wait_until(lambda: not alive(first) and not alive(other), 10 * SLOW, "the end of the former ones")
        self.assertEqual((self.notes("one", "usr1"), self.notes("two", "usr1")), ([first], [other]))
        self.assertEqual(self.notes("two", "start"), [other])
        self.serving()
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        lab.wait_until(lambda: not alive(second), 10 * SLOW, "its end with the master")
        self.assertEqual(self.notes("one", "term"), [second])
        self.assertRegex(process.stdout.read(), rf"New program 'one' \({first}\) forked")

    def test_one_that_is_done(self):
        """Its status 0 is told, and nothing else happens."""
        process = self.master(self.section("one"))
        pid = self.wait_for("one", "start")
        self.let_end("one", 0)
        lab.wait_until(lambda: not alive(pid), 10 * SLOW, "its end")
        self.serving()
        self.end(process, signal.SIGTERM)
        self.assertIn(f"Current program 'one' ({pid}) exited with code 0 (Exit)", process.stdout.read())

    def test_one_that_fails(self):
        """It takes the master with it, as a worker does."""
        process = self.master(self.section("one") + self.section("two"))
        pid, other = self.wait_for("one", "start"), self.wait_for("two", "start")
        self.let_end("one", 3)
        self.assertEqual(process.wait(10 * SLOW), 3)
        lab.wait_until(lambda: not alive(other), 10 * SLOW, "the end of the other")
        said = process.stdout.read()
        self.assertIn(f"Current program 'one' ({pid}) exited with code 3 (Exit)", said)
        self.assertIn("exit-on-failure: killing every processes with SIGTERM", said)

    @unittest.skipUnless(OURS, "HAProxy 2.6 exits all the same")
    def test_no_exit_on_failure(self):
        """The master survives both, and a reload starts them again."""
        process = self.master(self.section("one"), "    master-worker no-exit-on-failure\n")
        pid = self.wait_for("one", "start")
        self.let_end("one", 3)
        lab.wait_until(lambda: not alive(pid), 10 * SLOW, "its end")
        os.unlink(self.path("end.one"))
        self.serving()
        (worker,) = self.children(process.pid)
        os.kill(worker, signal.SIGKILL)
        lab.wait_until(lambda: not alive(worker), 10 * SLOW, "the worker's end")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGUSR2)
        self.wait_for("one", "start", 2)
        self.serving()
        self.end(process, signal.SIGTERM)

    def test_one_that_cannot_be_run(self):
        process = self.start("-W", "-db", "-f", self.config("program one\n    command /no/such/program\n"))
        self.assertEqual(process.wait(10 * SLOW), 127 if OURS else 1)
        if OURS:
            self.assertIn("program 'one': cannot run /no/such/program: No such file or directory", process.stdout.read())

    @unittest.skipUnless(OURS, "HAProxy leaves them running")
    def test_death_of_the_master(self):
        process = self.master(self.section("one", more="    user nobody\n"))
        pid = self.wait_for("one", "start")
        process.kill()
        lab.wait_until(lambda: not alive(pid), 10 * SLOW, "its end")

    def test_without_master(self):
        config = self.config(self.section("one"))
        if not OURS:
            self.assertEqual(self.command("-c", "-f", config).returncode, 1)
            return
        checked = self.command("-c", "-f", config)
        self.assertEqual(checked.returncode, 0)
        self.assertIn("only the master of -W starts them", checked.stderr)
        self.assertEqual(self.command("-W", "-c", "-f", config).stderr.count("WARNING"), 0)

    def test_bad_sections(self):
        for text, why in (("program one\n", "program 'one' has no 'command'"),
                          (self.section("one") + self.section("one"), "there is already a program section named 'one'"),
                          (self.section("one", more="    option tcplog\n"), "'option tcplog'")):
            refused = self.command("-W", "-c", "-f", self.config(text))
            self.assertEqual(refused.returncode, 1, text)
            if OURS:
                self.assertIn(why, refused.stderr)


if __name__ == "__main__":
    lab.require_root()
    unittest.main(verbosity=2)
