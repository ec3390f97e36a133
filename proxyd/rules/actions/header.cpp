// Actions on header fields: add-header, set-header, del-header, replace-header, replace-value.
#include <array>

#include "common/keyword_table.h"
#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/fields_walk.h"
#include "proxyd/rules/regex.h"

namespace proxyd::rules {
namespace {

bool valid_field_name(std::string_view name) {
    constexpr std::string_view kSpecial = "!#$%&'*+-.^_`|~";  // RFC 9110 section 5.6.2
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return is_alnum(c) || kSpecial.find(c) != std::string_view::npos;
    });
}

std::optional<std::string_view> take_name(ActionWords& words) {
    const auto name = words.take("a header name");
    if (!name || valid_field_name(*name)) return name;
    words.refuse("'" + std::string(words.name()) + "': '" + std::string(*name) + "' is no header name");
    return std::nullopt;
}

class WriteHeader final : public Action {
 public:
    WriteHeader(Phase phase, std::string name, LogFormat value, bool replace)
        : phase_(phase), name_(std::move(name)), value_(std::move(value)), replace_(replace) {}

    bool run(Context& context, Verdict&) const override {
        http::Message* message = message_of(phase_, context);
        if (message == nullptr || context.arena == nullptr) return true;
        thread_local std::string scratch;
        const std::string_view value = render(value_, context, scratch);
        if (replace_)
            message->fields.set(*context.arena, name_, value);
        else
            message->fields.add(*context.arena, name_, value);
        return true;
    }

 private:
    Phase phase_;
    std::string name_;
    LogFormat value_;
    bool replace_;
};

template <bool replace>
ActionPtr parse_write(ActionWords& words) {
    const auto name = take_name(words);
    if (!name) return nullptr;
    auto value = words.take_format("a value after the header name");
    if (!value) return nullptr;
    return std::make_shared<WriteHeader>(words.phase(), std::string(*name), std::move(*value), replace);
}

enum class NameMatch : unsigned char { exact, prefix, suffix, substring, regex };

struct NameMatchRow {
    std::string_view name;
    NameMatch match;
};
constexpr std::array kNameMatches{
    NameMatchRow{"str", NameMatch::exact},  NameMatchRow{"beg", NameMatch::prefix},
    NameMatchRow{"end", NameMatch::suffix}, NameMatchRow{"sub", NameMatch::substring},
    NameMatchRow{"reg", NameMatch::regex},
};

class DeleteHeader final : public Action {
 public:
    DeleteHeader(Phase phase, std::string name, NameMatch match, std::optional<Regex> regex)
        : phase_(phase), name_(std::move(name)), match_(match), regex_(std::move(regex)) {}

    bool run(Context& context, Verdict&) const override {
        if (http::Message* message = message_of(phase_, context); message != nullptr)
            message->fields.remove_if([this](const http::Field& field) { return matches(field.name); });
        return true;
    }

 private:
    bool matches(std::string_view field) const {
        const std::size_t size = name_.size();
        switch (match_) {
            case NameMatch::exact:
                return same_text(field, name_, true);
            case NameMatch::prefix:
                return field.size() >= size && same_text(field.substr(0, size), name_, true);
            case NameMatch::suffix:
                return field.size() >= size && same_text(field.substr(field.size() - size), name_, true);
            case NameMatch::substring:
                return !std::ranges::search(field, name_, {}, lower, lower).empty() || name_.empty();
            case NameMatch::regex:
                return regex_->search(field);
        }
        return false;
    }

    Phase phase_;
    std::string name_;
    NameMatch match_;
    std::optional<Regex> regex_;
};

ActionPtr parse_delete(ActionWords& words) {
    const auto name = words.take("a header name");
    if (!name) return nullptr;
    NameMatch match = NameMatch::exact;
    if (words.take_if("-m")) {
        const auto method = words.take("a match method after '-m'");
        if (!method) return nullptr;
        const auto* row = common::find_row(std::span<const NameMatchRow>(kNameMatches), *method);
        if (row == nullptr)
            return words.refuse("'del-header': the match method '" + std::string(*method) +
                                "' is none of str, beg, end, sub, reg");
        match = row->match;
    }
    if (match == NameMatch::exact && !valid_field_name(*name))
        words.warn("'del-header': '" + std::string(*name) +
                   "' is no header name, so nothing is removed; a pattern needs '-m reg' after it");
    std::optional<Regex> regex;
    if (match == NameMatch::regex) {
        auto compiled = Regex::compile(*name, true);
        if (!compiled) return words.refuse("'del-header': " + compiled.error().text);
        regex = std::move(*compiled);
    }
    return std::make_shared<DeleteHeader>(words.phase(), std::string(*name), match, std::move(regex));
}

// Whole values (replace-header) or each value of a list (replace-value) that match are replaced entirely.
class ReplaceHeader final : public Action {
 public:
    ReplaceHeader(Phase phase, std::string name, Regex regex, LogFormat value, bool each_value)
        : phase_(phase),
          name_(std::move(name)),
          regex_(std::move(regex)),
          value_(std::move(value)),
          each_value_(each_value) {}

    bool run(Context& context, Verdict&) const override {
        http::Message* message = message_of(phase_, context);
        if (message == nullptr || context.arena == nullptr) return true;
        thread_local std::string scratch, result;
        std::string_view substitute;  // rendered at the first field that needs it
        const auto& fields = message->fields.all();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (!same_text(fields[i].name, name_, true)) continue;
            if (substitute.data() == nullptr) substitute = render(value_, context, scratch);
            result.clear();
            if (each_value_ ? replace_values(fields[i].value, substitute, result)
                            : regex_.expand(fields[i].value, substitute, result))
                message->fields.replace_value(*context.arena, i, result);
        }
        return true;
    }

 private:
    bool replace_values(std::string_view line, std::string_view substitute, std::string& out) const {
        bool any = false;
        for (;;) {
            // What replaces a value replaces the blanks around it, too, as in HAProxy.
            const std::size_t end = list_value_end(line);
            const std::string_view whole = line.substr(0, end);
            if (regex_.expand(trim_blanks(whole), substitute, out))
                any = true;
            else
                out += whole;
            if (end == line.size()) return any;
            out += ',';
            line.remove_prefix(end + 1);
        }
    }

    Phase phase_;
    std::string name_;
    Regex regex_;
    LogFormat value_;
    bool each_value_;
};

template <bool each_value>
ActionPtr parse_replace(ActionWords& words) {
    const auto name = take_name(words);
    if (!name) return nullptr;
    auto regex = words.take_regex("a regular expression after the header name");
    if (!regex) return nullptr;
    auto value = words.take_format("a replacement after the regular expression");
    if (!value) return nullptr;
    return std::make_shared<ReplaceHeader>(words.phase(), std::string(*name), std::move(*regex),
                                           std::move(*value), each_value);
}

constexpr std::array kRows{
    ActionRow{"add-header", kInHttp, parse_write<false>, "append a header field"},
    ActionRow{"set-header", kInHttp, parse_write<true>, "replace a header field, or append it"},
    ActionRow{"del-header", kInHttp, parse_delete, "remove header fields"},
    ActionRow{"replace-header", kInHttp, parse_replace<false>, "rewrite a header field's value by a regex"},
    ActionRow{"replace-value", kInHttp, parse_replace<true>, "rewrite each value of a list by a regex"},
};

}  // namespace

std::span<const ActionRow> header_actions() {
    return kRows;
}

}  // namespace proxyd::rules
