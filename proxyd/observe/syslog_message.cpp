#include "proxyd/observe/syslog_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "proxyd/observe/syslog_line.h"
#include "proxyd/rules/logs/date.h"

namespace proxyd::observe {

namespace {

using Format = LogTarget::Format;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t kShortDate = 15;  // "Oct 11 22:14:15"

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Up to the next blank, which goes, too. `nil`: "-" stands for nothing.
std::string_view take_word(std::string_view& rest, bool nil) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return nil && word == "-" ? std::string_view() : word;
}

// "<13>", at most three digits.
void take_priority(std::string_view& rest, SyslogMessage& out) {
    const std::size_t end = rest.substr(0, 5).find('>');
    if (!rest.starts_with('<') || end == std::string_view::npos || end < 2) return;
    const std::string_view digits = rest.substr(1, end - 1);
    if (!std::ranges::all_of(digits, is_digit)) return;
    std::from_chars(digits.data(), digits.data() + digits.size(), out.priority);
    rest.remove_prefix(end + 1);
}

// "[id name="value"]..." or "-"; quotes and backslashes hide what ends it.
std::string_view take_data(std::string_view& rest) {
    if (!rest.starts_with('[')) return take_word(rest, true);
    std::size_t at = 0;
    bool quoted = false, inside = false;
    for (; at < rest.size(); ++at) {
        const char c = rest[at];
        if (quoted && c == '\\')
            ++at;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '[')
            inside = true;
        else if (!quoted && c == ']')
            inside = false;
        else if (!quoted && !inside)
            break;
    }
    const std::string_view data = rest.substr(0, std::min(at, rest.size()));
    rest.remove_prefix(data.size());
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    return data;
}

bool is_short_date(std::string_view text) {
    constexpr std::string_view kShape = "Mmm dd hh:mm:ss ";
    if (text.size() < kShape.size() || std::ranges::find(kMonths, text.substr(0, 3)) == kMonths.end())
        return false;
    for (std::size_t i = 3; i < kShape.size(); ++i) {
        const bool letter = kShape[i] >= 'a' && kShape[i] <= 'z';
        const bool padding = i == 4 && text[i] == ' ';
        if (letter ? !is_digit(text[i]) && !padding : text[i] != kShape[i]) return false;
    }
    return true;
}

// "su[99]: " or "su: "; anything else belongs to the text.
void take_tag(std::string_view& rest, SyslogMessage& out) {
    const std::size_t end = rest.find(' ');
    std::string_view word = rest.substr(0, end);
    if (!word.ends_with(':') || word.size() < 2) return;
    word.remove_suffix(1);
    const std::size_t open = word.find('[');
    out.app = word.substr(0, open);
    if (open != std::string_view::npos && word.ends_with(']'))
        out.pid = word.substr(open + 1, word.size() - open - 2);
    take_word(rest, false);
}

// "2003-10-11T22:14:15.003Z" as "Oct 11 22:14:15"; empty when it is none.
std::string short_date(std::string_view date) {
    int month = 0;
    if (date.size() < 19 || date[10] != 'T') return {};
    std::from_chars(date.data() + 5, date.data() + 7, month);
    if (month < 1 || month > 12) return {};
    std::string out(kMonths[static_cast<std::size_t>(month - 1)]);
    out += ' ';
    out += date[8] == '0' ? ' ' : date[8];
    return out.append(date.substr(9, 1)).append(" ").append(date.substr(11, 8));
}

// "Oct 11 22:14:15" of this year as RFC 3339 has it; the zone is not known.
std::string long_date(std::string_view date, std::int64_t wall_us) {
    const auto month = std::ranges::find(kMonths, date.substr(0, 3)) - kMonths.begin() + 1;
    std::string out(rules::iso_date(wall_us).substr(0, 4));
    out += month < 10 ? "-0" : "-";
    out += std::to_string(month) + "-";
    out += date[4] == ' ' ? '0' : date[4];
    return out.append(date.substr(5, 1)).append("T").append(date.substr(7, 8)).append("-00:00");
}

class Writer {
 public:
    Writer(const LogTarget& target, const SyslogMessage& message, std::int64_t wall_us, std::string& out)
        : message_(message), wall_us_(wall_us), out_(out) {
        priority_ = message.priority >= 0 ? message.priority : target.facility * 8;
    }

