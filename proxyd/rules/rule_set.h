// Rule sets: ordered actions with conditions (http-request, http-response, reqadd ..., redirect), compiled once and run
// per message. Owner: the rules room; its table of actions is the only place that knows their names.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/rules/acl.h"
#include "proxyd/rules/context.h"

namespace proxyd::rules {

enum class Phase : unsigned char { http_request, http_response, http_after_response };

// What a run of rules ended with. Views live in the context's arena or the configuration.
struct Verdict {
    enum class Kind : unsigned char { pass, allow, deny, redirect };
    Kind kind = Kind::pass;
    int status = 0;                  // deny: 403 by default; redirect: 301, 302, 303, 307, 308
    std::string_view location;       // redirect
    std::string_view set_cookie;     // redirect ... set-cookie
    bool keep_query = false;
};

class RuleSet {
   public:
    RuleSet();
    ~RuleSet();
    RuleSet(RuleSet&&) noexcept;
    RuleSet& operator=(RuleSet&&) noexcept;

    // words: after `http-request` / `http-response`: ACTION [arguments] [if|unless condition].
    bool add(Phase phase, std::span<const std::string> words, const AclSet& acls, common::Location where,
             common::Diagnostics& out);
    // The old keyword `redirect scheme|location|prefix X [code N] ...`.
    bool add_redirect(std::span<const std::string> words, const AclSet& acls, common::Location where,
                      common::Diagnostics& out);
    // reqadd, rspadd, reqdel, reqidel, reqdeny, reqrep, ... (removed from HAProxy; the caller warns).
    bool add_legacy(std::string_view keyword, std::span<const std::string> words, const AclSet& acls,
                    common::Location where, common::Diagnostics& out);

    bool empty() const;
    Verdict run(Context& context) const;
    // Names of the actions of a phase, for "did you mean" and the reference page.
    static std::vector<std::string_view> action_names(Phase phase);

   private:
    struct Rule;
    std::vector<Rule> rules_;
};

}  // namespace proxyd::rules
