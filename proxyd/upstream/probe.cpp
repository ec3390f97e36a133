#include "proxyd/upstream/probe.h"

#include <array>
#include <ctime>
#include <system_error>

#include "proxyd/fcgi/connection.h"
#include "proxyd/fcgi/request.h"
#include "proxyd/http/h1_parser.h"
#include "proxyd/net/worker.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/upstream/agent.h"
#include "proxyd/upstream/check_dialogue.h"
#include "proxyd/upstream/http_check.h"
#include "proxyd/upstream/proxy_header.h"

namespace proxyd::upstream {

namespace {

using net::IoResult;
using net::Waiter;

CheckResult of_connect(const ConnectOutcome& outcome) {
    const bool in_tls = outcome.step == ConnectOutcome::Step::tls;
    CheckResult result;
    if (outcome.error != 0) result.info = std::generic_category().message(outcome.error);
    switch (outcome.kind) {
        case ConnectOutcome::Kind::timeout:
            result.status = in_tls ? CheckStatus::l6_timeout : CheckStatus::l4_timeout;
            result.info.clear();
            break;
        case ConnectOutcome::Kind::resource:
            result.status = CheckStatus::socket_error;
            break;
        default:
            result.status = in_tls ? CheckStatus::l6_error : CheckStatus::l4_error;
            if (in_tls) result.info = "SSL handshake failure";
            break;
    }
    return result;
}

// Sends all of it; an empty result when it is out.
net::Task<CheckResult> send(Waiter& waiter, net::Stream& stream, std::string_view bytes,
                            common::TimePoint deadline) {
    while (!bytes.empty()) {
        const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
        const IoResult sent = stream.try_write(std::span(&piece, 1));
        if (sent.ok()) {
            bytes.remove_prefix(sent.count);
            continue;
        }
        if (!sent.would_block()) co_return CheckResult{CheckStatus::l7_invalid, 0, {}};
        stream.arm_write();
        const Waiter::Bits bits = co_await waiter.wait(Waiter::kServerOut, deadline);
        if ((bits & Waiter::kServerOut) == 0) co_return CheckResult{CheckStatus::l7_timeout, 0, {}};
    }
    co_return CheckResult{};
}

// The next bytes; would_block: the deadline came first.
net::Task<IoResult> receive(Waiter& waiter, net::Stream& stream, std::span<char> into,
                            common::TimePoint deadline) {
    for (;;) {
        const IoResult read = stream.try_read(into);
        if (!read.would_block()) co_return read;
        stream.arm_read();
        const Waiter::Bits bits = co_await waiter.wait(Waiter::kServerIn, deadline);
        if ((bits & Waiter::kServerIn) == 0) co_return read;
    }
}

// From the connection on.
common::TimePoint answer_deadline(Waiter& waiter, const ProbePlan& plan, common::TimePoint connect_deadline) {
    return plan.answer_timeout > common::Duration::zero() ? waiter.worker().now() + plan.answer_timeout
                                                          : connect_deadline;
}

// What the steps of one check see and keep.
struct Scene {
    explicit Scene(const ProbePlan& plan) {
        context.arena = &arena;
        context.check_variables = &variables;
        context.session_variables = &session;
        context.backend = plan.backend;
        context.server = plan.server;
        if (plan.backend != nullptr) context.backend_name = plan.backend->name;
        if (plan.server != nullptr) context.server_name = plan.server->name;
    }
    common::Arena arena;
    rules::Variables variables{true}, session{true};
    rules::Context context;
    common::Endpoint address;  // of the latest connection
};

int port_of(const CheckStep& step, const rules::Context& context) {
    rules::Sample port;
    if (step.computed_port == nullptr || !step.computed_port->evaluate(context, port) ||
        !rules::cast(port, rules::SampleType::integer, context.arena) || port.number < 1 ||
        port.number > 65535)
        return step.port;
    return static_cast<int>(port.number);
}

// Where a `connect` step goes.
ConnectTarget target_of(const ProbePlan& plan, const CheckStep& step, const rules::Context& context) {
    ConnectTarget target = plan.target;
    if (!step.as_server) {
        target.tls = nullptr;
        target.server_name.clear();
        target.proxy_header = {};
        target.socks = nullptr;
    }
    if (step.via_socks) target.socks = plan.socks;
    if (!step.address.empty()) {
        const std::uint16_t port = target.address.port();
        target.address = step.address;
        if (target.address.port() == 0) target.address.set_port(port);
    }
    if (const int port = port_of(step, context); port != 0)
        target.address.set_port(static_cast<std::uint16_t>(port));
    if (step.tls) target.tls = plan.step_tls;
    if (!step.sni.empty()) target.server_name = step.sni;
    static const std::string kUnknownClient = proxy_header_v1({}, {});  // a check stands for no client
    if (step.send_proxy) target.proxy_header = kUnknownClient;
    return target;
}

// The records that take the place of an HTTP request; what does not look like one is sent as it is.
std::string for_application(const fcgi::App& app, Scene& scene, net::Stream& stream,
                            const std::string& text) {
    http::Message request;
    request.arena = &scene.arena;
    http::H1Parser parser;
    parser.start_request({});
    const http::ParseResult parsed = parser.parse(text, request);
    if (parsed.status != http::ParseStatus::done) return text;
    const std::string_view body = std::string_view(text).substr(parsed.consumed);
    rules::Context asked;
    asked.arena = &scene.arena;
    asked.request = &request;
    asked.destination = scene.address;
    std::string records;
    if (!fcgi::append_request(app, asked, body.size(), records, fcgi::Rules::skipped)) return text;
    auto connection = std::make_unique<fcgi::Connection>();
    fcgi::Connection::Exchange begun;
    begun.head = records.size();
    begun.body = body.size();
    begun.response.body_wanted = request.method != http::Method::head;
    begun.response.keep_conn = false;
    begun.response.now_s = std::time(nullptr);
    connection->begin(begun);
    stream.put_on(std::move(connection));
    return records.append(body);
}

std::string text_of(const ProbePlan& plan, const CheckStep& step, Scene& scene, net::Stream& stream) {
    const rules::Context& context = scene.context;
    if (step.ask != nullptr) {
        const std::string request = step.ask->render(context, plan.state);
        return plan.fastcgi == nullptr ? request : for_application(*plan.fastcgi, scene, stream, request);
    }
    if (step.format.empty()) return step.bytes;
    std::string text;
    step.format.render(context, text);
    return step.hexadecimal ? rules::from_hexadecimal(text).value_or(std::string()) : text;
}

// Goes through the steps of a sequence.
net::Task<CheckResult> converse(Waiter& waiter, const ProbePlan& plan) {
    Scene scene(plan);
    CheckDialogue dialogue(*plan.sequence, scene.context);
    net::Stream stream;
    ClientWatch nobody;
    common::TimePoint deadline;
    std::array<char, 4096> buffer;
    while (!dialogue.result()) {
        const CheckStep& step = dialogue.step();
        if (step.kind == CheckStep::Kind::connect) {
            if (stream.open()) stream.close();
            deadline = waiter.worker().now() + plan.connect_timeout;
            const ConnectTarget target = target_of(plan, step, scene.context);
            scene.address = target.address;
            const ConnectOutcome outcome = co_await connect(waiter, target, deadline, nobody, stream);
            if (outcome.kind != ConnectOutcome::Kind::connected) {
                dialogue.failed(of_connect(outcome));
                continue;
            }
            deadline = answer_deadline(waiter, plan, deadline);
            dialogue.connected(target.tls != nullptr);
        } else if (step.kind == CheckStep::Kind::send) {
            const http::Method asked = step.ask != nullptr ? step.ask->method_id() : http::Method::get;
            const std::string text = text_of(plan, step, scene, stream);
            CheckResult sent = co_await send(waiter, stream, text, deadline);
            sent.status == CheckStatus::unknown ? dialogue.sent(asked) : dialogue.failed(std::move(sent));
        } else {
            const IoResult read = co_await receive(waiter, stream, buffer, deadline);
            if (read.would_block()) {
                dialogue.timed_out();
            } else if (read.kind == IoResult::Kind::error) {
                dialogue.broke(read.error);
            } else {
                dialogue.received({buffer.data(), read.count}, !read.ok());
            }
        }
    }
    if (stream.open()) stream.close();
    co_return *dialogue.result();
}

// The connection is the check.
net::Task<CheckResult> only_connect(Waiter& waiter, const ProbePlan& plan, common::TimePoint deadline) {
    net::Stream stream;
    ClientWatch nobody;
    const ConnectOutcome outcome = co_await connect(waiter, plan.target, deadline, nobody, stream);
    if (outcome.kind != ConnectOutcome::Kind::connected) co_return of_connect(outcome);
    stream.reset();  // leaves no TIME_WAIT behind, and the server knows that nothing will come
    co_return CheckResult{plan.target.tls != nullptr ? CheckStatus::l6_ok : CheckStatus::l4_ok, 0, {}};
}

}  // namespace

net::Task<AgentReply> ask_agent(Waiter& waiter, const AgentPlan& plan) {
    constexpr std::size_t kLongestLine = 1024;
    const common::TimePoint start = common::Clock::now();
    const common::TimePoint deadline = start + plan.timeout;
    AgentReply reply;
    net::Stream stream;
    ClientWatch nobody;
    const ConnectOutcome outcome = co_await connect(waiter, plan.target, deadline, nobody, stream);
    if (outcome.kind != ConnectOutcome::Kind::connected) {
        reply.result = of_connect(outcome);
    } else {
        reply.result = co_await send(waiter, stream, plan.send, deadline);
        std::array<char, 512> buffer;
        while (reply.result.status == CheckStatus::unknown) {
            const IoResult read = co_await receive(waiter, stream, buffer, deadline);
            if (read.ok()) reply.line.append(buffer.data(), read.count);
            if (read.would_block()) reply.result.status = CheckStatus::l7_timeout;
            if (!read.ok() || agent_line_complete(reply.line) || reply.line.size() >= kLongestLine) break;
        }
        stream.close();
    }
    reply.result.duration = common::Clock::now() - start;
    co_return reply;
}

net::Task<CheckResult> probe(Waiter& waiter, const ProbePlan& plan) {
    const common::TimePoint start = common::Clock::now();
    CheckResult result;
    if (plan.sequence != nullptr)
        result = co_await converse(waiter, plan);
    else
        result = co_await only_connect(waiter, plan, start + plan.connect_timeout);
    result.duration = common::Clock::now() - start;
    co_return result;
}

}  // namespace proxyd::upstream
