// The req* and rsp* families of HAProxy 1.x, and `block`. They look at whole lines: the start line and "Name:
// value".
#include <array>

#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/regex.h"
#include "proxyd/rules/request_line.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {
namespace {

std::string_view start_line(const http::Message& message, std::string& scratch) {
    scratch.clear();
    constexpr std::array<std::string_view, 3> kVersions{"HTTP/1.0", "HTTP/1.1", "HTTP/2.0"};
    const std::string_view version = kVersions[static_cast<std::size_t>(message.version)];
    if (message.is_request) {
        scratch.append(message.method_text).append(" ").append(message.target).append(" ").append(version);
    } else {
        scratch.append(version)
            .append(" ")
            .append(std::to_string(message.status))
            .append(" ")
            .append(message.reason);
    }
    return scratch;
}

std::string_view field_line(const http::Field& field, std::string& scratch) {
    scratch.clear();
    return scratch.append(field.name).append(": ").append(field.value);
}

// reqadd, rspadd: a line appended as it is written.
class AddLine final : public Action {
 public:
    AddLine(Phase phase, std::string name, std::string value)
        : phase_(phase), name_(std::move(name)), value_(std::move(value)) {}
    bool run(Context& context, Verdict&) const override {
        if (http::Message* message = message_of(phase_, context);
            message != nullptr && context.arena != nullptr)
            message->fields.add(*context.arena, name_, value_);
        return true;
    }

 private:
    Phase phase_;
    std::string name_, value_;
};

ActionPtr parse_add(ActionWords& words, bool) {
    const auto line = words.take("a header line");
    if (!line) return nullptr;
    const auto colon = line->find(':');
    if (colon == std::string_view::npos || colon == 0)
        return words.refuse("'" + std::string(words.name()) + "': '" + std::string(*line) +
                            "' is no header line (Name: value)");
    return std::make_shared<AddLine>(words.phase(), std::string(trim_blanks(line->substr(0, colon))),
                                     std::string(trim_blanks(line->substr(colon + 1))));
}

std::optional<Regex> take_line_regex(ActionWords& words, bool ignore_case) {
    const auto word = words.take("a regular expression");
    if (!word) return std::nullopt;
    auto regex = Regex::compile(*word, ignore_case);
    if (regex) return *regex;
    words.refuse("'" + std::string(words.name()) + "': " + regex.error().text);
    return std::nullopt;
}

// reqdel, rspdel: fields whose line matches; the start line stays.
class DeleteLines final : public Action {
 public:
    DeleteLines(Phase phase, Regex regex) : phase_(phase), regex_(std::move(regex)) {}
    bool run(Context& context, Verdict&) const override {
        http::Message* message = message_of(phase_, context);
        if (message == nullptr) return true;
        thread_local std::string line;
        message->fields.remove_if(
            [this](const http::Field& field) { return regex_.search(field_line(field, line)); });
        return true;
    }

 private:
    Phase phase_;
    Regex regex_;
};

ActionPtr parse_delete(ActionWords& words, bool ignore_case) {
    auto regex = take_line_regex(words, ignore_case);
    if (!regex) return nullptr;
    return std::make_shared<DeleteLines>(words.phase(), std::move(*regex));
}

// reqdeny, reqallow, reqpass, reqtarpit, rspdeny: a verdict when any line matches.
class Judge final : public Action {
 public:
    Judge(Phase phase, Regex regex, Verdict::Kind kind, int status)
        : phase_(phase), regex_(std::move(regex)), kind_(kind), status_(status) {}

    bool run(Context& context, Verdict& verdict) const override {
        const http::Message* message = message_of(phase_, context);
        if (message == nullptr || !any_line_matches(*message)) return true;
        verdict.kind = kind_;
        verdict.status = status_;
        return false;
    }

 private:
    bool any_line_matches(const http::Message& message) const {
        thread_local std::string line;
        if (regex_.search(start_line(message, line))) return true;
        for (const http::Field& field : message.fields.all())
            if (regex_.search(field_line(field, line))) return true;
        return false;
    }

    Phase phase_;
    Regex regex_;
    Verdict::Kind kind_;
    int status_;
};

template <Verdict::Kind kind>
ActionPtr parse_judge(ActionWords& words, bool ignore_case) {
    auto regex = take_line_regex(words, ignore_case);
    if (!regex) return nullptr;
    const int status = kind == Verdict::Kind::tarpit ? 500 : words.phase() == Phase::http_request ? 403 : 502;
    return std::make_shared<Judge>(words.phase(), std::move(*regex), kind, status);
}

// reqrep, rsprep: each line that matches becomes the replacement. A result that is no line any more is an
// error.
class ReplaceLines final : public Action {
 public:
    ReplaceLines(Phase phase, Regex regex, std::string substitute)
        : phase_(phase), regex_(std::move(regex)), substitute_(std::move(substitute)) {}

    bool run(Context& context, Verdict& verdict) const override {
        http::Message* message = message_of(phase_, context);
        if (message == nullptr || context.arena == nullptr) return true;
        if (replace_start_line(*message, *context.arena) && replace_fields(*message, *context.arena))
            return true;
        verdict.kind = Verdict::Kind::deny;
        verdict.status = phase_ == Phase::http_request ? 400 : 502;
        return false;
    }

