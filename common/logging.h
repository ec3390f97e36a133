// The daemons' own messages: start-up, state changes, complaints. Not the access log (proxyd/observe).
// One process-wide log with any of these outlets: console (stderr), syslog, a file that can be reopened,
// and one that the caller provides.
// Callable from any thread; configure() and reopen() from the main thread. Before configure() messages go to
// stderr in plain form.
#pragma once

#include <spdlog/fmt/fmt.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/error.h"

namespace common::log {

// Named and ordered as syslog(3) has them; emerg and crit are not used by the daemons themselves.
enum class Level : unsigned char { debug, info, notice, warning, error, alert };

// How a line looks on the console and in a file. Tools read both.
//   haproxy:    "[NOTICE]   (1234) : message"
//   keepalived: "Sun Nov 22 15:12:09 2026: message"
enum class Style : unsigned char { plain, haproxy, keepalived };

struct Settings {
    std::string ident = "proxyd";  // syslog tag
    Style style = Style::plain;
    bool console = true;
    bool syslog = false;
    int syslog_facility = 3 << 3;  // LOG_DAEMON
    std::string file;              // empty: none
    std::function<void(Level, std::string_view)>
        forward;  // one outlet more, for the caller to provide; any thread
    Level console_level = Level::info;
    Level syslog_level = Level::info;
    Level file_level = Level::info;
    Level forward_level = Level::info;
};

// Replaces the outlets. Fails when the file cannot be opened; the former outlets then stay.
Result<> configure(const Settings& settings);

// Opens the file anew (after logrotate moved it). A file that cannot be opened leaves the old one in use.
// The folder was opened by configure(), so that this works inside a chroot.
Result<> reopen();

// From now on a line that console, file or syslog cannot take is lost, and counted in the next one that is
// taken, instead of holding up the caller (common/log_relay.h). For a daemon of one thread once it runs; its
// last words go before wait_again().
Result<> never_wait();
// Lines wait as before. Those on their way are written first, for at most a second.
void wait_again();

// Stops the console outlet: a daemon has no terminal any more.
void close_console();

// Refreshes what a fork changed (the pid in each line).
void after_fork();

bool enabled(Level level);
void write(Level level, std::string_view text);

template <class... Args>
void message(Level level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    message(Level::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    message(Level::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
    message(Level::notice, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
    message(Level::warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    message(Level::error, format, std::forward<Args>(args)...);
}
template <class... Args>
void alert(fmt::format_string<Args...> format, Args&&... args) {
    message(Level::alert, format, std::forward<Args>(args)...);
}

// "debug", "info", "notice", "warning", "err", "alert".
std::optional<Level> parse_level(std::string_view name);

// Keeps a line that hostile or broken peers repeat from filling the disk: one per key and interval, and
// the next one that passes tells how many were held back. Pure (the caller gives the time); not thread-safe.
// Remembers at most kMaxKeys keys; beyond that all further keys share one place.
class RateLimiter {
 public:
    explicit RateLimiter(Duration interval = std::chrono::seconds(1)) : interval_(interval) {}

    // The number of suppressed lines since the last one (0 at first) when this line may pass, else nothing.
    std::optional<std::uint64_t> admit(std::string_view key, TimePoint now);

    static constexpr std::size_t kMaxKeys = 256;

 private:
    struct Entry {
        TimePoint last;
        std::uint64_t suppressed = 0;
    };
    Duration interval_;
    std::map<std::string, Entry, std::less<>> entries_;
};

// " (12 more like this)" or an empty string, for the end of a rate-limited line.
std::string suppressed_note(std::uint64_t count);

}  // namespace common::log
