// TLS ticket keys as text, for the way from a process to its successor over the control socket (which only
// root and the own user reach). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxyd/net/tls_context.h"

namespace proxyd::main {

using TicketKeyList = std::vector<net::TicketKeys::Key>;  // newest first

// The keys of a process that follows one with `keys`: a new one first, the old ones still open their tickets.
TicketKeyList next_keys(const TicketKeyList& keys);

std::string to_text(const TicketKeyList& keys);       // hexadecimal, 160 digits a key
TicketKeyList keys_from_text(std::string_view text);  // empty when it is anything else

}  // namespace proxyd::main
