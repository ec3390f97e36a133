// Redirects: location, prefix, scheme (configuration manual 4.2 "redirect").
#include <algorithm>
#include <array>

#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

enum class Target : unsigned char { location, prefix, scheme };

struct TargetRow {
    std::string_view name;
    Target target;
};
constexpr std::array kTargets{
    TargetRow{"location", Target::location},
    TargetRow{"prefix", Target::prefix},
    TargetRow{"scheme", Target::scheme},
};

struct RedirectSpec {
    Target target = Target::location;
    LogFormat value;
    int status = 302;
    bool drop_query = false, append_slash = false, ignore_empty = false, keep_query = false;
    std::string cookie;  // whole Set-Cookie value
};

class Redirect final : public Action {
 public:
    explicit Redirect(RedirectSpec spec) : spec_(std::move(spec)), cookie_{"set-cookie", spec_.cookie} {}
    Redirect(const Redirect&) = delete;

    bool run(Context& context, Verdict& verdict) const override {
        if (context.arena == nullptr || context.request == nullptr) return true;
        thread_local std::string value_scratch, location;
        const std::string_view value = render(spec_.value, context, value_scratch);
        if (value.empty() && spec_.ignore_empty) return true;
        location.clear();
        build(*context.request, value, location);
        verdict.kind = Verdict::Kind::redirect;
        verdict.status = spec_.status;
        verdict.location = context.arena->copy(location);
        if (!spec_.cookie.empty()) verdict.fields = {&cookie_, 1};
        return false;
    }

 private:
    void build(const http::Message& request, std::string_view value, std::string& out) const {
        std::string_view path = request.path_and_query();
        if (spec_.drop_query) path = path.substr(0, path.find('?'));
        switch (spec_.target) {
            case Target::location: {
                out += value;
                if (spec_.keep_query && request.target.find('?') != std::string_view::npos) {
                    out += value.find('?') == std::string_view::npos ? '?' : '&';
                    out += request.query();
                }
                return;
            }
            case Target::scheme:
                out += value;
                out += "://";
                out += request.host();
                if (path.empty()) path = "/";
                break;
            case Target::prefix:
                if (value != "/") out += value;
                break;
        }
        out += path;
        if (spec_.append_slash && !out.ends_with('/')) out += '/';
    }

    RedirectSpec spec_;
    ReplyField cookie_;
};

bool parse_code(ActionWords& words, int& status) {
    const auto code = words.take("a code after 'code'");
    if (!code) return false;
    for (const auto& [text, number] :
         {std::pair{"301", 301}, {"302", 302}, {"303", 303}, {"307", 307}, {"308", 308}}) {
        if (*code != text) continue;
        status = number;
        return true;
    }
    words.refuse("'redirect': '" + std::string(*code) + "' is no redirect code (301, 302, 303, 307 or 308)");
    return false;
}

bool parse_value(ActionWords& words, bool literal, RedirectSpec& spec) {
    if (!literal) {
        auto value = words.take_format("a text to redirect to");
        if (value) spec.value = std::move(*value);
        return value.has_value();
    }
    const auto word = words.take("a text to redirect to");
    if (!word) return false;
    std::string escaped;
    for (char c : *word) escaped.append(c == '%' ? 2 : 1, c);
    spec.value = *LogFormat::compile(escaped, LogUse::header);
    return true;
}

// One option with its arguments; false after a complaint.
bool parse_option(ActionWords& words, bool literal, bool& has_target, RedirectSpec& spec) {
    const std::string_view word = words.peek();
    if (const auto row = std::ranges::find(kTargets, word, &TargetRow::name); row != kTargets.end()) {
        words.take_if(word);
        spec.target = row->target;
        has_target = true;
        return parse_value(words, literal, spec);
    }
    if (words.take_if("code")) return parse_code(words, spec.status);
    if (words.take_if("drop-query")) return spec.drop_query = true;
    if (words.take_if("append-slash")) return spec.append_slash = true;
    if (words.take_if("ignore-empty")) return spec.ignore_empty = true;
    if (words.take_if("keep-query")) return spec.keep_query = true;
    const bool set = words.take_if("set-cookie");
    if (set || words.take_if("clear-cookie")) {
        const auto cookie = words.take("a cookie");
        if (!cookie) return false;
        spec.cookie = std::string(*cookie) + (set ? "; path=/;" : "; path=/; Max-Age=0;");
        return true;
    }
    words.refuse(
        "'redirect': unknown option '" + std::string(word) +
        "' (known are location, prefix, scheme, code, drop-query, append-slash, ignore-empty, keep-query, "
        "set-cookie, clear-cookie)");
    return false;
}

ActionPtr parse_with_format(ActionWords& words) {
    return parse_redirect(words, false);
}

constexpr std::array kRows{
    last(ActionRow{"redirect", kInRequest | kInResponse, parse_with_format, "answer with a redirect"}),
};

}  // namespace

ActionPtr parse_redirect(ActionWords& words, bool literal) {
    RedirectSpec spec;
    bool has_target = false;
    while (!words.at_end())
        if (!parse_option(words, literal, has_target, spec)) return nullptr;
    if (!has_target) return words.refuse("'redirect' needs one of 'location', 'prefix' or 'scheme'");
    return std::make_shared<Redirect>(std::move(spec));
}

std::span<const ActionRow> redirect_actions() {
    return kRows;
}

}  // namespace proxyd::rules
