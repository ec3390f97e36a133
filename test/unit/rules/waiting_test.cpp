#include <functional>

#include "proxyd/net/worker.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/name_service.h"
#include "rules_fixture.h"

using namespace proxyd;
using namespace proxyd::rules;
using namespace std::chrono_literals;
using test::words;

namespace {

// Knows "known", and tells the others when asked to.
struct Names final : NameService {
    std::optional<common::Endpoint> ask(const NameQuestion& question,
                                        std::function<void(const common::Endpoint&)> answer) override {
        asked = std::string(question.resolvers) + " " + std::string(question.name) +
                (question.family == AF_INET ? " 4" : " 6");
        if (question.name == "known") return common::Endpoint::from_ip("192.0.2.1", 0).value();
        tell = std::move(answer);
        return std::nullopt;
    }
    std::string asked;
    std::function<void(const common::Endpoint&)> tell;
};

struct Fixture {
    net::Worker worker{net::WorkerSettings{}};
    net::Waiter waiter{worker};
    Names names;
    test::Exchange exchange{"/", {{"Host", "known"}}};
    ExchangeVariables variables;
    AclSet acls;
    RuleSet set;
    common::Diagnostics out;

    Fixture() {
        exchange.context.variables = &variables;
        exchange.context.names = &names;
        exchange.context.waiter = &waiter;
    }
    bool add(std::string_view rule) { return set.add(Phase::http_request, words(rule), acls, {}, out); }
    std::string value() {
        const auto expression = Expression::parse("var(txn.ip)", acls.catalogue().get());
        Sample sample;
        TextBuffer buffer;
        return expression->evaluate(exchange.context, sample) ? std::string(to_text(sample, buffer)) : "none";
    }
};

}  // namespace

TEST_CASE("do-resolve: a known name and a literal do not wait") {
    const struct {
        const char* rule;
        const char* asked;
        const char* value;
    } rows[] = {
        {"do-resolve(txn.ip,dns) hdr(host)", "dns known 6", "192.0.2.1"},
        {"do-resolve(txn.ip,dns,ipv4) hdr(host)", "dns known 4", "192.0.2.1"},
        {"do-resolve(txn.ip,dns) str(198.51.100.7)", "", "198.51.100.7"},
        {"do-resolve(txn.ip,dns) str([2001:db8::1])", "", "2001:db8::1"},
        {"do-resolve(txn.ip,dns) hdr(none)", "", "none"},
        {"do-resolve(txn.ip,dns) str()", "", "none"},
    };
    for (const auto& row : rows) {
        Fixture x;
        INFO(row.rule);
        REQUIRE(x.add(row.rule));
        CHECK(x.set.run(x.exchange.context).kind == Verdict::Kind::pass);
        CHECK(x.names.asked == row.asked);
        CHECK(x.value() == row.value);
    }
}

TEST_CASE("do-resolve: the rules go on behind it when the answer is here") {
    for (const bool found : {true, false}) {
        Fixture x;
        REQUIRE(x.add("set-var(txn.ip) str(old)"));
        REQUIRE(x.add("do-resolve(txn.ip,dns) str(unknown)"));
        REQUIRE(x.add("set-header x-after 1"));
        const Verdict verdict = x.set.run(x.exchange.context);
        CHECK(verdict.kind == Verdict::Kind::wait);
        CHECK(verdict.next == 2);
        CHECK(x.exchange.header("x-after").empty());
        REQUIRE(x.exchange.context.lookup);
        CHECK_FALSE(x.exchange.context.lookup->done);
        x.exchange.context.lookup->done = true;
        if (found) x.exchange.context.lookup->address = *common::Endpoint::from_ip("192.0.2.9", 0);
        CHECK(x.set.run(x.exchange.context, verdict.next).kind == Verdict::Kind::pass);
        CHECK(x.exchange.header("x-after") == "1");
        CHECK(x.value() == (found ? "192.0.2.9" : "none"));
        CHECK_FALSE(x.exchange.context.lookup);
    }
}

TEST_CASE("do-resolve: an answer for an exchange that has ended is lost") {
    Fixture x;
    REQUIRE(x.add("do-resolve(txn.ip,dns) str(unknown)"));
    (void)x.set.run(x.exchange.context);
    x.exchange.context = Context();
    REQUIRE(x.names.tell);
    x.names.tell(*common::Endpoint::from_ip("192.0.2.9", 0));
    x.worker.post([&] { x.worker.stop(); });
    x.worker.run();
    CHECK(x.waiter.pending() == 0);
}

TEST_CASE("do-resolve: an answer comes by the worker's mail") {
    Fixture x;
    REQUIRE(x.add("do-resolve(txn.ip,dns) str(unknown)"));
    (void)x.set.run(x.exchange.context);
    x.names.tell(*common::Endpoint::from_ip("192.0.2.9", 0));
    CHECK_FALSE(x.exchange.context.lookup->done);
    x.worker.post([&] { x.worker.stop(); });
    x.worker.run();
    CHECK(x.exchange.context.lookup->done);
    CHECK((x.waiter.pending() & net::Waiter::kMail) != 0);
}

TEST_CASE("pause: a time or an expression in milliseconds") {
    const struct {
        const char* rule;
        std::chrono::milliseconds time;
    } rows[] = {
        {"pause 250", 250ms},   {"pause 2s", 2000ms},     {"pause int(40)", 40ms}, {"pause int(0)", 0ms},
        {"pause int(-5)", 0ms}, {"pause hdr(none)", 0ms}, {"pause 0", 0ms},
    };
    for (const auto& row : rows) {
        Fixture x;
        INFO(row.rule);
        REQUIRE(x.add(row.rule));
        const Verdict verdict = x.set.run(x.exchange.context);
        CHECK(verdict.kind == (row.time.count() ? Verdict::Kind::wait : Verdict::Kind::pass));
        CHECK(verdict.pause == row.time);
    }
}

TEST_CASE("do-resolve and pause: what they do not understand") {
    for (const char* rule :
         {"do-resolve(txn.ip) hdr(host)", "do-resolve(txn.ip,dns,ipv5) hdr(host)",
          "do-resolve(ip,dns) hdr(host)", "do-resolve(txn.ip,dns)", "pause", "pause 5x", "pause nonsense"}) {
        Fixture x;
        INFO(rule);
        CHECK_FALSE(x.add(rule));
    }
}
