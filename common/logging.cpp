#include "common/logging.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <ctime>
#include <memory>
#include <mutex>
#include <vector>

#include "common/log_relay.h"
#include "common/syslog_socket.h"
#include "common/unique_fd.h"

namespace common::log {
namespace {

struct LevelRow {
    std::string_view name;  // as configuration and syslog spell it
    spdlog::level::level_enum spdlog_level;
    int syslog_priority;
    std::string_view haproxy_tag;  // padded so that the pids stand in one column
};

// spdlog has as many levels as we use; they are numbers to it, so that each keeps its own rank.
constexpr std::array<LevelRow, 6> kLevels{{
    {"debug", spdlog::level::trace, LOG_DEBUG, "[DEBUG]    "},
    {"info", spdlog::level::debug, LOG_INFO, "[INFO]     "},
    {"notice", spdlog::level::info, LOG_NOTICE, "[NOTICE]   "},
    {"warning", spdlog::level::warn, LOG_WARNING, "[WARNING]  "},
    {"err", spdlog::level::err, LOG_ERR, "[ALERT]    "},  // HAProxy calls its start-up errors alerts
    {"alert", spdlog::level::critical, LOG_ALERT, "[ALERT]    "},
}};

const LevelRow& row(Level level) {
    return kLevels[static_cast<std::size_t>(level)];
}

const LevelRow& row(spdlog::level::level_enum level) {
    for (const LevelRow& candidate : kLevels) {
        if (candidate.spdlog_level == level) return candidate;
    }
    return kLevels.front();
}

std::atomic<pid_t> current_pid{0};  // getpid() is a system call

std::string render(Style style, const spdlog::details::log_msg& message) {
    const std::string_view text(message.payload.data(), message.payload.size());
    switch (style) {
        case Style::haproxy:
            return fmt::format("{}({}) : {}\n", row(message.level).haproxy_tag, current_pid.load(), text);
        case Style::keepalived: {
            const std::time_t seconds = std::chrono::system_clock::to_time_t(message.time);
            std::tm local{};
            ::localtime_r(&seconds, &local);
            std::array<char, 64> stamp{};
            const std::size_t size = std::strftime(stamp.data(), stamp.size(), "%a %b %e %T %Y", &local);
            return fmt::format("{}: {}\n", std::string_view(stamp.data(), size), text);
        }
        case Style::plain:
            break;
    }
    return fmt::format("{}\n", text);
}

// Lines that found no taker since never_wait(); the next one that does says so.
std::unique_ptr<LineRelay> relay;
std::atomic<unsigned> lost_lines{0};

std::string lost_note(unsigned count) {
    return fmt::format("{} log line(s) were lost: nobody took them", count);
}

void pass_on(int fd, std::string_view text) {
    const unsigned lost = lost_lines.load();
    if (lost > 0 && relay->pass(fd, lost_note(lost) + "\n")) lost_lines -= lost;
    if (lost_lines > 0 || !relay->pass(fd, text)) ++lost_lines;
}

void write_all(int fd, std::string_view text) {
    if (relay) return pass_on(fd, text);
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // a log that cannot be written must not stop the daemon
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
    explicit ConsoleSink(Style style) : style_(style) {}

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        write_all(STDERR_FILENO, render(style_, message));
    }
    void flush_() override {}
    Style style_;
};

// Not spdlog's: that one has no notice and no alert.
class SyslogSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
    SyslogSink(std::string ident, int facility) : ident_(std::move(ident)), facility_(facility) {
        ::openlog(ident_.c_str(), LOG_PID | LOG_NDELAY, facility);  // now: a chroot has no /dev/log
    }
    ~SyslogSink() override { ::closelog(); }

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const int severity = row(message.level).syslog_priority;
        if (!relay) {
            ::syslog(severity, "%.*s", static_cast<int>(message.payload.size()), message.payload.data());
            return;
        }
        if (lost_ > 0 && quick_.send(facility_ | LOG_WARNING, ident_, lost_note(lost_))) lost_ = 0;
        if (!quick_.send(facility_ | severity, ident_, {message.payload.data(), message.payload.size()}))
            ++lost_;
    }
    void flush_() override {}
    std::string ident_;  // openlog keeps the pointer
    int facility_;
    SyslogSocket quick_;
    unsigned lost_ = 0;
};

class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
    static Result<std::shared_ptr<FileSink>> open(const std::string& path, Style style) {
        const std::size_t slash = path.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
        auto sink = std::make_shared<FileSink>();
        sink->style_ = style;
        sink->name_ = slash == std::string::npos ? path : path.substr(slash + 1);
        sink->folder_.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!sink->folder_) return fail_errno("cannot open the log folder " + folder);
        if (auto opened = sink->reopen(); !opened) return std::unexpected(opened.error());
        return sink;
    }

    Result<> reopen() {
        UniqueFd fresh(::openat(folder_.get(), name_.c_str(),
                                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640));
        if (!fresh) return fail_errno("cannot open the log file " + name_);
        const std::lock_guard lock(mutex_);
        // The number stays: lines may be on their way to it.
        if (!file_) {
            file_ = std::move(fresh);
        } else if (::dup3(fresh.get(), file_.get(), O_CLOEXEC) < 0) {
            return fail_errno("cannot exchange the log file " + name_);
        }
        return {};
    }

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        write_all(file_.get(), render(style_, message));
    }
    void flush_() override {}
    UniqueFd folder_;
    UniqueFd file_;
    std::string name_;
    Style style_ = Style::plain;
};

class ForwardSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
    explicit ForwardSink(std::function<void(Level, std::string_view)> target) : target_(std::move(target)) {}

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const auto level = static_cast<Level>(&row(message.level) - kLevels.data());
        target_(level, {message.payload.data(), message.payload.size()});
    }
    void flush_() override {}
    std::function<void(Level, std::string_view)> target_;
};

struct Outlets {
    std::shared_ptr<spdlog::logger> logger;
    std::shared_ptr<ConsoleSink> console;
    std::shared_ptr<FileSink> file;
};

std::shared_ptr<spdlog::logger> make_logger(const std::vector<spdlog::sink_ptr>& sinks) {
    auto logger = std::make_shared<spdlog::logger>("daemon", sinks.begin(), sinks.end());
    auto lowest = spdlog::level::off;
    for (const auto& sink : sinks) lowest = std::min(lowest, sink->level());
    logger->set_level(lowest);
    return logger;
}

Outlets plain_outlets() {
    Outlets outlets;
    outlets.console = std::make_shared<ConsoleSink>(Style::plain);
    outlets.console->set_level(row(Level::info).spdlog_level);
    outlets.logger = make_logger({outlets.console});
    return outlets;
}

std::mutex outlets_mutex;

Outlets& outlets() {
    static Outlets instance = plain_outlets();
    return instance;
}

std::shared_ptr<spdlog::logger> logger() {
    const std::lock_guard lock(outlets_mutex);
    return outlets().logger;
}

}  // namespace

Result<> configure(const Settings& settings) {
    Outlets fresh;
    std::vector<spdlog::sink_ptr> sinks;
    if (settings.console) {
        fresh.console = std::make_shared<ConsoleSink>(settings.style);
        fresh.console->set_level(row(settings.console_level).spdlog_level);
        sinks.push_back(fresh.console);
    }
    if (!settings.file.empty()) {
        auto file = FileSink::open(settings.file, settings.style);
        if (!file) return std::unexpected(file.error());
        fresh.file = *file;
        fresh.file->set_level(row(settings.file_level).spdlog_level);
        sinks.push_back(fresh.file);
    }
    if (settings.forward) {
        auto sink = std::make_shared<ForwardSink>(settings.forward);
        sink->set_level(row(settings.forward_level).spdlog_level);
        sinks.push_back(std::move(sink));
    }
    after_fork();
    const std::lock_guard lock(outlets_mutex);
    outlets() = {};  // an old syslog sink closes before the new one opens
    if (settings.syslog) {
        auto sink = std::make_shared<SyslogSink>(settings.ident, settings.syslog_facility);
        sink->set_level(row(settings.syslog_level).spdlog_level);
        sinks.push_back(std::move(sink));
    }
    fresh.logger = make_logger(sinks);
    outlets() = std::move(fresh);
    return {};
}

Result<> never_wait() {
    auto started = LineRelay::start();
    if (!started) return std::unexpected(started.error());
    relay = std::move(*started);
    return {};
}

void wait_again() {
    relay.reset();
}

Result<> reopen() {
    std::shared_ptr<FileSink> file;
    {
        const std::lock_guard lock(outlets_mutex);
        file = outlets().file;
    }
    return file ? file->reopen() : Result<>{};
}

void close_console() {
    const std::lock_guard lock(outlets_mutex);
    Outlets& now = outlets();
    if (!now.console) return;
    std::vector<spdlog::sink_ptr> sinks;
    for (const auto& sink : now.logger->sinks()) {
        if (sink != now.console) sinks.push_back(sink);
    }
    now.logger = make_logger(sinks);
    now.console.reset();
}

void after_fork() {
    current_pid = ::getpid();
}

bool enabled(Level level) {
    return logger()->should_log(row(level).spdlog_level);
}

void write(Level level, std::string_view text) {
    if (current_pid == 0) after_fork();
    logger()->log(row(level).spdlog_level, spdlog::string_view_t(text.data(), text.size()));
}

std::optional<Level> parse_level(std::string_view name) {
    for (std::size_t i = 0; i < kLevels.size(); ++i) {
        if (kLevels[i].name == name) return static_cast<Level>(i);
    }
    return std::nullopt;
}

std::optional<std::uint64_t> RateLimiter::admit(std::string_view key, TimePoint now) {
    auto it = entries_.find(key);
    if (it == entries_.end()) {
        if (entries_.size() >= kMaxKeys) {
            key = {};  // the place that late-comers share
            it = entries_.find(key);
        }
        if (it == entries_.end()) {
            entries_.emplace(std::string(key), Entry{now, 0});
            return 0;
        }
    }
    Entry& entry = it->second;
    if (now - entry.last < interval_) {
        ++entry.suppressed;
        return std::nullopt;
    }
    entry.last = now;
    return std::exchange(entry.suppressed, 0);
}

std::string suppressed_note(std::uint64_t count) {
    return count == 0 ? std::string() : fmt::format(" ({} more like this)", count);
}

}  // namespace common::log
