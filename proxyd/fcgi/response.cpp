#include "proxyd/fcgi/response.h"

#include <array>
#include <charconv>

#include "common/text.h"
#include "proxyd/http/date.h"

namespace proxyd::fcgi {
namespace {

constexpr std::size_t kLongestHead = 65536;

// The length of the head with the empty line that ends it; npos: it is not all here. Lines end with LF or CR
// LF.
std::size_t head_length(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string_view::npos) break;
        if (end == at || (end == at + 1 && text[at] == '\r')) return end + 1;
        at = end + 1;
    }
    return std::string_view::npos;
}

void append_chunk_line(std::string& out, std::size_t size) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    out.append(digits.data(), end).append("\r\n");
}

bool never_has_body(int status) {
    return status == 204 || status == 304;
}

}  // namespace

void ResponseTranslator::start(const Options& options) {
    options_ = options;
    stage_ = Stage::head;
    framing_ = Framing::chunked;
    held_.clear();
    fields_.clear();
    reason_.clear();
    status_ = 0;
    redirects_ = dated_ = false;
    length_.reset();
    passed_ = 0;
}

bool ResponseTranslator::fail() {
    stage_ = Stage::failed;
    return false;
}

bool ResponseTranslator::take(std::string_view output, std::string& out) {
    if (stage_ == Stage::failed) return false;
    if (stage_ == Stage::over) return true;  // of no interest any more
    if (stage_ == Stage::body) return add_body(output, out);
    held_.append(output);
    if (stage_ == Stage::waiting) return true;
    const std::size_t length = head_length(held_);
    if (length == std::string::npos) return held_.size() <= kLongestHead || fail();
    const std::string_view head = std::string_view(held_).substr(0, length);
    for (std::size_t at = 0; at < head.size();) {
        const std::size_t end = head.find('\n', at);
        std::string_view line = head.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty() && !read_field(line)) return fail();
        at = end + 1;
    }
    held_.erase(0, length);
    if (status_ == 0) status_ = redirects_ ? 302 : 200;
    if (reason_.empty() && status_ == 302 && redirects_) reason_ = "Moved Temporarily";
    if (reason_.empty() && status_ == 200) reason_ = "OK";
    stage_ = Stage::waiting;
    return true;
}

// RFC 3875 section 6.3: Status is the response's, all others are fields of it. What frames the message is
// ours.
bool ResponseTranslator::read_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {  // the value goes on
        if (fields_.empty()) return false;
        fields_.resize(fields_.size() - 2);
        fields_.append(" ").append(common::trim(line)).append("\r\n");
        return true;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view name = line.substr(0, colon), value = common::trim(line.substr(colon + 1));
    if (common::iequals(name, "status")) return read_status(value);
    if (common::iequals(name, "connection")) return true;
    if (common::iequals(name, "transfer-encoding")) {
        if (!common::iequals(value, "chunked")) return false;
        framing_ = Framing::own;
        return true;
    }
    if (common::iequals(name, "content-length")) {
        const auto number = common::parse_number(value, 0, std::int64_t{1} << 62);
        if (!number || (length_ && *length_ != static_cast<std::uint64_t>(*number))) return false;
        length_ = static_cast<std::uint64_t>(*number);
        return true;
    }
    redirects_ |= common::iequals(name, "location");
    dated_ |= common::iequals(name, "date");
    fields_.append(name).append(": ").append(value).append("\r\n");
    return true;
}

// "404 Not Found". Interim statuses and a change of the protocol are none of an application's.
bool ResponseTranslator::read_status(std::string_view value) {
    const auto number = common::parse_number(value.substr(0, 3), 200, 999);
    if (!number || (value.size() > 3 && value[3] != ' ')) return false;
    status_ = static_cast<int>(*number);
    reason_ = value.size() > 4 ? std::string(common::trim(value.substr(4))) : std::string();
    return true;
}

bool ResponseTranslator::add_body(std::string_view output, std::string& out) {
    if (framing_ == Framing::none || output.empty()) return true;
    passed_ += output.size();
    if (framing_ == Framing::length && passed_ > *length_) return fail();
    if (framing_ == Framing::chunked) append_chunk_line(out, output.size());
    out.append(output);
    if (framing_ == Framing::chunked) out.append("\r\n");
    return true;
}

void ResponseTranslator::write_head(std::string& out) {
    out.append("HTTP/1.1 ").append(std::to_string(status_)).append(" ").append(reason_).append("\r\n");
    out.append(fields_);
    if (!dated_) out.append("Date: ").append(http::format_date(options_.now_s)).append("\r\n");
    if (framing_ == Framing::own) length_.reset();
    if (status_ == 204) length_.reset();
    if (length_) out.append("Content-Length: ").append(std::to_string(*length_)).append("\r\n");
    if (never_has_body(status_) || !options_.body_wanted)
        framing_ = Framing::none;
    else if (length_)
        framing_ = Framing::length;
    if (framing_ == Framing::chunked || framing_ == Framing::own)
        out.append("Transfer-Encoding: chunked\r\n");
    if (!options_.keep_conn) out.append("Connection: close\r\n");
    out.append("\r\n");
    stage_ = Stage::body;
}

void ResponseTranslator::settle(std::string& out) {
    if (stage_ != Stage::waiting) return;
    const std::string body = std::move(held_);
    held_.clear();
    write_head(out);
    add_body(body, out);
}

bool ResponseTranslator::end(std::string& out) {
    if (stage_ == Stage::head && held_.empty()) return false;
    if (stage_ == Stage::failed || stage_ == Stage::head) return fail();
    if (stage_ == Stage::waiting) {
        const bool tells_length = options_.body_wanted ? !never_has_body(status_) : !held_.empty();
        if (!length_ && framing_ != Framing::own && tells_length) length_ = held_.size();
        settle(out);
    }
    if (stage_ == Stage::failed) return false;
    if (framing_ == Framing::length && passed_ < *length_) return false;
    if (framing_ == Framing::chunked) out.append("0\r\n\r\n");
    stage_ = Stage::over;
    return true;
}

}  // namespace proxyd::fcgi
