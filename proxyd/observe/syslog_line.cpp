#include "proxyd/observe/syslog_line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxyd/rules/logs/date.h"

namespace proxyd::observe {
namespace {

using Format = LogTarget::Format;

void append_number(std::int64_t number, std::string& out) {
    std::array<char, 24> text;
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

void append_bracketed(int number, std::string& out) {
    out += '<';
    append_number(number, out);
    out += '>';
}

void append_tag(const LineSource& source, std::string& out) {
    out += source.tag;
    out += '[';
    append_number(source.pid, out);
    out += "]: ";
}

void append_header(Format format, int facility, int level, const LineSource& source, std::string& out) {
    const int priority = facility * 8 + level;
    switch (format) {
        case Format::raw:
            return;
        case Format::priority:
            return append_bracketed(priority, out);
        case Format::short_:
            return append_bracketed(level, out);
        case Format::timed:
            append_bracketed(level, out);
            [[fallthrough]];
        case Format::iso:
            append_iso_date(source.wall_us, out);
            out += ' ';
            return;
        case Format::rfc5424:
            append_bracketed(priority, out);
            out += "1 ";
            append_iso_date(source.wall_us, out);
            out += ' ';
            out += source.hostname.empty() ? "-" : source.hostname;
            out += ' ';
            out += source.tag;
            out += ' ';
            append_number(source.pid, out);
            out += " - ";
            out += source.data.empty() ? "-" : source.data;
            out += ' ';
            return;
        case Format::local:
        case Format::rfc3164:
            append_bracketed(priority, out);
            out += rules::syslog_date(source.wall_us);
            out += ' ';
            if (format == Format::rfc3164) {
                out += source.hostname.empty() ? "localhost" : source.hostname;
                out += ' ';
            }
            return append_tag(source, out);
    }
}

}  // namespace

void append_iso_date(std::int64_t wall_us, std::string& out) {
    constexpr std::size_t kToSeconds = 19;
    const std::string_view date = rules::iso_date(wall_us);
    out += date.substr(0, kToSeconds);
    std::array<char, 7> fraction{'.', '0', '0', '0', '0', '0', '0'};
    auto us = wall_us % 1'000'000;
    for (std::size_t i = fraction.size() - 1; i > 0; --i, us /= 10)
        fraction[i] = static_cast<char>('0' + us % 10);
    out.append(fraction.data(), fraction.size());
    out += date.substr(kToSeconds);
}

bool in_sample(const LogTarget& target, unsigned turn) {
    if (target.sample_size == 0) return true;
    const int number = static_cast<int>(turn % static_cast<unsigned>(target.sample_size)) + 1;
    return std::ranges::any_of(target.sample_ranges, [&](const auto& range) {
        return number >= range.first && number <= range.second;
    });
}

LogTarget::Format effective_format(const LogTarget& target, std::string_view hostname) {
    if (target.format_given || hostname.empty()) return target.format;
    return Format::rfc3164;
}

void append_line(const LogTarget& target, LogTarget::Format format, int level, const LineSource& source,
                 std::string_view text, std::string& out) {
    const std::size_t start = out.size();
    append_header(format, target.facility, level, source, out);
    // HAProxy counts the line feed into the length of a line without header only.
    const std::size_t limit = target.max_length - (format == Format::raw ? 1 : 0);
    const std::size_t used = out.size() - start;
    out += text.substr(0, limit > used ? limit - used : 0);
    out += '\n';
}

}  // namespace proxyd::observe
