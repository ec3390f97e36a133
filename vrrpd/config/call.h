// One statement in the hands of its keyword's function: arguments with their checks and complaints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/diagnostics.h"
#include "vrrpd/config/draft.h"
#include "vrrpd/config/tree.h"

namespace vrrpd::config {

class Call {
 public:
    Call(const Statement& statement, Draft& draft, common::Diagnostics& diagnostics)
        : statement_(statement), draft_(draft), diagnostics_(diagnostics) {}

    const Statement& statement() const { return statement_; }
    Draft& draft() { return draft_; }
    common::Diagnostics& diagnostics() { return diagnostics_; }
    common::Location where() const { return statement_.where; }

    // Arguments, from 1.
    std::size_t count() const { return statement_.words.size() - 1; }
    bool has(std::size_t index) const { return index <= count(); }
    const std::string& word(std::size_t index) const { return statement_.words[index].text; }

    void warn(std::string text) {
        diagnostics_.warning(where(), "'" + statement_.name() + "': " + std::move(text));
    }
    void error(std::string text) {
        diagnostics_.error(where(), "'" + statement_.name() + "': " + std::move(text));
    }
    void note(std::string text) {
        diagnostics_.notice(where(), "'" + statement_.name() + "': " + std::move(text));
    }

    // A missing argument is an error (keepalived refuses the file, too); anything else wrong is a warning,
    // and the answer is empty: the default stays.
    std::optional<std::string> text(std::size_t index = 1);
    std::optional<std::int64_t> number(std::int64_t low, std::int64_t high, std::size_t index = 1);
    // Decimal seconds with microsecond resolution.
    std::optional<Duration> seconds(double low, double high, std::size_t index = 1);
    std::optional<Duration> milliseconds(std::int64_t low, std::int64_t high, std::size_t index = 1);
    // on, off, true, false, yes, no; nothing: true.
    std::optional<bool> boolean(std::size_t index = 1);
    std::optional<IpAddress> address(std::size_t index = 1);
    // "NAME [weight W [reverse|noreverse]]" behind the word at `index`; false after a complaint.
    bool weight(std::size_t index, int most, std::optional<int>& value, std::optional<bool>& reverse);

    // "[all] SECONDS" of garp_extra_if.
    void extra_announcements(GarpSettings& garp);

    // A program: one quoted word is split into arguments; without quotes all words are arguments.
    Command command();
    // For notify and its like, where words behind the program are its user and group.
    Command command_with_user();
    RunAs run_as(std::size_t index);

    // The statements of its block; a complaint when there is none.
    const std::vector<Statement>& block();

 private:
    const Statement& statement_;
    Draft& draft_;
    common::Diagnostics& diagnostics_;
};

}  // namespace vrrpd::config
