// The phases of an HTTP exchange, in order. This page is the map: what runs when, on which section's rules,
// and what a verdict means there.
//
//   1  request head received      errors: 400 and its kin, 408                      (request_reader)
//   2  monitor-uri                answers 200 by itself                             frontend
//   3  statistics page            `stats uri` of the section, before its rules      frontend
//   4  http-request               deny, redirect, return: answered; allow: next     frontend
//      (a response that `cache-use` found answers when the rules have run; it goes on with phase 9)
//   5  use_backend, default_backend   first condition that holds; none: 503         frontend
//   6  statistics page, http-request                                                backend (unless the same
//   section) 7  server choice, queue, connection, send                                       upstream 8
//   response head received     errors: 502, 504 9  http-response              deny: 502 backend, then
//   frontend
//  10  http-after-response        on every response, also those made here           backend, then frontend
//  11  body relayed, log                                                            frontend
#pragma once

#include <string_view>

#include "proxyd/rules/context.h"
#include "proxyd/rules/rule_set.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

enum class Phase : unsigned char { frontend_request, backend_request, response, after_response };

// Runs the rules of a phase. `backend` is null until one is chosen; a section that is both runs its rules
// once.
// `from`: Verdict::next of a run that waited.
rules::Verdict run_phase(Phase phase, const ProxySettings& frontend, const ProxySettings* backend,
                         rules::Context& context, std::size_t from = 0);

// Phase 5: index of the backend in the model, -1 when there is none.
int choose_backend(const ProxySettings& frontend, const rules::Context& context);

}  // namespace proxyd::session
