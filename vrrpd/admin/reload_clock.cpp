#include "vrrpd/admin/reload_clock.h"

#include <unistd.h>

#include <array>
#include <cctype>
#include <ctime>
#include <fstream>
#include <utility>

#include "common/logging.h"

namespace vrrpd::admin {

namespace log = common::log;
using std::chrono::system_clock;

namespace {

// '9' stands for a digit.
bool has_form(std::string_view text, std::string_view form) {
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
        if (form[i] == '9' ? !digit : text[i] != form[i]) return false;
    }
    return true;
}

int two_digits(std::string_view text, std::size_t at) {
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

std::tm broken_down(std::time_t time, bool utc) {
    std::tm out{};
    utc ? ::gmtime_r(&time, &out) : ::localtime_r(&time, &out);
    return out;
}

std::time_t whole(std::tm& parts, bool utc) {
    parts.tm_isdst = -1;
    return utc ? ::timegm(&parts) : ::mktime(&parts);
}

std::string first_line(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

}  // namespace

common::Result<system_clock::time_point> parse_reload_time(std::string_view text,
                                                           system_clock::time_point now) {
    const std::string quoted = "'" + std::string(text) + "'";
    const bool utc = text.ends_with('Z');
    if (utc) text.remove_suffix(1);
    const bool four = has_form(text, "9999-99-99 99:99:99"), two = has_form(text, "99-99-99 99:99:99");
    const bool dated = four || two;
    if (!dated && !has_form(text, "99:99:99"))
        return common::fail(quoted + " is no time: [[YY]YY-MM-DD ]HH:MM:SS[Z]", common::Side::config);

    const std::time_t current = system_clock::to_time_t(now);
    std::tm parts = broken_down(current, utc);
    if (dated) {
        const std::size_t shift = four ? 2 : 0;
        parts.tm_year = two_digits(text, shift) + (four ? two_digits(text, 0) * 100 - 1900 : 100);
        parts.tm_mon = two_digits(text, shift + 3) - 1;
        parts.tm_mday = two_digits(text, shift + 6);
    }
    const std::size_t clock = text.size() - 8;
    parts.tm_hour = two_digits(text, clock);
    parts.tm_min = two_digits(text, clock + 3);
    parts.tm_sec = two_digits(text, clock + 6);
    const std::tm wanted = parts;
    std::time_t time = whole(parts, utc);
    // What the calendar does not have comes back as another day or hour; an hour may be left out in spring.
    if (parts.tm_mday != wanted.tm_mday || parts.tm_mon != wanted.tm_mon || wanted.tm_hour > 23 ||
        wanted.tm_min > 59 || wanted.tm_sec > 59)
        return common::fail(quoted + " does not exist", common::Side::config);
    if (time <= current && dated) return common::fail(quoted + " is over", common::Side::config);
    if (time <= current) {
        parts = wanted;
        ++parts.tm_mday;
        time = whole(parts, utc);
    }
    return system_clock::from_time_t(time);
}

ReloadClock::~ReloadClock() {
    if (watch_.is_open()) watch_.release();
}

void ReloadClock::configure(std::string path, bool repeat) {
    repeat_ = repeat;
    path_ = std::move(path);
    text_.clear();
    timer_.cancel();
    if (path_.empty()) {
        if (files_) (void)files_->watch({});
        return;
    }
    if (!files_) {
        auto opened = io::FileWatch::open();
        if (!opened) return log::error("reload_time_file: {}", opened.error().text);
        files_ = std::move(*opened);
        watch_.assign(files_->fd());
        wait();
    }
    look();
}

void ReloadClock::wait() {
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](boost::system::error_code error) {
                          if (error) return;
                          if (files_->receive() && !path_.empty()) look();
                          wait();
                      });
}

// Watched first, then read: nothing falls in between.
void ReloadClock::look() {
    if (auto done = files_->watch({path_}); !done) log::error("reload_time_file: {}", done.error().text);
    std::string text = first_line(path_);
    if (text == text_) return;
    const bool was_set = !std::exchange(text_, std::move(text)).empty();
    timer_.cancel();
    if (text_.empty()) {
        if (was_set) log::info("The reload of {} is cancelled", path_);
        return;
    }
    const auto at = parse_reload_time(text_, system_clock::now());
    if (!at) return log::error("reload_time_file {}: {}", path_, at.error().text);
    log::info("Reload at {} ({})", text_, path_);
    timer_.expires_at(*at);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        if (!repeat_) ::unlink(path_.c_str());
        text_.clear();
        due_();
    });
}

}  // namespace vrrpd::admin
