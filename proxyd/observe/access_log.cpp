#include "proxyd/observe/access_log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "common/logging.h"
#include "proxyd/net/waiter.h"
#include "proxyd/observe/syslog_line.h"

namespace proxyd::observe {

using rules::LogStep;

namespace {

constexpr int kInfo = 6;
constexpr int kError = 3;

// What log-separate-errors and dontlog-normal call an error: not '-' and not answered by ourselves ('L'), or
// a redispatch, a retry, a status of 500 and above (manual 8.3.3).
bool is_error(const rules::Context& context) {
    const char cause = context.termination.cause;
    return context.redispatched || (cause != '-' && cause != 'L') || (cause == '-' && context.retries > 0) ||
           (context.http_mode && context.status >= 500);
}

// getpid() is a system call, a line is not worth one: asked for once per second and thread.
std::int64_t process_id(std::int64_t wall_us) {
    thread_local std::int64_t second = -1, pid = 0;
    if (wall_us / 1'000'000 != second) {
        second = wall_us / 1'000'000;
        pid = ::getpid();
    }
    return pid;
}

}  // namespace

struct AccessLog::Impl {
    struct Target {
        int outlet = -1;
        LogTarget::Format format{};
        std::atomic<unsigned> turn{0};  // of the sample's period
    };

    Impl(const LogSettings& given, LogHub& log_hub) : settings(given), hub(log_hub) {
        for (std::size_t i = 0; i < settings.targets.size(); ++i) {
            Target& target = *targets.emplace_back(std::make_unique<Target>());
            target.format = effective_format(settings.targets[i], settings.hostname);
            const auto outlet = hub.open(settings.targets[i]);
            if (outlet)
                target.outlet = *outlet;
            else
                common::log::error("{}", outlet.error().text);
        }
        auto compiled = rules::LogFormat::compile("%ci:%cp [%t] %f/");
        error_start = std::move(*compiled);
    }

    static bool wants(const LogTarget& of, Target& target) {
        return of.sample_size == 0 || in_sample(of, target.turn.fetch_add(1, std::memory_order_relaxed));
    }

    // Hands a line to every target that wants this severity: `text` unless `change(target, source, text)`,
    // which may say no, makes another one; `deliver(outlet, line)`.
    template <class Change, class Deliver>
    void distribute(int severity, const LineSource& source, std::string_view text, Change change,
                    Deliver deliver) {
        thread_local std::string line;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const LogTarget& wanted = settings.targets[i];
            if (targets[i]->outlet < 0 || severity > wanted.max_level) continue;
            LineSource own_source = source;
            std::string_view own_text = text;
            if (!change(wanted, own_source, own_text) || !wants(wanted, *targets[i])) continue;
            line.clear();
            append_line(wanted, targets[i]->format, std::max(severity, wanted.min_level), own_source,
                        own_text, line);
            deliver(targets[i]->outlet, line);
        }
    }

    // What a profile makes of a line. False: it drops lines of that step.
    static bool apply(const rules::LogProfile& profile, LogStep step, const rules::Context& context,
                      LineSource& source, std::string_view& text) {
        const rules::LogProfile::On& on = profile.at(step);
        if (on.drop) return false;
        if (!profile.tag.empty()) source.tag = profile.tag;
        thread_local std::string own_text, own_data;
        if (on.has_format) {
            own_text.clear();
            on.format.render(context, own_text);
            text = own_text;
        }
        if (on.has_data) {
            own_data.clear();
            on.data.render(context, own_data);
            while (own_data.ends_with(' ')) own_data.pop_back();
            source.data = own_data;
        }
        return true;
    }

    // log-format-sd; HAProxy drops the blanks at its end.
    std::string_view structured_data(const rules::Context& context) const {
        if (settings.data_format.empty()) return {};
        thread_local std::string data;
        data.clear();
        settings.data_format.render(context, data);
        while (data.ends_with(' ')) data.pop_back();
        return data;
    }

    void queue(net::Worker& worker, int severity, const rules::Context& context, std::string_view text,
               LogStep step, const rules::LogProfile* profile = nullptr) {
        const std::int64_t wall = worker.wall_us();
        const LineSource source{settings.tag, settings.hostname, process_id(wall), wall,
                                structured_data(context)};
        const auto change = [&](const LogTarget& target, LineSource& own, std::string_view& own_text) {
            const rules::LogProfile* const says = profile != nullptr ? profile : target.profile.get();
            return says == nullptr || apply(*says, step, context, own, own_text);
        };
        distribute(severity, source, text, change,
                   [&](int outlet, std::string_view line) { hub.queue(worker, outlet, line); });
    }

    // A line as the section's format has it, with the level that rules set.
    void write(net::Worker& worker, rules::Context& context, int severity, LogStep step,
               const rules::LogProfile* profile = nullptr) {
        if (targets.empty() || context.log_level == rules::kLogLevelSilent) return;
        if (context.log_level >= 0) severity = context.log_level;
        thread_local std::string text;
        text.clear();
        context.log_count = lines.fetch_add(1, std::memory_order_relaxed);
        settings.format.render(context, text);
        queue(worker, severity, context, text, step, profile);
    }

    LogSettings settings;
    LogHub& hub;
    std::vector<std::unique_ptr<Target>> targets;
    rules::LogFormat error_start;
    std::atomic<std::uint64_t> lines{0};
};

AccessLog::AccessLog(const LogSettings& settings, LogHub& hub)
    : steps_(settings.steps), impl_(std::make_unique<Impl>(settings, hub)) {}
AccessLog::~AccessLog() = default;

const LogSettings& AccessLog::settings() const {
    return impl_->settings;
}

void AccessLog::write(net::Worker& worker, rules::Context& context) {
    const bool error = is_error(context);
    if (!error && impl_->settings.dontlog_normal) return;
    write(worker, context, error && impl_->settings.separate_errors ? kError : kInfo);
}

void AccessLog::write(net::Worker& worker, rules::Context& context, int severity) {
    if (steps_ == 0 || wants(LogStep::close)) impl_->write(worker, context, severity, LogStep::close);
}

void AccessLog::write_step(net::Worker& worker, rules::Context& context, LogStep step) {
    if (wants(step)) impl_->write(worker, context, kInfo, step);
}

void AccessLog::write_at(rules::Phase phase, const rules::LogProfile* profile, rules::Context& context) {
    if (context.waiter != nullptr)
        impl_->write(context.waiter->worker(), context, kInfo, rules::step_of(phase), profile);
}

void AccessLog::write_error(net::Worker& worker, rules::Context& context, int severity,
                            std::string_view message) {
    const LogSettings& settings = impl_->settings;
    if (impl_->targets.empty() || (settings.errors_unsaid && settings.error_format.empty())) return;
    thread_local std::string text;
    text.clear();
    context.log_count = impl_->lines.fetch_add(1, std::memory_order_relaxed);
    if (!settings.error_format.empty()) {
        impl_->settings.error_format.render(context, text);
    } else {
        impl_->error_start.render(context, text);
        text.append(context.listener_name).append(": ").append(message);
    }
    impl_->queue(worker, severity, context, text, LogStep::error);
}

void AccessLog::message(int severity, std::string_view text) {
    const auto wall = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
    const auto unchanged = [](const LogTarget&, LineSource&, std::string_view&) { return true; };
    impl_->distribute(severity, {impl_->settings.tag, impl_->settings.hostname, ::getpid(), wall, {}}, text,
                      unchanged, [&](int outlet, std::string_view line) { impl_->hub.send(outlet, line); });
}

}  // namespace proxyd::observe
