#include "vrrpd/config/call.h"

#include <charconv>
#include <cmath>

#include "common/text.h"
#include "vrrpd/config/lexer.h"

namespace vrrpd::config {
namespace {

std::string range_text(double low, double high) {
    const auto plain = [](double value) {
        std::string text = std::to_string(value);
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
        return text;
    };
    return plain(low) + " to " + plain(high);
}

}  // namespace

std::optional<std::string> Call::text(std::size_t index) {
    if (has(index)) return word(index);
    error("a parameter is missing");
    return std::nullopt;
}

std::optional<std::int64_t> Call::number(std::int64_t low, std::int64_t high, std::size_t index) {
    const std::optional<std::string> given = text(index);
    if (!given) return std::nullopt;
    const auto value = common::parse_number(*given, low, high);
    if (value) return *value;
    warn("'" + *given + "' is no number from " + std::to_string(low) + " to " + std::to_string(high) +
         "; the default is used");
    return std::nullopt;
}

std::optional<Duration> Call::seconds(double low, double high, std::size_t index) {
    const std::optional<std::string> given = text(index);
    if (!given) return std::nullopt;
    double value = 0;
    const auto [end, failed] =
        std::from_chars(given->data(), given->data() + given->size(), value, std::chars_format::fixed);
    if (failed == std::errc{} && end == given->data() + given->size() && value >= low && value <= high) {
        return std::chrono::microseconds(std::llround(value * 1e6));
    }
    warn("'" + *given + "' is no number of seconds from " + range_text(low, high) + "; the default is used");
    return std::nullopt;
}

void Call::extra_announcements(GarpSettings& garp) {
    const bool all = has(1) && word(1) == "all";
    const auto interval = seconds(0, 86400, all ? 2 : 1);
    if (!interval) return;
    garp.extra = *interval;
    garp.extra_all = all;
}

std::optional<Duration> Call::milliseconds(std::int64_t low, std::int64_t high, std::size_t index) {
    const std::optional<std::int64_t> value = number(low, high, index);
    if (!value) return std::nullopt;
    return std::chrono::milliseconds(*value);
}

std::optional<bool> Call::boolean(std::size_t index) {
    if (!has(index)) return true;
    const std::string& given = word(index);
    for (const char* yes : {"on", "true", "yes"}) {
        if (common::iequals(given, yes)) return true;
    }
    for (const char* no : {"off", "false", "no"}) {
        if (common::iequals(given, no)) return false;
    }
    warn("'" + given + "' is neither on, true, yes nor off, false, no; the default is used");
    return std::nullopt;
}

std::optional<IpAddress> Call::address(std::size_t index) {
    const std::optional<std::string> given = text(index);
    if (!given) return std::nullopt;
    const auto value = IpAddress::parse(*given);
    if (value) return *value;
    warn(value.error().text + "; ignored");
    return std::nullopt;
}

bool Call::weight(std::size_t index, int most, std::optional<int>& value, std::optional<bool>& reverse) {
    for (std::size_t i = index; i <= count(); ++i) {
        const std::string& given = word(i);
        if (given == "weight") {
            const std::optional<std::int64_t> number_given = number(-most, most, ++i);
            if (!number_given) return false;
            value = static_cast<int>(*number_given);
        } else if (given == "reverse" || given == "noreverse") {
            reverse = given == "reverse";
        } else {
            warn("'" + given + "' is not understood; expected weight, reverse or noreverse");
            return false;
        }
    }
    return true;
}

Command Call::command() {
    Command out;
    out.where = where();
    if (!text()) return out;
    if (statement_.words[1].quoted || count() == 1) {
        out.argv = split_command(word(1));
        if (count() > 1) warn("words behind the quoted command are ignored");
    } else {
        for (std::size_t i = 1; i <= count(); ++i) out.argv.push_back(word(i));
    }
    if (out.argv.empty()) warn("the command is empty");
    return out;
}

Command Call::command_with_user() {
    Command out;
    out.where = where();
    if (!text()) return out;
    out.argv = split_command(word(1));
    if (out.argv.empty()) warn("the command is empty");
    if (has(2)) out.run_as = run_as(2);
    return out;
}

RunAs Call::run_as(std::size_t index) {
    RunAs out;
    if (const std::optional<std::string> user = text(index)) out.user = *user;
    if (has(index + 1)) {
        std::string_view group = word(index + 1);
        out.supplementary_groups = group.starts_with(':');
        if (out.supplementary_groups) group.remove_prefix(1);
        out.group = std::string(group);
    }
    return out;
}

const std::vector<Statement>& Call::block() {
    if (!statement_.has_block) warn("'{' is missing; ignored");
    return statement_.block;
}

}  // namespace vrrpd::config
