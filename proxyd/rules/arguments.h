// Arguments of sample fetches, converters and actions: `name(a,"b c",3)`. Checked and converted when the
// configuration is read, so that nothing is parsed or looked up by name at run time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/error.h"
#include "proxyd/rules/catalogue.h"
#include "proxyd/rules/context.h"
#include "proxyd/rules/network.h"
#include "proxyd/rules/regex.h"
#include "proxyd/rules/variables.h"

namespace proxyd::rules {

enum class ArgumentKind : std::uint8_t {
    none,
    text,
    number,      // decimal, may be negative
    proxy,       // name of a section
    server,      // [BACKEND/]SERVER
    address,     // an address, optionally with a mask
    mask4,       // IPv4 mask: 24 or 255.255.255.0
    mask6,       // IPv6 prefix length
    expression,  // regular expression
    variable,    // SCOPE.NAME
    value,       // number, or the variable that holds one
};

// How many and of which kinds; kinds past the last given one are `none`.
struct ArgumentSpec {
    std::uint8_t minimum = 0;
    std::array<ArgumentKind, 12> kinds{};

    std::size_t maximum() const;
};

// A section named by an argument: found by name at the first use, by number afterwards (sections are parsed
// one by one, so the index is not known yet when the name is read). Several workers may find it at the same
// time.
class ProxyName {
 public:
    explicit ProxyName(std::string name) : name_(std::move(name)) {}
    ProxyName(const ProxyName& other) : name_(other.name_), index_(other.index_.load()) {}
    ProxyName& operator=(const ProxyName& other) {
        name_ = other.name_;
        index_ = other.index_.load();
        return *this;
    }

    const std::string& name() const { return name_; }
    state::ProxyState* find(const Context& context) const;  // null: no such section

 private:
    std::string name_;
    mutable std::atomic<int> index_{-1};
};

struct ServerName {
    std::optional<ProxyName> backend;  // empty: the current one
    std::string name;
    state::ServerState* find(const Context& context) const;
};

// What a row prepares from its arguments beyond these kinds (an opened map, a list of users).
struct Prepared {
    virtual ~Prepared() = default;
};

using Argument = std::variant<std::monostate, std::string, std::int64_t, ProxyName, ServerName, Network,
                              Regex, VariableName, std::shared_ptr<const Prepared>>;

class Arguments {
 public:
    // `text` stands between the parentheses. `where` names the word for messages. `catalogue` may be null:
    // then proc variables have no value.
    static common::Result<Arguments> parse(std::string_view text, bool given, const ArgumentSpec& spec,
                                           std::string_view where, Catalogue* catalogue = nullptr);

    std::size_t size() const { return values_.size(); }
    bool has(std::size_t i) const { return i < values_.size() && values_[i].index() != 0; }
    std::string_view text(std::size_t i, std::string_view otherwise = {}) const;
    std::int64_t number(std::size_t i, std::int64_t otherwise = 0) const;
    // The section named by argument i, or `otherwise` when there is none.
    state::ProxyState* proxy(std::size_t i, const Context& context, state::ProxyState* otherwise) const;
    state::ServerState* server(std::size_t i, const Context& context) const;
    const Network& network(std::size_t i) const { return std::get<Network>(values_[i]); }
    const Regex& regex(std::size_t i) const { return std::get<Regex>(values_[i]); }
    const VariableName& variable(std::size_t i) const { return std::get<VariableName>(values_[i]); }
    // The number of a `value`; false: the variable is not set or holds none.
    bool value(std::size_t i, const Context& context, std::int64_t& out) const;
    // What a row's prepare() left behind at place i.
    template <class T>
    const T& prepared(std::size_t i) const {
        return static_cast<const T&>(*std::get<std::shared_ptr<const Prepared>>(values_[i]));
    }
    // Replaced by a check function that prepares an argument (a decoded string, a looked-up word).
    void set(std::size_t i, Argument value);

 private:
    std::vector<Argument> values_;
};

// Where the parenthesis opened at text[0] closes, or npos: quotes and backslashes are respected.
std::size_t closing_parenthesis(std::string_view text);

}  // namespace proxyd::rules
