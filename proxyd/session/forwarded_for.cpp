#include "proxyd/session/forwarded_for.h"

#include <arpa/inet.h>

#include "proxyd/rules/network.h"

namespace proxyd::session {

namespace {

bool excepted(const ForwardFor& option, const common::Endpoint& client) {
    if (option.except_network.empty()) return false;
    const auto network = rules::parse_network(option.except_network);
    return network && network->contains(client);
}

bool applies(const ForwardFor& option, const common::Endpoint& client, const http::Message& request) {
    if (!option.enabled || excepted(option, client)) return false;
    return !option.if_none || !request.fields.find(option.header);
}

}  // namespace

void add_forwarded_for(const ProxySettings& frontend, const ProxySettings& backend,
                       const common::Endpoint& client, http::Message& request) {
    if (!client.is_ip()) return;
    const ForwardFor* option = nullptr;
    if (applies(frontend.forwardfor, client, request)) option = &frontend.forwardfor;
    if (&backend != &frontend && applies(backend.forwardfor, client, request)) option = &backend.forwardfor;
    if (!option) return;
    char text[INET6_ADDRSTRLEN];
    const void* address = client.family() == AF_INET6 ? static_cast<const void*>(&client.v6().sin6_addr)
                                                      : static_cast<const void*>(&client.v4().sin_addr);
    if (!::inet_ntop(client.family(), address, text, sizeof text)) return;
    request.fields.add(*request.arena, option->header, text);
}

}  // namespace proxyd::session
