// Actions on the request line and the status line: set-path, set-query, set-uri, set-method, replace-path,
// set-status, ...
#include <algorithm>
#include <array>

#include "proxyd/http/replies.h"
#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/regex.h"

namespace proxyd::rules {
namespace {

enum class Part : unsigned char { path, path_and_query, query, whole };

// A target split so that one part can be exchanged: before + part + after.
struct Split {
    std::string_view before, part, after;
};

Split split_target(const http::Message& message, Part part) {
    const std::string_view target = message.target;
    if (part == Part::whole) return {{}, target, {}};
    const std::string_view path_and_query = message.path_and_query();
    const std::size_t start = target.size() - path_and_query.size();
    const std::size_t path_size = std::min(path_and_query.find('?'), path_and_query.size());
    switch (part) {
        case Part::path:
            return {target.substr(0, start), target.substr(start, path_size),
                    target.substr(start + path_size)};
        case Part::path_and_query:
            return {target.substr(0, start), target.substr(start), {}};
        default:
            break;
    }
    // The query follows its '?', which stays.
    const std::size_t query = std::min(start + path_size + 1, target.size());
    return {target.substr(0, query), target.substr(query), {}};
}

// A target that names another host brings its Host field along: two that differ would be refused by servers.
void follow_authority(Context& context) {
    const std::string_view authority = context.request->authority();
    const auto& fields = context.request->fields.all();
    const auto host = std::ranges::find(fields, http::FieldId::host, &http::Field::id);
    if (authority.empty() || host == fields.end() || host->value == authority) return;
    context.request->fields.replace_value(*context.arena, static_cast<std::size_t>(host - fields.begin()),
                                          authority);
}

void join(Context& context, const Split& split, std::string_view part) {
    context.request->set_target(context.arena->concat({split.before, part, split.after}));
    if (context.request->method != http::Method::connect) follow_authority(context);
}

bool ready(const Context& context) {
    return context.request != nullptr && context.arena != nullptr;
}

class SetPart final : public Action {
 public:
    SetPart(Part part, LogFormat value) : part_(part), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        if (!ready(context)) return true;
        thread_local std::string scratch;
        const std::string_view value = render(value_, context, scratch);
        const Split split = split_target(*context.request, part_);
        if (part_ == Part::query && !split.before.ends_with('?')) {
            if (!value.empty())
                context.request->set_target(context.arena->concat({split.before, "?", value}));
            return true;
        }
        if (part_ != Part::query && value.empty()) return true;  // a request without target cannot be sent
        join(context, split, value);
        return true;
    }

 private:
    Part part_;
    LogFormat value_;
};

template <Part part>
ActionPtr parse_set(ActionWords& words) {
    auto value = words.take_format("a value");
    if (!value) return nullptr;
    return std::make_shared<SetPart>(part, std::move(*value));
}

class ReplacePart final : public Action {
 public:
    ReplacePart(Part part, Regex regex, LogFormat value)
        : part_(part), regex_(std::move(regex)), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        if (!ready(context)) return true;
        const Split split = split_target(*context.request, part_);
        if (!regex_.search(split.part)) return true;
        thread_local std::string scratch, result;
        result.clear();
        regex_.expand(split.part, render(value_, context, scratch), result);
        if (!result.empty()) join(context, split, result);
        return true;
    }

 private:
    Part part_;
    Regex regex_;
    LogFormat value_;
};

template <Part part>
ActionPtr parse_replace(ActionWords& words) {
    auto regex = words.take_regex("a regular expression");
    if (!regex) return nullptr;
    auto value = words.take_format("a replacement after the regular expression");
    if (!value) return nullptr;
    return std::make_shared<ReplacePart>(part, std::move(*regex), std::move(*value));
}

class SetMethod final : public Action {
 public:
    explicit SetMethod(LogFormat value) : value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        if (!ready(context)) return true;
        thread_local std::string scratch;
        const std::string_view value = render(value_, context, scratch);
        // Anything but letters would change the request line's shape.
        if (value.empty() ||
            !std::ranges::all_of(value, [](char c) { return is_alnum(c) || c == '-' || c == '_'; }))
            return true;
        context.request->method_text = context.arena->copy(value);
        context.request->method = http::method_id(context.request->method_text);
        context.request->raw_start_line = {};
        return true;
    }

 private:
    LogFormat value_;
};

ActionPtr parse_set_method(ActionWords& words) {
    auto value = words.take_format("a method");
    if (!value) return nullptr;
    return std::make_shared<SetMethod>(std::move(*value));
}

class SetStatus final : public Action {
 public:
    SetStatus(int status, std::string reason) : status_(status), reason_(std::move(reason)) {}

    bool run(Context& context, Verdict&) const override {
        if (context.response == nullptr) return true;
        context.response->status = status_;
        context.response->reason = reason_;
        context.response->raw_start_line = {};
        return true;
    }

 private:
    int status_;
    std::string reason_;
};

ActionPtr parse_set_status(ActionWords& words) {
    const auto status = words.take_status(100, 999);
    if (!status) return nullptr;
    std::string reason(http::reason_phrase(*status));
    if (words.take_if("reason")) {
        const auto text = words.take("a text after 'reason'");
        if (!text) return nullptr;
        reason = *text;
    }
    return std::make_shared<SetStatus>(*status, std::move(reason));
}

constexpr std::array kRows{
    ActionRow{"set-path", kInRequest, parse_set<Part::path>, "replace the path"},
    ActionRow{"set-pathq", kInRequest, parse_set<Part::path_and_query>, "replace path and query"},
    ActionRow{"set-query", kInRequest, parse_set<Part::query>, "replace the query"},
    ActionRow{"set-uri", kInRequest, parse_set<Part::whole>, "replace the whole target"},
    ActionRow{"replace-path", kInRequest, parse_replace<Part::path>, "rewrite the path by a regex"},
    ActionRow{"replace-pathq", kInRequest, parse_replace<Part::path_and_query>,
              "rewrite path and query by a regex"},
    ActionRow{"replace-uri", kInRequest, parse_replace<Part::whole>, "rewrite the whole target by a regex"},
    ActionRow{"set-method", kInRequest, parse_set_method, "replace the method"},
    ActionRow{"set-status", kInResponse | kInAfter, parse_set_status, "replace the status"},
};

}  // namespace

std::span<const ActionRow> target_actions() {
    return kRows;
}

}  // namespace proxyd::rules
