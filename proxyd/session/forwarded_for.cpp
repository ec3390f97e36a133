#include "proxyd/session/forwarded_for.h"

#include <arpa/inet.h>

namespace proxyd::session {

namespace {

bool applies(const AddressHeader& option, const common::Endpoint& address, const http::Message& request) {
    if (!option.enabled || (option.except && option.except->contains(address))) return false;
    return !option.if_none || !request.fields.find(option.header);
}

using Option = AddressHeader InheritedSettings::*;

void add_address(Option which, const ProxySettings& frontend, const ProxySettings& backend,
                 const common::Endpoint& address, http::Message& request) {
    if (!address.is_ip()) return;
    const AddressHeader* option = nullptr;
    if (applies(frontend.*which, address, request)) option = &(frontend.*which);
    if (&backend != &frontend && applies(backend.*which, address, request)) option = &(backend.*which);
    if (!option) return;
    char text[INET6_ADDRSTRLEN];
    const void* bytes = address.family() == AF_INET6 ? static_cast<const void*>(&address.v6().sin6_addr)
                                                     : static_cast<const void*>(&address.v4().sin_addr);
    if (!::inet_ntop(address.family(), bytes, text, sizeof text)) return;
    request.fields.add(*request.arena, option->header, text);
}

}  // namespace

void add_addresses(const ProxySettings& frontend, const ProxySettings& backend, const rules::Context& context,
                   http::Message& request) {
    add_address(&InheritedSettings::forwardfor, frontend, backend, context.source, request);
    add_address(&InheritedSettings::originalto, frontend, backend, context.destination, request);
}

}  // namespace proxyd::session
