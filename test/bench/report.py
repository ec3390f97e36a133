"""Results as tables: for the terminal while they come, and as Markdown."""

import statistics

median = statistics.median


def spread(values, digits=1):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def cost(case, result):
    return result if case.memory else result.cpu


class CaseReport:
    """One case: for each proxy its rounds, in the order in which they were interleaved."""

    def __init__(self, case, rounds, note=""):
        self.case, self.rounds, self.note = case, rounds, note
        self.costs = {name: [cost(case, r) for r in found] for name, found in rounds.items()}
        self.middle = {name: median(costs) for name, costs in self.costs.items()}
        others = [name for name in self.middle if name != "proxyd"]
        self.best = min(others, key=self.middle.get) if others and "proxyd" in self.middle else None

    def ratios(self, name):
        """To the best peer, round by round: what disturbed a round disturbed both."""
        return [own / max(peer, 1e-9) for own, peer in zip(self.costs[name], self.costs[self.best])]

    def kept(self):
        """Whether the promise holds: "yes", "no", or "" without one."""
        if self.case.bytes_limit:
            return "yes" if self.middle["proxyd"] <= self.case.bytes_limit else "no"
        if self.case.limit is None or not self.best:
            return ""
        return "yes" if median(self.ratios("proxyd")) <= self.case.limit else "no"

    def promise(self):
        if self.case.bytes_limit:
            return f"at most {self.case.bytes_limit} bytes"
        return f"ratio at most {self.case.limit}" if self.case.limit is not None else ""

    def failed(self, name):
        return 0 if self.case.memory else sum(r.failed for r in self.rounds[name])

    def head(self):
        if self.case.memory:
            return ["proxy", "bytes per connection"]
        words = ["proxy", "CPU µs/request", "ratio to best peer", "requests/s", "p50 ms", "p99 ms", "failed", "proxy busy",
                 "load busy", "others"]
        return words + (["lines lost"] if self.case.log else [])

    def rows(self):
        for name, rounds in self.rounds.items():
            if self.case.memory:
                yield [name, spread(rounds, 0)]
                continue
            row = [name, spread(self.costs[name]), spread(self.ratios(name), 2) if name == "proxyd" and self.best else "",
                   f"{median(r.rate for r in rounds):.0f}", f"{median(r.p50 for r in rounds):.2f}",
                   f"{median(r.p99 for r in rounds):.2f}", str(self.failed(name)),
                   *(f"{100 * median(values):.0f} %" for values in ([r.proxy_busy for r in rounds], [r.load_busy for r in rounds],
                                                                   [r.others_busy for r in rounds]))]
            yield row + ([str(sum(r.lost_lines for r in rounds))] if self.case.log else [])

    def title(self):
        words = [word for word in (self.promise(), self.note) if word]
        return self.case.title + (f" [{'; '.join(words)}]" if words else "")


def terminal(head, rows):
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return "\n".join("  " + "  ".join(word.ljust(width) if i == 0 else word.rjust(width)
                                      for i, (word, width) in enumerate(zip(row, widths))) for row in table)


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def summary(reports):
    """The table of what we promise: a row per case."""
    names = list(dict.fromkeys(name for report in reports for name in report.rounds))
    rows = []
    for report in reports:
        unit = " bytes" if report.case.memory else ""
        rows.append([report.case.title, *(f"{report.middle[name]:.0f}{unit}" if unit else f"{report.middle[name]:.1f}"
                                          if name in report.middle else "" for name in names),
                     spread(report.ratios("proxyd"), 2) if report.best else "",
                     report.promise(), report.kept()])
    return ["CPU µs per request", *names, "proxyd to best peer", "promised", "kept"], rows


def series(reports):
    """Rows that are one curve: cost per request along it, by proxy, and the last in proportion to the first."""
    rows = []
    for title in dict.fromkeys(report.case.series for report in reports if report.case.series):
        members = [report for report in reports if report.case.series == title]
        if len(members) < 2:
            continue
        for name in members[0].rounds:
            middles = [report.middle[name] for report in members]
            rates = [median(r.rate for r in report.rounds[name]) for report in members]
            row = [title, name, " / ".join(f"{value:.1f}" for value in middles), f"{middles[-1] / middles[0]:.2f}",
                   f"{rates[-1] / rates[0]:.2f}", ""]
            first, last = members[0].case, members[-1].case
            steps = max(last.backends - first.backends, last.servers - first.servers)
            if steps:
                row[5] = f"{(middles[-1] - middles[0]) / steps * 1e3:.1f} ns a step"
            elif last.threads > first.threads:
                # What threads take from each other shows in CPU time per request, whoever limits the rate.
                gain = last.threads * middles[0] / middles[-1]
                row[5] = f"{gain:.2f} times one thread by CPU time; {limit_of_threads(members[-1].rounds[name])}"
            rows.append(row)
    return ["series", "proxy", "CPU µs/request", "last : first", "rate, last : first", ""], rows


def limit_of_threads(rounds):
    """Whether the proxy's threads, or what shares their cores, set the rate."""
    load, others = median(r.load_busy for r in rounds), median(r.others_busy for r in rounds)
    if load > 0.2:
        return f"the rate is no verdict: the load generator is the limit (it took {load:.2f} of a core)"
    if others > 0.2:
        return f"the rate is no verdict: other programs took {others:.2f} of a core"
    return f"the rate holds: the proxy is the limit (load took {load:.2f} of a core)"
