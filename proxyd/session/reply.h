// Answers that do not come from a server: error pages and files, redirects, the statistics page. Each
// reply_with_... fills exchange.response, runs the http-after-response rules and leaves head and body in
// exchange.down.out; the session then flushes it.
#pragma once

#include <string_view>

#include "proxyd/rules/rule_set.h"
#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"

namespace proxyd::session {

// The error page for exchange.end: the backend's or frontend's `errorfile`, else the built-in one.
void reply_with_error(Connection& connection, Exchange& exchange);
// A built-in page, whatever exchange.end says.
void reply_with_page(Connection& connection, Exchange& exchange, int status);
void reply_with_challenge(Connection& connection, Exchange& exchange, std::string_view realm);
void reply_with_service(Connection& connection, Exchange& exchange, ServiceReply reply);
bool reply_with_redirect(Connection& connection, Exchange& exchange, const rules::Verdict& verdict);
// `redir` of the lease's server; as in HAProxy the client's connection ends with it.
void reply_with_server_prefix(Connection& connection, Exchange& exchange);
void reply_with_verdict(Connection& connection, Exchange& exchange, const rules::Verdict& verdict);
// What an http-response rule wants instead of the response: exchange.end says it, the answer is made or, for
// response_denied, yet to be made by reply_with_error().
void replace_response(Connection& connection, Exchange& exchange, const rules::Verdict& verdict);

// The steps of the above, for answers whose body is sent in other ways: exchange.response begins anew; its
// http-after-response rules run, and it is settled whether the client's connection lives; its head goes to
// exchange.down.out, which the session flushes.
void discard_response(Exchange& exchange);
void prepare_answer(Connection& connection, Exchange& exchange);
void send_head(Connection& connection, Exchange& exchange, http::Framing framing);
// How exchange.response's body goes to the client, whom rules that change the method or the status must not
// confuse (RFC 9112 section 6.3): none after HEAD, 204 and 304; an empty one where the server sent none and
// the status wants one.
http::Framing framing_for_client(Exchange& exchange);

// Whether the client's connection may live after this exchange, as far as client, options and body say.
// Cleared later when something goes wrong.
bool may_keep_client(const Connection& connection, const Exchange& exchange);

}  // namespace proxyd::session
