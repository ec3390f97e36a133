// Variables of rules (configuration manual 2.8): named values that live as long as their scope.
// Names are taken apart when the configuration is read; at run time a variable is found by the hash of its
// name. Texts of a transaction lie in its arena, so that setting one allocates nothing in the steady state.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "common/error.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {

struct Context;
class VariableSpace;

enum class VariableScope : std::uint8_t {
    process,      // proc: shared by all workers
    session,      // sess: one client connection
    transaction,  // txn: one request and its response
    request,      // req: until the response comes
    response,     // res: from then on
    check         // check: one health check
};
inline constexpr std::size_t kVariableScopes = 6;

// "txn.user": the scope, and the name behind the dot. Lives in the configuration.
struct VariableName {
    VariableScope scope = VariableScope::transaction;
    std::string name;
    std::uint64_t hash = 0;
    std::shared_ptr<VariableSpace> space;  // holds proc variables and the limits; may be null

    // Letters, digits, '.' and '_' after one of the scopes.
    static common::Result<VariableName> parse(std::string_view text, std::shared_ptr<VariableSpace> space);
};

// The variables of one scope. One thread.
class Variables {
 public:
    // `keep_text`: the store copies texts itself (sessions); otherwise set() copies them into the arena.
    explicit Variables(bool keep_text = false) : keep_text_(keep_text) {}

    const Sample* find(const VariableName& name) const;
    void set(const VariableName& name, const Sample& value, common::Arena* arena);
    void unset(const VariableName& name);
    void clear();                                 // keeps the room
    std::size_t bytes() const { return bytes_; }  // as `tune.vars.*` counts them

    // What a variable costs besides its text.
    static constexpr std::size_t kOverhead = 48;

 private:
    struct Slot {
        std::uint64_t hash;
        std::string_view name;  // in the configuration
        Sample value;
        std::unique_ptr<std::string> text;  // with keep_text_
    };
    Slot* slot(const VariableName& name);

    std::vector<Slot> slots_;
    std::size_t bytes_ = 0;
    bool keep_text_;
};

// What an exchange carries: txn, and req, which becomes res with the response.
struct ExchangeVariables {
    Variables transaction;
    Variables current;  // req or res
    bool response = false;

    void clear() {
        transaction.clear();
        current.clear();
        response = false;
    }
};

// Variables of the process, and the limits of all scopes (tune.vars.*). Any thread.
class VariableSpace {
 public:
    // The value, its text copied to the arena; false: not set (or a text without an arena).
    bool get(const VariableName& name, common::Arena* arena, Sample& out) const;
    void set(const VariableName& name, const Sample& value);
    void unset(const VariableName& name);

    // Bytes a scope may use; 0: no limit. Req and res share one.
    void set_limit(VariableScope scope, std::size_t bytes);
    void set_total_limit(std::size_t bytes) { total_limit_ = bytes; }
    bool fits(VariableScope scope, std::size_t bytes) const;

 private:
    struct Value {
        Sample sample;
        std::string text;
    };
    mutable std::shared_mutex mutex_;
    std::map<std::string, Value, std::less<>> values_;
    std::size_t bytes_ = 0;
    std::array<std::size_t, kVariableScopes> limits_{};
    std::size_t total_limit_ = 0;
};

// The value of a variable here and now; false: not set, or its scope does not exist here.
bool get_variable(const Context& context, const VariableName& name, Sample& out);
// Without effect where the scope does not exist, or when the limit of the scope is reached.
void set_variable(const Context& context, const VariableName& name, const Sample& value);
void unset_variable(const Context& context, const VariableName& name);

// The conditions of `set-var(name[,cond...])`: ifexists, ifnotexists, ifempty, ifnotempty, ifset, ifnotset,
// ifgt, iflt.
struct VariableConditions {
    unsigned bits = 0;

    static common::Result<VariableConditions> parse(std::string_view text);  // between commas
    // `before`: the value so far, null: not set.
    bool allow(const Sample* before, const Sample& value) const;
};

// "name[,cond...]" as it stands in the parentheses of set-var.
struct VariableTarget {
    VariableName name;
    VariableConditions conditions;

    static common::Result<VariableTarget> parse(std::string_view text, std::shared_ptr<VariableSpace> space);
};

// set_variable() unless the conditions forbid it.
void assign_variable(const Context& context, const VariableName& name, VariableConditions conditions,
                     const Sample& value);

}  // namespace proxyd::rules
