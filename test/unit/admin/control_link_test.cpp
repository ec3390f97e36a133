#include "proxyd/admin/control_link.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "common/control/client.h"
#include "common/endpoint.h"
#include "test/support/temporary_folder.h"

using namespace proxyd::admin;
namespace control = common::control;
using control::ProxyState;
using namespace std::chrono_literals;

namespace {

template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition) {
    for (const auto end = common::Clock::now() + 5s; common::Clock::now() < end;) {
        if (condition()) return true;
        io.restart();
        io.run_for(5ms);
    }
    return condition();
}

struct Keeper {
    std::vector<control::Health> healths;
    std::vector<control::Reloading> reloads;
    int ups = 0, downs = 0;
    control::ClientHandlers handlers() {
        return {[this](const control::Hello&) { ++ups; },
                [this](const control::Message& m) {
                    if (const auto* health = std::get_if<control::Health>(&m)) healths.push_back(*health);
                    if (const auto* reloading = std::get_if<control::Reloading>(&m))
                        reloads.push_back(*reloading);
                },
                [this](const std::string&) { ++downs; }};
    }
};

struct Fixture {
    test::TemporaryFolder folder;
    boost::asio::io_context io;
    std::shared_ptr<HealthBoard> board = HealthBoard::create(2, 1).value();
    ControlLinkSettings settings;
    Keeper keeper;
    std::unique_ptr<control::Client> client;

    Fixture() {
        settings.path = folder / "control.sock";
        settings.release = "t";
        board->main_thread.last_turn_ms = monotonic_ms();
        client = std::make_unique<control::Client>(
            io, control::ClientSettings{settings.path, {1, "vrrpd", "t", ::getpid(), 0}}, keeper.handlers());
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "health comes at once, every 20 ms, and tells changes") {
    ControlLink link(io, settings);
    REQUIRE(link.listen());
    board->state = ProxyState::ready;
    board->worker(0).last_turn_ms = monotonic_ms();
    board->backend(0).total = 2;
    board->backend(0).usable = 1;
    link.watch(board, {"web"});
    client->start();
    const auto beat = [&] { board->main_thread.last_turn_ms = monotonic_ms(); };
    REQUIRE(run_until(io, [&] { return beat(), keeper.healths.size() >= 5; }));
    const auto& first = keeper.healths.front();
    CHECK(first.state == ProxyState::ready);
    CHECK(first.workers.size() == 1);  // the second has not started
    CHECK(first.backends == std::vector<control::BackendHealth>{{"web", 1, 2}});
    CHECK_FALSE(keeper.healths.back().backends);  // unchanged
    const auto before = keeper.healths.size();
    board->backend(0).usable = 0;
    link.poke();
    REQUIRE(run_until(io, [&] { return beat(), keeper.healths.size() > before; }));
    CHECK(std::ranges::any_of(keeper.healths, [](const auto& h) {
        return h.backends == std::vector<control::BackendHealth>{{"web", 0, 2}};
    }));
}

TEST_CASE_METHOD(Fixture, "a stopped process is a lost link, and silence afterwards") {
    ControlLink link(io, settings);
    REQUIRE(link.listen());
    link.watch(board, {"web"});
    client->start();
    REQUIRE(run_until(io, [&] { return keeper.downs > 0; }));  // nobody beats any more
    const auto heard = keeper.healths.size();
    REQUIRE(run_until(io, [&] { return keeper.ups > 1; }));  // it connects again, and hears nothing
    CHECK(keeper.healths.size() == heard);
}

TEST_CASE_METHOD(Fixture, "the keeper's role is kept, also for another process") {
    ControlLink link(io, settings);
    REQUIRE(link.listen());
    link.watch(board, {"web"});
    client->start();
    REQUIRE(run_until(io, [&] { return client->up(); }));
    const control::Role role{"n1", {{"VI_1", "eth0", 51, control::VrrpState::master, 100, {"192.0.2.1/24"}}}};
    client->send(role);
    REQUIRE(run_until(io, [&] { return !board->role().empty(); }));
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string line = board->role();
        const auto message = control::decode(std::string_view(line).substr(0, line.size() - 1));
        ::_exit(message && *message == control::Message(role) ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    // A new worker's board begins with what was known.
    auto next = HealthBoard::create(1, 0).value();
    link.watch(next, {});
    CHECK(next->role() == board->role());
}

TEST_CASE("a role that is too long is not kept, and does no harm") {
    auto board = HealthBoard::create(1, 0).value();
    board->set_role("short");
    board->set_role(std::string(100'000, 'x'));
    CHECK(board->role() == "short");
}

TEST_CASE_METHOD(Fixture, "a successor gets the sockets, the keeper hears `reloading`, the path stays") {
    const common::UniqueFd extra(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    bool told = false;
    settings.sockets = [&] { return std::vector<int>{extra.get()}; };
    settings.on_successor = [&] { told = true; };
    auto link = std::make_unique<ControlLink>(io, settings);
    REQUIRE(link->listen());
    link->watch(board, {"web"});
    client->start();
    REQUIRE(run_until(io, [&] { return client->up(); }));

    common::UniqueFd listener(::dup(link->listener_fd()));
    std::optional<common::Result<control::Response>> answer;
    std::thread successor(
        [&] { answer = control::ask(settings.path, {1, "proxyd", "next", 1, 0}, {7, "successor", {}}); });
    run_until(io, [&] { return answer.has_value(); });
    successor.join();
    REQUIRE(*answer);
    CHECK((*answer)->error.empty());
    CHECK(told);
    CHECK(run_until(io, [&] { return !keeper.reloads.empty() && keeper.downs == 1; }));

    ControlLinkSettings next_settings;
    next_settings.path = settings.path;
    next_settings.release = "next";
    ControlLink next(io, next_settings);
    REQUIRE(next.adopt(std::move(listener)));
    auto next_board = HealthBoard::create(1, 0).value();
    next_board->state = ProxyState::ready;
    next.watch(next_board, {});
    link.reset();
    CHECK(std::filesystem::exists(settings.path));
    CHECK(run_until(io, [&] { return keeper.ups == 2; }));
}
