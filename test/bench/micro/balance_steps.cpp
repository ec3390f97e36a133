// One choice of a server, and what the choice brings with it: its load changes, and another request ends.
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>

#include "exchange.h"
#include "proxyd/balance/algorithm.h"
#include "step.h"

namespace bench {

namespace {

using namespace proxyd::balance;

constexpr std::size_t kServed = 64;  // requests that are being served

struct Farm {
    Farm(std::string_view algorithm, int servers)
        : selected(std::move(*select(algorithm, {}))), loads(static_cast<std::size_t>(servers)) {
        std::vector<Member> members;
        for (std::size_t i = 0; i < loads.size(); ++i) members.push_back({i, 1, 1, &loads[i]});
        selected.algorithm->set_roster(members);
        for (std::size_t i = 0; i < kServed; ++i) take();
        // Every server has had its first turns: algorithms treat newcomers differently.
        for (std::size_t i = 0; i < 3 * loads.size(); ++i) {
            take();
            finish();
        }
    }

    void change(std::size_t server, int by) {
        loads[server].served += by;
        if (selected.row->tracks_load) selected.algorithm->load_changed(server);
    }
    void take() {
        const std::size_t server = selected.algorithm->choose({.context = &exchange.context});
        if (server == kNone) throw std::logic_error("no server");
        change(server, 1);
        served.push_back(server);
    }
    void finish() {
        change(served.front(), -1);
        served.pop_front();
    }

    Selected selected;
    std::vector<Load> loads;
    std::deque<std::size_t> served;
    Exchange exchange;
};

Work balance(std::string_view algorithm, int servers) {
    auto farm = std::make_shared<Farm>(algorithm, servers);
    return [farm] {
        farm->take();
        farm->finish();
    };
}

}  // namespace

Work roundrobin(int servers) {
    return balance("roundrobin", servers);
}
Work static_rr(int servers) {
    return balance("static-rr", servers);
}
Work leastconn(int servers) {
    return balance("leastconn", servers);
}
Work random(int servers) {
    return balance("random", servers);
}
Work source(int servers) {
    return balance("source", servers);
}
Work uri(int servers) {
    return balance("uri", servers);
}
Work header(int servers) {
    return balance("hdr(user-agent)", servers);
}

}  // namespace bench
