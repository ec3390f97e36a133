#include "proxyd/session/compression.h"

namespace proxyd::session {

namespace {

// The backend's word counts before the frontend's.
template <class Pick>
const CompressionSettings* first_that_says(const ProxySettings& frontend, const ProxySettings& backend,
                                           Pick pick) {
    for (const ProxySettings* section : {&backend, &frontend})
        if (section->compression && !((*section->compression).*pick).empty())
            return section->compression.get();
    return nullptr;
}

// A cached response may come before a backend is chosen.
const ProxySettings& backend_of(const ProxySettings& frontend, const Exchange& exchange) {
    return exchange.backend ? *exchange.backend : frontend;
}

bool offloads(const ProxySettings& section) {
    return section.compression && section.compression->offload;
}

}  // namespace

void choose_coding(const ProxySettings& frontend, Exchange& exchange) {
    const ProxySettings& backend = backend_of(frontend, exchange);
    if (!frontend.compression && !backend.compression) return;
    if (exchange.coding != http::Coding::identity) return;  // sent again: the header may be gone
    const auto* settings = first_that_says(frontend, backend, &CompressionSettings::codings);
    if (settings == nullptr || exchange.request.version == http::Version::http_1_0) return;
    exchange.coding = http::accepted_coding(exchange.request, settings->codings);
    if (exchange.coding != http::Coding::identity && (offloads(frontend) || offloads(backend)))
        exchange.request.fields.remove(http::FieldId::accept_encoding);
}

bool compress_response(const ProxySettings& frontend, Exchange& exchange) {
    if (exchange.coding == http::Coding::identity || exchange.tunnel) return false;
    const auto* settings =
        first_that_says(frontend, backend_of(frontend, exchange), &CompressionSettings::types);
    const std::span<const std::string> types =
        settings != nullptr ? std::span<const std::string>(settings->types) : std::span<const std::string>();
    if (!http::compressible(exchange.response, types)) return false;
    exchange.down.compress(exchange.coding);
    if (exchange.down.compressor() == nullptr) return false;  // no memory
    http::mark_compressed(exchange.response, exchange.coding);
    return true;
}

}  // namespace proxyd::session
