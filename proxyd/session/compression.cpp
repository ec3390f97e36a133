#include "proxyd/session/compression.h"

#include <utility>

namespace proxyd::session {

namespace {

// The settings that hold: the backend's word counts before the frontend's. Null: neither says anything.
template <class Says>
const CompressionSettings* first_that(const ProxySettings& frontend, const ProxySettings& backend,
                                      Says says) {
    for (const ProxySettings* section : {&backend, &frontend})
        if (section->compression && says(*section->compression)) return section->compression.get();
    return nullptr;
}

// A cached response may come before a backend is chosen.
const ProxySettings& backend_of(const ProxySettings& frontend, const Exchange& exchange) {
    return exchange.backend ? *exchange.backend : frontend;
}

// A body whose size is known and not worth the work.
bool below(const http::Message& message, std::uint64_t least) {
    return message.framing == http::Framing::length && message.content_length < least;
}

bool offloads(const ProxySettings& section) {
    return section.compression && section.compression->offload;
}

}  // namespace

void choose_coding(const ProxySettings& frontend, Exchange& exchange) {
    const ProxySettings& backend = backend_of(frontend, exchange);
    if (!frontend.compression && !backend.compression) return;
    if (exchange.coding != http::Coding::identity) return;  // sent again: the header may be gone
    const auto* settings =
        first_that(frontend, backend, [](const auto& each) { return !each.codings.empty(); });
    if (settings == nullptr || !settings->responses || exchange.request.version == http::Version::http_1_0)
        return;
    exchange.coding = http::accepted_coding(exchange.request, settings->codings);
    if (exchange.coding != http::Coding::identity && (offloads(frontend) || offloads(backend)))
        exchange.request.fields.remove(http::FieldId::accept_encoding);
}

bool compress_request(const ProxySettings& frontend, Exchange& exchange) {
    const ProxySettings& backend = *exchange.backend;
    if (!frontend.compression && !backend.compression) return false;
    const auto* settings =
        first_that(frontend, backend, [](const auto& each) { return each.request_coding.has_value(); });
    if (settings == nullptr || !settings->requests) return false;
    // Sent again: the head says so already.
    if (!exchange.request_compressed &&
        (below(exchange.request, settings->request_least) ||
         !http::compressible_request(exchange.request, settings->request_types)))
        return false;
    exchange.up.compress(*settings->request_coding);
    if (exchange.up.compressor() == nullptr) return false;  // no memory
    if (!std::exchange(exchange.request_compressed, true))
        exchange.request.fields.add(exchange.arena, "content-encoding",
                                    http::wire_name(*settings->request_coding));
    return true;
}

bool compress_response(const ProxySettings& frontend, Exchange& exchange) {
    if (exchange.coding == http::Coding::identity || exchange.tunnel) return false;
    const ProxySettings& backend = backend_of(frontend, exchange);
    const auto* settings =
        first_that(frontend, backend, [](const auto& each) { return !each.types.empty(); });
    const std::span<const std::string> types =
        settings != nullptr ? std::span<const std::string>(settings->types) : std::span<const std::string>();
    const auto* limit = first_that(frontend, backend, [](const auto& each) { return each.least > 0; });
    if (limit != nullptr && below(exchange.response, limit->least)) return false;
    if (!http::compressible(exchange.response, types)) return false;
    exchange.down.compress(exchange.coding);
    if (exchange.down.compressor() == nullptr) return false;  // no memory
    http::mark_compressed(exchange.response, exchange.coding);
    exchange.context.compression = http::wire_name(exchange.coding);
    return true;
}

}  // namespace proxyd::session
