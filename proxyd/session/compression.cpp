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

// The process compresses as much as it may: maxcomprate, maxcompcpuusage. What was compressed since the last
// look counts first.
bool overburdened(Connection& connection) {
    state::ProcessState& process = connection.runtime.state->process;
    const common::TimePoint now = connection.now();
    const http::CompressedKilobytes fresh = http::take_compressed_kilobytes();
    if (fresh.in > 0) process.compressed_in.tick(now, fresh.in);
    if (fresh.out > 0) process.compressed_out.tick(now, fresh.out);
    const ProcessLimits& limits = connection.runtime.limits;
    if (connection.worker.idle_percent() < limits.compression_idle) return true;
    return limits.compression_rate > 0 &&
           process.compressed_in.per_second(now) > static_cast<std::uint32_t>(limits.compression_rate);
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

bool compress_request(Connection& connection, Exchange& exchange) {
    const ProxySettings& frontend = connection.frontend();
    const ProxySettings& backend = *exchange.backend;
    if (!frontend.compression && !backend.compression) return false;
    const auto* settings =
        first_that(frontend, backend, [](const auto& each) { return each.request_coding.has_value(); });
    if (settings == nullptr || !settings->requests) return false;
    // Sent again: the head says so already.
    if (!exchange.request_compressed &&
        (below(exchange.request, settings->request_least) ||
         !http::compressible_request(exchange.request, settings->request_types) || overburdened(connection)))
        return false;
    exchange.up.compress(*settings->request_coding);
    if (exchange.up.compressor() == nullptr) return false;  // no memory
    if (!std::exchange(exchange.request_compressed, true))
        exchange.request.fields.add(exchange.arena, "content-encoding",
                                    http::wire_name(*settings->request_coding));
    return true;
}

void judge_response(Connection& connection, Exchange& exchange) {
    if (exchange.coding == http::Coding::identity) return;
    const ProxySettings& frontend = connection.frontend();
    const ProxySettings& backend = backend_of(frontend, exchange);
    const auto* settings =
        first_that(frontend, backend, [](const auto& each) { return !each.types.empty(); });
    const std::span<const std::string> types =
        settings != nullptr ? std::span<const std::string>(settings->types) : std::span<const std::string>();
    const auto* limit = first_that(frontend, backend, [](const auto& each) { return each.least > 0; });
    const bool small = limit != nullptr && below(exchange.response, limit->least);
    if (small || !http::compressible(exchange.response, types) || overburdened(connection))
        exchange.coding = http::Coding::identity;
}

bool compress_response(Exchange& exchange) {
    if (exchange.coding == http::Coding::identity || exchange.tunnel) return false;
    exchange.down.compress(exchange.coding);
    if (exchange.down.compressor() == nullptr) return false;  // no memory
    http::mark_compressed(exchange.response, exchange.coding);
    exchange.context.compression = http::wire_name(exchange.coding);
    return true;
}

}  // namespace proxyd::session
