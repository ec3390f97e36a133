#include "vrrpd/admin/options.h"

#include <syslog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "common/keyword_table.h"
#include "common/text.h"

namespace vrrpd::admin {
namespace {

enum class Takes : unsigned char { nothing, value, optional };  // optional: only as --name=VALUE or -xVALUE

struct Row {
    std::string_view name;
    char letter;  // '\0': long form only
    Takes takes;
    // Returns a complaint, or an empty string.
    std::string (*apply)(Options&, const std::string& value);
    std::string_view value_name, help;
};

template <bool Options::* member, bool value = true>
std::string set(Options& options, const std::string&) {
    options.*member = value;
    return {};
}
template <std::string Options::* member>
std::string text(Options& options, const std::string& value) {
    if (value.empty()) return "needs a value";
    options.*member = value;
    return {};
}
template <Mode mode>
std::string become(Options& options, const std::string&) {
    options.mode = mode;
    return {};
}

std::string test(Options& options, const std::string&) {
    // keepalived writes the complaints into FILE; ours always go to stderr.
    options.mode = Mode::test;
    return {};
}

std::string log_file(Options& options, const std::string& value) {
    options.log_file = value.empty() ? "/tmp/keepalived.log" : value;
    return {};
}

std::string facility(Options& options, const std::string& value) {
    if (const auto number = common::parse_number(value, 0, 7)) {
        options.facility = LOG_LOCAL0 + (static_cast<int>(*number) << 3);
        return {};
    }
    struct Name {
        std::string_view name;
        int facility;
    };
    static constexpr Name kNames[] = {
        {"none", -1},           {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},
        {"daemon", LOG_DAEMON}, {"ftp", LOG_FTP},       {"kern", LOG_KERN},         {"lpr", LOG_LPR},
        {"mail", LOG_MAIL},     {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG},     {"user", LOG_USER},
        {"uucp", LOG_UUCP},     {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},     {"local2", LOG_LOCAL2},
        {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},     {"local6", LOG_LOCAL6},
        {"local7", LOG_LOCAL7}};
    const Name* found = common::find_row(std::span<const Name>(kNames), value);
    if (found == nullptr) return "wants 0-7 or the name of a facility, not '" + value + "'";
    if (found->facility < 0) options.syslog = false;
    if (found->facility >= 0) options.facility = found->facility;
    return {};
}

std::string set_umask(Options& options, const std::string& value) {
    char* end = nullptr;
    const long mask = std::strtol(value.c_str(), &end, 8);
    if (value.empty() || *end != '\0' || mask < 0 || mask > 0777)
        return "wants an octal mask, not '" + value + "'";
    options.umask = static_cast<int>(mask);
    return {};
}

// Options whose absence would break somebody's start script, with what became of them.
template <const char* note>
std::string without_effect(Options& options, const std::string&) {
    if (*note != '\0') options.notes.emplace_back(note);
    return {};
}
constexpr char kQuiet[] = "";
constexpr char kChecks[] = "-C, --check: vrrpd has no health checks of virtual servers; proxyd balances";
constexpr char kSnmp[] = "-x, --snmp: not served";
constexpr char kCore[] = "-m, --core-dump: set the limit where vrrpd is started";

constexpr Row kRows[] = {
    {"use-file", 'f', Takes::value, text<&Options::config>, "FILE", "configuration file"},
    {"vrrp", 'P', Takes::nothing, without_effect<kQuiet>, "", "only VRRP: it is all there is"},
    {"check", 'C', Takes::nothing, without_effect<kChecks>, "", "no effect"},
    {"no_bfd", 'B', Takes::nothing, without_effect<kQuiet>, "", "no effect"},
    {"all", '\0', Takes::nothing, without_effect<kQuiet>, "", "no effect"},
    {"dont-fork", 'n', Takes::nothing, set<&Options::foreground>, "",
     "stay in the foreground, log to the console"},
    {"log-console", 'l', Takes::nothing, set<&Options::console>, "", "log to the console as well"},
    {"log-detail", 'D', Takes::nothing, set<&Options::detail>, "", "log details"},
    {"dump-conf", 'd', Takes::nothing, set<&Options::dump>, "", "log the configuration as it was understood"},
    {"log-facility", 'S', Takes::value, facility, "0-7|NAME",
     "syslog facility: LOCAL0-7, or by name (daemon)"},
    {"log-file", 'g', Takes::optional, log_file, "FILE",
     "log to a file as well (/tmp/keepalived.log); SIGHUP opens it anew"},
    {"flush-log-file", '\0', Takes::nothing, without_effect<kQuiet>, "",
     "no effect: every line is written at once"},
    {"no-syslog", 'G', Takes::nothing, set<&Options::syslog, false>, "", "do not log to syslog"},
    {"umask", 'u', Takes::value, set_umask, "MODE", "umask, octal"},
    {"release-vips", 'X', Takes::nothing, set<&Options::keep_addresses, false>, "",
     "remove the addresses at the end (default)"},
    {"dont-release-vrrp", 'V', Takes::nothing, set<&Options::keep_addresses>, "",
     "leave the addresses at the end"},
    {"dont-release-ipvs", 'I', Takes::nothing, without_effect<kQuiet>, "", "no effect"},
    {"dont-respawn", 'R', Takes::nothing, without_effect<kQuiet>, "",
     "no effect: there are no children to respawn"},
    {"pid", 'p', Takes::value, text<&Options::pid_file>, "FILE", "pid file (/run/vrrpd.pid)"},
    {"vrrp_pid", 'r', Takes::value, text<&Options::vrrp_pid_file>, "FILE",
     "a second pid file, as keepalived's VRRP process has (default: none)"},
    {"checkers_pid", 'c', Takes::value, without_effect<kQuiet>, "FILE", "no effect"},
    {"bfd_pid", 'b', Takes::value, without_effect<kQuiet>, "FILE", "no effect"},
    {"address-monitoring", 'a', Takes::nothing, without_effect<kQuiet>, "",
     "no effect: addresses are always watched"},
    {"namespace", 's', Takes::value, text<&Options::net_namespace>, "NAME",
     "network namespace to run in, in place of the configuration's net_namespace"},
    {"core-dump", 'm', Takes::nothing, without_effect<kCore>, "", "no effect"},
    {"core-dump-pattern", 'M', Takes::optional, without_effect<kCore>, "PATTERN", "no effect"},
    {"all-config", 'e', Takes::nothing, set<&Options::all_includes>, "",
     "an include that matches no file is an error (include_check)"},
    {"config-id", 'i', Takes::value, text<&Options::config_id>, "ID", "for lines that begin with @ID"},
    {"snmp", 'x', Takes::nothing, without_effect<kSnmp>, "", "no effect"},
    {"snmp-agent-socket", 'A', Takes::value, without_effect<kSnmp>, "SOCKET", "no effect"},
    {"ignore-sigint", '\0', Takes::nothing, set<&Options::ignore_sigint>, "",
     "SIGINT does not end it (for debuggers)"},
    {"genhash", 'T', Takes::nothing, without_effect<kChecks>, "", "no effect"},
    {"perf", '\0', Takes::optional, without_effect<kQuiet>, "MODE", "no effect"},
    {"debug", '\0', Takes::optional, without_effect<kQuiet>, "WHAT", "no effect: see -D"},
    {"no-mem-check", '\0', Takes::nothing, without_effect<kQuiet>, "", "no effect"},
    {"config-test", 't', Takes::optional, test, "FILE",
     "check the configuration: 0 good, 4 refused, 5 with warnings, 6 insecure scripts"},
    {"signum", '\0', Takes::value,
     [](Options& options, const std::string& value) {
         options.mode = Mode::signum;
         options.signal_name = value;
         return std::string();
     },
     "NAME", "print the number of signal RELOAD, STOP, DATA, STATS, STATS_CLEAR or JSON"},
    {"show", '\0', Takes::nothing, become<Mode::show>, "", "ask the running vrrpd for its state"},
    {"metrics", '\0', Takes::nothing, become<Mode::metrics>, "",
     "ask the running vrrpd for its metrics: Prometheus text"},
    {"json", '\0', Takes::nothing, set<&Options::json>, "", "with --show: for programs"},
    {"socket", '\0', Takes::value, text<&Options::show_socket>, "PATH",
     "with --show, --metrics: control socket (/run/vrrpd/vrrpd.sock)"},
    {"keywords", '\0', Takes::nothing, become<Mode::keywords>, "", "print all words of the configuration"},
    {"version", 'v', Takes::nothing, become<Mode::version>, "", "print the version"},
    {"help", 'h', Takes::nothing, become<Mode::help>, "", "print this"},
};
constexpr std::span<const Row> kTable(kRows);

std::string label(const Row& row) {
    const std::string name = "--" + std::string(row.name);
    return row.letter == '\0' ? name : "-" + std::string(1, row.letter) + ", " + name;
}

// Walks through the words; each option is applied where it stands.
class Parser {
 public:
    Parser(int argc, const char* const* argv) : argc_(argc), argv_(argv) {}

