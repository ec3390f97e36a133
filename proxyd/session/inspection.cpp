#include "proxyd/session/inspection.h"

namespace proxyd::session {

namespace {

using rules::Verdict;

bool apply(Connection& connection, Exchange& exchange, const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::pass || verdict.kind == Verdict::Kind::allow) return true;
    exchange.end = End::denied;
    exchange.silent = true;
    connection.frontend_counters().denied_requests.add();
    if (verdict.kind == Verdict::Kind::silent_drop) connection.forget_client();
    return false;
}

}  // namespace

void Inspection::begin(const ProxySettings& section) {
    section_ = &section;
    deadline_ = connection_.now() + section.inspect_delay;
}

// True: there is something new to look at.
bool Inspection::read_more(Exchange& exchange) {
    const std::span<char> room = exchange.client_in.room(connection_.worker.buffers());
    if (room.empty()) {
        ended_ = true;
        return true;
    }
    const net::IoResult result = connection_.client.try_read(room);
    if (result.would_block()) return false;
    if (result.ok()) {
        exchange.client_in.commit(result.count);
        exchange.up.bytes_in += result.count;
        return true;
    }
    ended_ = connection_.client_ended = true;
    return true;
}

Step Inspection::step(Exchange& exchange) {
    if (section_->tcp_content.empty()) return Step::finished();
    rules::Context& context = exchange.context;
    for (;;) {
        const bool late = connection_.now() >= deadline_;
        if (!exchange.client_in.empty()) context.client_data = exchange.client_in.data();
        context.input_final = ended_ || late;
        const Verdict verdict = section_->tcp_content.run(context);
        if (verdict.kind != Verdict::Kind::undecided) {
            context.input_final = true;
            apply(connection_, exchange, verdict);
            return Step::finished();
        }
        if (read_more(exchange)) continue;
        arm_for_input(connection_.client);
        return Step::wait(kClientBits, deadline_);
    }
}

bool inspect_request(Connection& connection, Exchange& exchange, const ProxySettings& section) {
    return section.tcp_content.empty() ||
           apply(connection, exchange, section.tcp_content.run(exchange.context));
}

}  // namespace proxyd::session
