#include "proxyd/main/command_line.h"

#include <algorithm>
#include <array>

#include "common/keyword_table.h"
#include "common/text.h"

namespace proxyd::main {
namespace {

using common::fail;
using common::Result;
using common::Side;

// What follows an option word: nothing, one word, perhaps one, all up to the next that starts with '-', or
// all.
enum class Takes : unsigned char { nothing, word, optional_word, pids, rest };

using Words = std::span<const std::string_view>;

struct Option {
    std::string_view name;
    Takes takes;
    Result<> (*apply)(Options&, Words);
    std::string_view operand;
    std::string_view help;  // empty: not listed
};

Result<> set_pids(std::vector<pid_t>& out, Words words) {
    for (const std::string_view word : words) {
        const auto pid = common::parse_number(word, 1, 1 << 30);
        if (!pid) return fail("'" + std::string(word) + "' is not a process id", Side::config);
        out.push_back(static_cast<pid_t>(*pid));
    }
    return {};
}

Result<> set_maxconn(Options& options, Words words) {
    const auto number = common::parse_number(words[0], 1, 100'000'000);
    if (!number) return fail("-n: " + number.error().text, Side::config);
    options.maxconn = static_cast<int>(*number);
    return {};
}

Result<> add_files(Options& options, Words words) {
    for (const std::string_view word : words) options.files.emplace_back(word);
    return {};
}

// The plain ones: set a member and be done.
template <bool Options::* Member>
Result<> set_flag(Options& options, Words) {
    options.*Member = true;
    return {};
}

template <std::string Options::* Member>
Result<> set_text(Options& options, Words words) {
    options.*Member = words[0];
    return {};
}

template <Options::Task kTask>
Result<> set_task(Options& options, Words) {
    options.task = kTask;
    return {};
}

constexpr std::array kOptions{
    Option{"-f", Takes::word, add_files, "FILE|FOLDER",
           "read this configuration file, or a folder's *.cfg (may be repeated)"},
    Option{"--", Takes::rest, add_files, "FILE...", "all that follows are configuration files"},
    Option{"-C", Takes::word, set_text<&Options::directory>, "FOLDER", "change to this folder first"},
    Option{"-c", Takes::nothing, set_task<Options::Task::check>, "",
           "check the configuration and exit: 0 valid, 1 errors, 2 no listener"},
    Option{"-cc", Takes::word,
           [](Options& o, Words w) -> Result<> {
               o.task = Options::Task::condition;
               o.condition = w[0];
               return {};
           },
           "CONDITION", "evaluate a condition of the configuration language: 0 true, 1 false, 2 error"},
    Option{"-D", Takes::nothing, set_flag<&Options::daemon>, "", "go into the background"},
    Option{"-db", Takes::nothing, set_flag<&Options::foreground>, "", "stay in the foreground"},
    Option{"-d", Takes::nothing,
           [](Options& o, Words) -> Result<> {
               o.debug = o.foreground = true;
               return {};
           },
           "", "stay in the foreground and tell more"},
    Option{"-V", Takes::nothing, set_flag<&Options::verbose>, "", "verbose"},
    Option{"-q", Takes::nothing, set_flag<&Options::quiet>, "", "quiet: no messages during start"},
    Option{"-dW", Takes::nothing, set_flag<&Options::zero_warning>, "",
           "a warning in the configuration is an error"},
    Option{"-dS", Takes::nothing, set_flag<&Options::no_splice>, "",
           "splice no bodies, whatever options say"},
    Option{"-W", Takes::nothing, set_flag<&Options::master>, "", "master and worker"},
    Option{"-Ws", Takes::nothing,
           [](Options& o, Words) -> Result<> {
               o.master = o.notify = true;
               return {};
           },
           "", "master and worker, with notification of the service manager"},
    Option{"-p", Takes::word, set_text<&Options::pid_file>, "FILE", "write the process ids into this file"},
    Option{"-n", Takes::word, set_maxconn, "NUMBER", "most connections at a time"},
    Option{"-L", Takes::word, set_text<&Options::local_peer>, "NAME", "this node's peer name"},
    Option{"-sf", Takes::pids, [](Options& o, Words w) { return set_pids(o.finish, w); }, "PID...",
           "take over from these processes and let them finish"},
    Option{"-st", Takes::pids, [](Options& o, Words w) { return set_pids(o.terminate, w); }, "PID...",
           "take over from these processes and end them"},
    Option{"-x", Takes::word, set_text<&Options::takeover_path>, "SOCKET",
           "take the listening sockets over through this stats socket"},
    Option{"--quick", Takes::word, set_text<&Options::quick>, "[IP]:PORT=HOST:PORT[,HOST:PORT...]",
           "no file: spread that port over these servers"},
    Option{"--health", Takes::optional_word,
           [](Options& o, Words w) -> Result<> {
               o.task = Options::Task::health;
               if (!w.empty()) o.control_path = w[0];
               return {};
           },
           "[SOCKET]", "ask the running proxy: 0 ready, 1 hangs or is not ready, 2 nobody there"},
    Option{"--keywords", Takes::nothing, set_task<Options::Task::keywords>, "",
           "list the configuration language and exit"},
    Option{"-v", Takes::nothing, set_task<Options::Task::version>, "", "print the version"},
    Option{"-vv", Takes::nothing, set_task<Options::Task::build_report>, "",
           "print version, build options and libraries"},
    Option{"-h", Takes::nothing, set_task<Options::Task::help>, "", "print this list"},
    Option{"--help", Takes::nothing, set_task<Options::Task::help>, "", ""},
};

// HAProxy's switches for things that do not exist here. `-dM0x55` and the like match by their beginning.
struct IgnoredOption {
    std::string_view name;
    bool by_prefix;
    bool takes_word;
};
constexpr std::array kIgnored{
    IgnoredOption{"-dM", true, false},  IgnoredOption{"-dK", true, false},
    IgnoredOption{"-dD", false, false}, IgnoredOption{"-dG", false, false},
    IgnoredOption{"-dL", false, false}, IgnoredOption{"-dR", false, false},
    IgnoredOption{"-dV", false, false}, IgnoredOption{"-de", false, false},
    IgnoredOption{"-dk", false, false}, IgnoredOption{"-dp", false, false},
    IgnoredOption{"-dr", false, false}, IgnoredOption{"-dt", true, false},
    IgnoredOption{"-N", false, true},   IgnoredOption{"-S", false, true},
    IgnoredOption{"-m", false, true},
};

const IgnoredOption* find_ignored(std::string_view word) {
    for (const IgnoredOption& option : kIgnored) {
        if (word == option.name || (option.by_prefix && word.starts_with(option.name))) return &option;
    }
    return nullptr;
}

std::size_t operands_of(const Option& option, Words rest) {
    switch (option.takes) {
        case Takes::nothing:
            return 0;
        case Takes::word:
            return 1;
        case Takes::rest:
            return rest.size();
        case Takes::optional_word:
        case Takes::pids:
            break;
    }
    const std::size_t most =
        option.takes == Takes::optional_word ? std::min<std::size_t>(1, rest.size()) : rest.size();
    std::size_t count = 0;
    while (count < most && !rest[count].starts_with('-')) ++count;
    return count;
}

}  // namespace

Result<Options> parse_command_line(Words arguments) {
    Options options;
    while (!arguments.empty()) {
        const std::string_view word = arguments.front();
        arguments = arguments.subspan(1);
        if (const Option* option = common::find_row(std::span<const Option>(kOptions), word)) {
            const std::size_t count = operands_of(*option, arguments);
            if (count > arguments.size()) {
                return fail("option " + std::string(word) + " needs " + std::string(option->operand),
                            Side::config);
            }
            if (auto applied = option->apply(options, arguments.first(count)); !applied) {
                return std::unexpected(applied.error());
            }
            arguments = arguments.subspan(count);
        } else if (const IgnoredOption* ignored = find_ignored(word)) {
            options.ignored.emplace_back(word);
            arguments = arguments.subspan(ignored->takes_word && !arguments.empty() ? 1 : 0);
        } else {
            const auto names = common::row_names(std::span<const Option>(kOptions));
            return fail("unknown option '" + std::string(word) + "'" + common::did_you_mean(word, names),
                        Side::config);
        }
    }
    return options;
}

std::string usage(std::string_view program) {
    constexpr std::size_t kColumn = 26;
    std::string out = "Usage: " + std::string(program) + " -f FILE [OPTION...]\n\n";
    for (const Option& option : kOptions) {
        if (option.help.empty()) continue;
        std::string line = "  " + std::string(option.name);
        if (!option.operand.empty()) line += " " + std::string(option.operand);
        if (line.size() >= kColumn)
            line += "\n" + std::string(kColumn, ' ');
        else
            line.resize(kColumn, ' ');
        out += line + std::string(option.help) + "\n";
    }
    return out;
}

}  // namespace proxyd::main