    void write(Format format) {
        switch (format) {
            case Format::raw:
                break;
            case Format::priority:
                bracket(priority_);
                break;
            case Format::short_:
                bracket(priority_ & 7);
                break;
            case Format::timed:
                bracket(priority_ & 7);
                [[fallthrough]];
            case Format::iso:
                iso();
                out_ += ' ';
                break;
            case Format::rfc5424:
                return rfc5424();
            case Format::local:
            case Format::rfc3164:
                bracket(priority_);
                day();
                out_ += ' ';
                if (format == Format::rfc3164)
                    out_.append(message_.host.empty() ? "localhost" : message_.host) += ' ';
                tag();
                break;
        }
        out_ += message_.text;
    }

 private:
    void bracket(int number) { out_.append("<").append(std::to_string(number)).append(">"); }
    void iso() {
        if (message_.date.empty())
            append_iso_date(wall_us_, out_);
        else
            out_ += message_.versioned ? std::string(message_.date) : long_date(message_.date, wall_us_);
    }
    void day() {
        const std::string own = message_.versioned ? short_date(message_.date) : std::string(message_.date);
        out_ += own.empty() ? rules::syslog_date(wall_us_) : std::string_view(own);
    }
    void tag() {
        if (message_.app.empty()) return;
        out_ += message_.app;
        if (!message_.pid.empty()) out_.append("[").append(message_.pid).append("]");
        out_ += ": ";
    }
    void rfc5424() {
        bracket(priority_);
        out_ += "1 ";
        iso();
        for (const std::string_view word :
             {message_.host, message_.app, message_.pid, message_.id, message_.data})
            out_.append(" ").append(word.empty() ? "-" : word);
        out_.append(" ").append(message_.text);
    }

    const SyslogMessage& message_;
    std::int64_t wall_us_;
    std::string& out_;
    int priority_;
};

Format format_of(const SyslogMessage& message) {
    const bool known = !message.date.empty() || !message.host.empty() || !message.app.empty() ||
                       !message.pid.empty() || !message.id.empty() || !message.data.empty();
    if (known) return message.versioned ? Format::rfc5424 : Format::rfc3164;
    return message.priority >= 0 ? Format::priority : Format::raw;
}

}  // namespace

SyslogMessage parse_syslog(std::string_view bytes) {
    SyslogMessage out;
    if (bytes.ends_with('\n')) bytes.remove_suffix(1);
    take_priority(bytes, out);
    if (out.priority >= 0 && bytes.starts_with("1 ")) {
        bytes.remove_prefix(2);
        out.versioned = true;
        out.date = take_word(bytes, true);
        out.host = take_word(bytes, true);
        out.app = take_word(bytes, true);
        out.pid = take_word(bytes, true);
        out.id = take_word(bytes, true);
        out.data = take_data(bytes);
    } else if (out.priority >= 0 && is_short_date(bytes)) {
        out.date = bytes.substr(0, kShortDate);
        bytes.remove_prefix(kShortDate + 1);
        out.host = take_word(bytes, false);
        take_tag(bytes, out);
    }
    out.text = bytes;
    return out;
}

void append_syslog(const LogTarget& target, const SyslogMessage& message, std::int64_t wall_us,
                   std::string& out) {
    const std::size_t start = out.size();
    Writer(target, message, wall_us, out).write(target.format_given ? target.format : format_of(message));
    if (out.size() - start > target.max_length) out.resize(start + target.max_length);
    out += '\n';
}

SyslogFrame take_syslog(std::string_view input, std::string_view& message, std::size_t& consumed) {
    if (input.empty()) return SyslogFrame::need_more;
    if (!is_digit(input[0]) || input[0] == '0') {
        const std::size_t end = input.find('\n');
        if (end == std::string_view::npos)
            return input.size() > kLongestSyslog ? SyslogFrame::error : SyslogFrame::need_more;
        message = input.substr(0, end);
        consumed = end + 1;
        return message.size() > kLongestSyslog ? SyslogFrame::error : SyslogFrame::done;
    }
    constexpr std::size_t kDigits = 5;
    std::size_t count = 0;
    const auto [end, error] =
        std::from_chars(input.data(), input.data() + std::min(input.size(), kDigits + 1), count);
    const auto digits = static_cast<std::size_t>(end - input.data());
    if (error != std::errc() || digits > kDigits || count > kLongestSyslog) return SyslogFrame::error;
    if (digits == input.size()) return SyslogFrame::need_more;
    if (input[digits] != ' ') return SyslogFrame::error;
    if (input.size() - digits - 1 < count) return SyslogFrame::need_more;
    message = input.substr(digits + 1, count);
    consumed = digits + 1 + count;
    return SyslogFrame::done;
}

}  // namespace proxyd::observe