 private:
    bool replace_start_line(http::Message& message, common::Arena& arena) const {
        thread_local std::string line, result;
        result.clear();
        if (!regex_.expand(start_line(message, line), substitute_, result)) return true;
        const RequestLine parts = split_request_line(result);
        if (!parts.valid || parts.target.empty()) return false;
        message.raw_start_line = {};
        if (!message.is_request) {
            const std::int64_t status = leading_number(parts.target);
            if (status < 100 || status > 999) return false;
            message.status = static_cast<int>(status);
            message.reason = arena.copy(parts.version);
            return true;
        }
        message.method_text = arena.copy(parts.method);
        message.method = http::method_id(message.method_text);
        message.set_target(parts.target);
        return true;
    }

    bool replace_fields(http::Message& message, common::Arena& arena) const {
        thread_local std::string line, result;
        for (std::size_t i = 0; i < message.fields.all().size(); ++i) {
            result.clear();
            const http::Field& field = message.fields.all()[i];
            if (!regex_.expand(field_line(field, line), substitute_, result)) continue;
            const auto colon = result.find(':');
            if (colon == std::string::npos || colon == 0) return false;
            const std::string_view name = trim_blanks(std::string_view(result).substr(0, colon));
            const std::string_view value = trim_blanks(std::string_view(result).substr(colon + 1));
            if (same_text(name, field.name, true))
                message.fields.replace_value(arena, i, value);
            else
                rename(message.fields, arena, i, name, value);
        }
        return true;
    }

    // Another name: the new field takes the old one's place.
    static void rename(http::Fields& fields, common::Arena& arena, std::size_t index, std::string_view name,
                       std::string_view value) {
        std::size_t seen = 0;
        fields.add(arena, name, value);
        const http::Field fresh = fields.all().back();
        http::Fields reordered;
        for (const http::Field& field : fields.all())
            if (const std::size_t at = seen++; at != fields.all().size() - 1)
                reordered.append(at == index ? fresh : field);
        fields = std::move(reordered);
    }

    Phase phase_;
    Regex regex_;
    std::string substitute_;
};

ActionPtr parse_replace(ActionWords& words, bool ignore_case) {
    auto regex = take_line_regex(words, ignore_case);
    if (!regex) return nullptr;
    const auto substitute = words.take("a replacement after the regular expression");
    if (!substitute) return nullptr;
    if (!valid_substitute(*substitute))
        return words.refuse("'" + std::string(words.name()) + "': the replacement ends in a lone backslash");
    return std::make_shared<ReplaceLines>(words.phase(), std::move(*regex), std::string(*substitute));
}

class Block final : public Action {
 public:
    bool run(Context&, Verdict& verdict) const override {
        verdict.kind = Verdict::Kind::deny;
        verdict.status = 403;
        return false;
    }
};
ActionPtr parse_block(ActionWords&, bool) {
    return std::make_shared<Block>();
}

constexpr Phase kRequest = Phase::http_request;
constexpr Phase kResponse = Phase::http_response;
constexpr auto kDeny = Verdict::Kind::deny;
constexpr auto kAllow = Verdict::Kind::allow;
constexpr auto kTarpit = Verdict::Kind::tarpit;

constexpr std::array kRows{
    LegacyRow{"block", kRequest, false, parse_block, "http-request deny if ..."},
    LegacyRow{"reqadd", kRequest, false, parse_add, "http-request add-header NAME VALUE"},
    LegacyRow{"reqallow", kRequest, false, parse_judge<kAllow>, "http-request allow if ..."},
    LegacyRow{"reqiallow", kRequest, true, parse_judge<kAllow>, "http-request allow if ..."},
    LegacyRow{"reqdel", kRequest, false, parse_delete, "http-request del-header NAME"},
    LegacyRow{"reqidel", kRequest, true, parse_delete, "http-request del-header NAME"},
    LegacyRow{"reqdeny", kRequest, false, parse_judge<kDeny>, "http-request deny if ..."},
    LegacyRow{"reqideny", kRequest, true, parse_judge<kDeny>, "http-request deny if ..."},
    LegacyRow{"reqpass", kRequest, false, parse_judge<kAllow>, "http-request allow if ..."},
    LegacyRow{"reqipass", kRequest, true, parse_judge<kAllow>, "http-request allow if ..."},
    LegacyRow{"reqrep", kRequest, false, parse_replace, "http-request replace-path or replace-header"},
    LegacyRow{"reqirep", kRequest, true, parse_replace, "http-request replace-path or replace-header"},
    LegacyRow{"reqtarpit", kRequest, false, parse_judge<kTarpit>, "http-request tarpit if ..."},
    LegacyRow{"reqitarpit", kRequest, true, parse_judge<kTarpit>, "http-request tarpit if ..."},
    LegacyRow{"rspadd", kResponse, false, parse_add, "http-response add-header NAME VALUE"},
    LegacyRow{"rspdel", kResponse, false, parse_delete, "http-response del-header NAME"},
    LegacyRow{"rspidel", kResponse, true, parse_delete, "http-response del-header NAME"},
    LegacyRow{"rspdeny", kResponse, false, parse_judge<kDeny>, "http-response deny if ..."},
    LegacyRow{"rspideny", kResponse, true, parse_judge<kDeny>, "http-response deny if ..."},
    LegacyRow{"rsprep", kResponse, false, parse_replace, "http-response replace-header or set-status"},
    LegacyRow{"rspirep", kResponse, true, parse_replace, "http-response replace-header or set-status"},
};

}  // namespace

std::span<const LegacyRow> legacy_keywords() {
    return kRows;
}

}  // namespace proxyd::rules
