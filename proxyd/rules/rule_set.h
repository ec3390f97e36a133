// Rule sets: ordered actions with conditions (http-request, http-response, reqadd ..., redirect), compiled
// once and run per message. Owner: the rules room; its table of actions is the only place that knows their
// names.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/rules/acl.h"
#include "proxyd/rules/context.h"

namespace proxyd::rules {

struct BodyWait;

enum class Phase : unsigned char {
    http_request,
    http_response,
    http_after_response,
    tcp_connection,  // tcp-request connection: accepted, nothing read
    tcp_session,     // tcp-request session: after the handshake
    tcp_content,     // tcp-request content: looks at the first bytes
    tcp_response     // tcp-response content: looks at the first bytes of the server
};
inline constexpr std::size_t kPhases = 7;

// A field of a reply that rules ask for.
struct ReplyField {
    std::string_view name, value;
};

// What a run of rules ended with. Views live in the context's arena or the configuration.
struct Verdict {
    enum class Kind : unsigned char {
        undecided,    // more input is needed to tell (only while Context::input_final is false)
        pass,         // the set came to its end
        allow,        // stop here, go on with the exchange
        deny,         // status, body: the error file of that status
        redirect,     // status, location and fields; no body
        reply,        // status, content_type, body, fields (http-request return, deny with a payload)
        tarpit,       // as deny, but after timeout tarpit
        reject,       // close the connection without an answer
        close,        // of the server: what it sent passes, then its connection ends
        wait_body,    // `wait`: go on at rule `next` when the message's body is here
        wait,         // go on at rule `next` after `pause`, or when Context::lookup has its answer
        silent_drop,  // as reject, and let the client wait
        challenge,    // 401: `realm` (http-request auth)
        switch_http,  // a TCP connection goes on as HTTP (tcp-request content switch-mode)
        service,      // the process's metrics answer (http-request use-service prometheus-exporter)
    };
    Kind kind = Kind::pass;
    int status = 0;  // deny: 403 (request) or 502 (response) by default; redirect: 301, 302, 303, 307, 308
    bool refuses =
        true;  // deny and reply: logged and counted as refused; false: `return`, an answer like any
    const BodyWait* wait = nullptr;  // wait_body
    std::size_t next = 0;            // wait_body, wait
    common::Duration pause{0};       // wait; 0: for an answer
    std::string_view location;       // redirect
    std::string_view realm;          // challenge
    std::string_view content_type;   // reply; empty: no such field
    std::string_view body;           // reply
    std::string_view file;           // reply: instead of all that, a whole response as an errorfile has it
    bool own_answer = false;         // tarpit: answers with what `reply` would, not with the error page
    std::span<const ReplyField> fields;  // reply and redirect: more fields (set-cookie, hdr)
};

// "http-request", "tcp-request content", ...
std::string_view phase_name(Phase phase);

struct ActionHelp {
    std::string_view name, help;
    bool called;  // its name carries an argument in parentheses
};

class RuleSet {
 public:
    RuleSet();
    ~RuleSet();
    RuleSet(const RuleSet&);  // shares the compiled rules
    RuleSet(RuleSet&&) noexcept;
    RuleSet& operator=(const RuleSet&);
    RuleSet& operator=(RuleSet&&) noexcept;

    // words: after `http-request` / `http-response`: ACTION [arguments] [if|unless condition].
    bool add(Phase phase, std::span<const std::string> words, const AclSet& acls, common::Location where,
             common::Diagnostics& out);
    // The old keyword `redirect scheme|location|prefix X [code N] ...`.
    bool add_redirect(std::span<const std::string> words, const AclSet& acls, common::Location where,
                      common::Diagnostics& out);
    // reqadd, rspadd, reqdel, reqidel, reqdeny, reqrep, block, ... Removed from HAProxy: warns with the
    // modern form.
    bool add_legacy(std::string_view keyword, std::span<const std::string> words, const AclSet& acls,
                    common::Location where, common::Diagnostics& out);

    // All rules of `other` after the own ones; they share the compiled form.
    void append(const RuleSet& other);

    bool empty() const;
    std::size_t size() const;
    // Whether the last rule decides always, so that none added now would ever run.
    bool decided() const;
    // `from`: the first rule that runs, see Verdict::next.
    Verdict run(Context& context, std::size_t from = 0) const;
    // Whether a keyword belongs to the old families (reqadd, rspidel, block, ...).
    static bool is_legacy(std::string_view keyword);
    static std::vector<std::string_view> legacy_names();
    // Names of the actions of a phase, for "did you mean" and the reference page.
    static std::vector<std::string_view> action_names(Phase phase);
    static std::vector<ActionHelp> actions(Phase phase);

 private:
    Verdict run_inspecting(Context& context, std::size_t from) const;
    struct Rule;
    std::vector<Rule> rules_;
};

}  // namespace proxyd::rules
