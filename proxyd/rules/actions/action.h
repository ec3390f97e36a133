// Actions of http-request, http-response and http-after-response: one row per name, one file per family.
// Internal to the rules room.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/regex.h"
#include "proxyd/rules/rule_set.h"

namespace proxyd::rules {

// A compiled action. Runs on any worker, so it holds no state.
class Action {
 public:
    virtual ~Action() = default;
    // True: go on with the next rule. False: `verdict` says how the set ends.
    virtual bool run(Context& context, Verdict& verdict) const = 0;
    // After Verdict::Kind::wait, for the action that is Context::suspended.
    virtual void resume(Context&) const {}
};
using ActionPtr = std::shared_ptr<const Action>;

// The words of one rule after the action's name. The condition starts at the first `if` or `unless` that an
// action does not take as an argument.
class ActionWords {
 public:
    // `call`: what stands in parentheses after the name, as in set-var(txn.x).
    ActionWords(std::string_view name, std::string_view call, Phase phase, std::span<const std::string> words,
                Catalogue& catalogue, common::Location where, common::Diagnostics& out)
        : name_(name),
          call_(call),
          phase_(phase),
          words_(words),
          catalogue_(catalogue),
          where_(where),
          out_(out) {}

    std::string_view name() const { return name_; }
    std::string_view call() const { return call_; }
    Catalogue& catalogue() const { return catalogue_; }
    Phase phase() const { return phase_; }
    Places places() const { return places_of(phase_, catalogue_.sides); }  // where its samples are taken
    common::Location where() const { return where_; }
    bool at_end() const { return words_.empty() || words_[0] == "if" || words_[0] == "unless"; }
    std::string_view peek() const { return at_end() ? std::string_view() : std::string_view(words_[0]); }
    // The next word whatever it is; nothing (and an error that says what is missing) at the end.
    std::optional<std::string_view> take(std::string_view what);
    bool take_if(std::string_view word);  // true when it was next
    std::span<const std::string> rest() const { return words_; }

    ActionPtr refuse(std::string message) const;
    void warn(std::string message) const { out_.warning(where_, std::move(message)); }

    // take() and compile; nothing and an error when either fails.
    std::optional<LogFormat> take_format(std::string_view what, LogUse use = LogUse::header);
    std::optional<Expression> take_expression(std::string_view what);
    std::optional<Regex> take_regex(std::string_view what);
    std::optional<int> take_status(int low, int high);

 private:
    std::string_view name_, call_;
    Phase phase_;
    std::span<const std::string> words_;
    Catalogue& catalogue_;
    common::Location where_;
    common::Diagnostics& out_;
};

inline constexpr unsigned kInRequest = 1U << static_cast<unsigned>(Phase::http_request);
inline constexpr unsigned kInResponse = 1U << static_cast<unsigned>(Phase::http_response);
inline constexpr unsigned kInAfter = 1U << static_cast<unsigned>(Phase::http_after_response);
inline constexpr unsigned kInHttp = kInRequest | kInResponse | kInAfter;
inline constexpr unsigned kInConnection = 1U << static_cast<unsigned>(Phase::tcp_connection);
inline constexpr unsigned kInSession = 1U << static_cast<unsigned>(Phase::tcp_session);
inline constexpr unsigned kInContent = 1U << static_cast<unsigned>(Phase::tcp_content);
inline constexpr unsigned kInTcpResponse = 1U << static_cast<unsigned>(Phase::tcp_response);
inline constexpr unsigned kInTcp = kInConnection | kInSession | kInContent;
inline constexpr unsigned kEverywhere = kInHttp | kInTcp | kInTcpResponse;

struct ActionRow {
    std::string_view name;
    unsigned phases;
    ActionPtr (*parse)(ActionWords&);  // null after a complaint
    std::string_view help;
    bool called = false;  // its name carries an argument in parentheses
    bool last = false;    // no rule after it runs
};

constexpr ActionRow last(ActionRow row) {
    row.last = true;
    return row;
}

std::span<const ActionRow> header_actions();
std::span<const ActionRow> target_actions();
std::span<const ActionRow> verdict_actions();
std::span<const ActionRow> redirect_actions();
std::span<const ActionRow> misc_actions();
std::span<const ActionRow> variable_actions();
std::span<const ActionRow> list_actions();
std::span<const ActionRow> auth_actions();
std::span<const ActionRow> tcp_actions();
std::span<const ActionRow> track_actions();
std::span<const ActionRow> capture_actions();
std::span<const ActionRow> connection_actions();
std::span<const ActionRow> normalize_actions();
std::span<const ActionRow> choice_actions();
std::span<const ActionRow> cache_actions();
std::span<const ActionRow> waiting_actions();
std::span<const ActionRow> bandwidth_actions();

// `redirect` with literal text: the old keyword takes no log format.
ActionPtr parse_redirect(ActionWords& words, bool literal);

// reqadd, rspidel, ...
struct LegacyRow {
    std::string_view name;
    Phase phase;
    bool ignore_case;
    ActionPtr (*parse)(ActionWords&, bool ignore_case);
    std::string_view modern;  // what to write today
};
std::span<const LegacyRow> legacy_keywords();

// The message that a phase works on.
inline http::Message* message_of(Phase phase, Context& context) {
    return phase == Phase::http_request ? context.request : context.response;
}

// Renders into memory that lives as long as the thread; the view ends with the next call of the same slot.
std::string_view render(const LogFormat& format, const Context& context, std::string& scratch);

}  // namespace proxyd::rules
