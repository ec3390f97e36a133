// From the immutable model to the state that workers share.
#pragma once

#include <memory>
#include <vector>

#include "common/error.h"
#include "proxyd/config/model.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::main {

// One entry per section, bind line and server line, in configuration order.
std::unique_ptr<state::SharedState> build_state(const config::Model& model, int workers);

// TLS contexts of the bind lines: [proxy][bind], null for plain ones. Errors name the file and line of the
// bind.
using TlsContexts = std::vector<std::vector<std::shared_ptr<const net::TlsContext>>>;
// Lines that ask for client certificates keep ticket keys of their own: a session of another line must not
// stand for one.
common::Result<TlsContexts> build_tls(const config::Model& model,
                                      const std::shared_ptr<net::TicketKeys>& keys);

}  // namespace proxyd::main