    common::Result<Options> run() {
        while (at_ < argc_ && error_.empty()) {
            const std::string word = argv_[at_++];
            if (word.starts_with("--") && word.size() > 2) {
                long_option(word.substr(2));
            } else if (word.starts_with('-') && word.size() > 1) {
                letters(word.substr(1));
            } else {
                error_ = "unexpected argument '" + word + "'; the configuration file is given with -f";
            }
        }
        if (!error_.empty()) return common::fail(error_, common::Side::config);
        return options_;
    }

 private:
    void long_option(const std::string& word) {
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const Row* row = common::find_row(kTable, name);
        if (row == nullptr) {
            const std::string_view near = common::nearest(name, common::row_names(kTable));
            error_ = "unknown option '--" + name + "'";
            if (!near.empty()) error_.append("; did you mean '--").append(near).append("'?");
            error_ += " (vrrpd --help lists all)";
            return;
        }
        std::string value;
        if (equals != word.npos) {
            value = word.substr(equals + 1);
            if (row->takes == Takes::nothing) error_ = label(*row) + " takes no value";
        } else if (row->takes == Takes::value) {
            value = next_word(*row);
        }
        apply(*row, value);
    }

    void letters(const std::string& word) {
        for (std::size_t i = 0; i < word.size() && error_.empty(); ++i) {
            const auto row = std::ranges::find(kTable, word[i], &Row::letter);
            if (row == kTable.end()) {
                error_ = "unknown option '-" + std::string(1, word[i]) + "' (vrrpd --help lists all)";
                return;
            }
            if (row->takes == Takes::nothing) {
                apply(*row, {});
                continue;
            }
            const std::string rest = word.substr(i + 1);
            apply(*row, rest.empty() && row->takes == Takes::value ? next_word(*row) : rest);
            return;
        }
    }

