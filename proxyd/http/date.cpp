#include "proxyd/http/date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "common/text.h"

namespace proxyd::http {

namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

// Takes a date apart from left to right; once something is missing, it stays so.
class Reader {
 public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool take(std::string_view word) {
        ok_ = ok_ && rest_.starts_with(word);
        if (ok_) rest_.remove_prefix(word.size());
        return ok_;
    }
    template <std::size_t N>
    int name(const std::array<std::string_view, N>& names) {
        const auto found =
            std::ranges::find_if(names, [&](std::string_view name) { return rest_.starts_with(name); });
        ok_ = ok_ && found != names.end();
        if (!ok_) return 0;
        rest_.remove_prefix(found->size());
        return static_cast<int>(found - names.begin()) + 1;
    }
    // Of exactly so many digits; the first may be a blank with `padded`.
    int number(std::size_t digits, bool padded = false) {
        int value = 0;
        for (std::size_t i = 0; ok_ && i < digits; ++i) {
            const char c = i < rest_.size() ? rest_[i] : '\0';
            const bool blank = padded && i == 0 && c == ' ';
            ok_ = blank || (c >= '0' && c <= '9');
            if (!blank) value = value * 10 + (c - '0');
        }
        if (ok_) rest_.remove_prefix(digits);
        return value;
    }
    bool complete() const { return ok_ && rest_.empty(); }

 private:
    std::string_view rest_;
    bool ok_ = true;
};

struct Parts {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void read_clock(Reader& in, Parts& out) {
    out.hour = in.number(2);
    in.take(":");
    out.minute = in.number(2);
    in.take(":");
    out.second = in.number(2);
}

bool read_fixed(std::string_view text, Parts& out) {
    Reader in(text);
    in.name(kDays);
    in.take(", ");
    out.day = in.number(2);
    in.take(" ");
    out.month = in.name(kMonths);
    in.take(" ");
    out.year = in.number(4);
    in.take(" ");
    read_clock(in, out);
    in.take(" GMT");
    return in.complete();
}

bool read_rfc850(std::string_view text, int now_year, Parts& out) {
    Reader in(text);
    in.name(kLongDays);
    in.take(", ");
    out.day = in.number(2);
    in.take("-");
    out.month = in.name(kMonths);
    in.take("-");
    out.year = now_year / 100 * 100 + in.number(2);
    if (out.year > now_year + 50) out.year -= 100;
    in.take(" ");
    read_clock(in, out);
    in.take(" GMT");
    return in.complete();
}

bool read_asctime(std::string_view text, Parts& out) {
    Reader in(text);
    in.name(kDays);
    in.take(" ");
    out.month = in.name(kMonths);
    in.take(" ");
    out.day = in.number(2, true);
    in.take(" ");
    read_clock(in, out);
    in.take(" ");
    out.year = in.number(4);
    return in.complete();
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text, int now_year) {
    Parts parts;
    if (!read_fixed(text, parts) && !read_rfc850(text, now_year, parts) && !read_asctime(text, parts))
        return std::nullopt;
    using namespace std::chrono;
    const year_month_day date{year(parts.year), month(static_cast<unsigned>(parts.month)),
                              day(static_cast<unsigned>(parts.day))};
    if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
    const auto whole =
        sys_days(date).time_since_epoch() + hours(parts.hour) + minutes(parts.minute) + seconds(parts.second);
    return duration_cast<seconds>(whole).count();
}

std::string format_date(std::int64_t seconds) {
    const std::time_t when = seconds;
    std::tm parts{};
    if (::gmtime_r(&when, &parts) == nullptr) return {};
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace proxyd::http
