// The OpenSSL side of TicketKeys; for tls_context.cpp.
#pragma once

#include "proxyd/net/tls_context.h"

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace proxyd::net {

int apply_ticket_key(TicketKeys& keys, unsigned char* name, unsigned char* iv, evp_cipher_ctx_st* cipher,
                     evp_mac_ctx_st* mac, bool encrypt, bool tls13);

}  // namespace proxyd::net