    std::string next_word(const Row& row) {
        if (at_ < argc_) return argv_[at_++];
        error_ = label(row) + " needs a value: " + std::string(row.value_name);
        return {};
    }

    void apply(const Row& row, const std::string& value) {
        if (!error_.empty()) return;
        const std::string complaint = row.apply(options_, value);
        if (!complaint.empty()) error_ = label(row) + " " + complaint;
    }

    int argc_;
    const char* const* argv_;
    int at_ = 1;
    Options options_;
    std::string error_;
};

}  // namespace

common::Result<Options> parse_options(int argc, const char* const* argv) {
    return Parser(argc, argv).run();
}

std::string help_text() {
    std::string out =
        "Usage: vrrpd [OPTION...]\n"
        "Keeps a virtual address on one of several nodes by VRRP, as told by a keepalived.conf.\n\n";
    for (const Row& row : kRows) {
        std::string left = row.letter == '\0' ? "    " + label(row) : label(row);
        if (row.takes == Takes::value) left += "=" + std::string(row.value_name);
        if (row.takes == Takes::optional) left += "[=" + std::string(row.value_name) + "]";
        left.resize(std::max<std::size_t>(left.size() + 1, 34), ' ');
        out += "  " + left + std::string(row.help) + "\n";
    }
    return out +
           "\nThe configuration is /etc/vrrpd/keepalived.conf, or /etc/keepalived/keepalived.conf where that "
           "does not exist.\n"
           "Signals: SIGHUP reads it anew and opens the log file anew, SIGTERM ends, SIGUSR1 writes\n"
           "/tmp/keepalived.data, SIGUSR2 /tmp/keepalived.stats, signal 36 /tmp/keepalived.json, signal 63 "
           "writes\n"
           "the statistics and begins them anew.\n";
}

int signal_number(const std::string& name) {
    struct Name {
        std::string_view name;
        int number;
    };
    static constexpr Name kNames[] = {{"STOP", SIGTERM},
                                      {"RELOAD", SIGHUP},
                                      {"DATA", SIGUSR1},
                                      {"STATS", SIGUSR2},
                                      {"STATS_CLEAR", kSignalStatsClear},
                                      {"JSON", kSignalJson}};
    const Name* found = common::find_row(std::span<const Name>(kNames), name);
    return found != nullptr ? found->number : 0;
}

}  // namespace vrrpd::admin
