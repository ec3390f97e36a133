#include "proxyd/observe/access_log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <latch>
#include <sstream>
#include <thread>

#include "common/unique_fd.h"
#include "test/support/counted_new.h"

using namespace proxyd;
using observe::LogTarget;

namespace {

// A datagram socket that plays syslogd.
struct Listener {
    explicit Listener(const common::Endpoint& address) : fd(::socket(address.family(), SOCK_DGRAM, 0)) {
        REQUIRE(::bind(fd.get(), address.data(), address.size()) == 0);
        bound.resize(common::Endpoint::capacity());
        socklen_t size = common::Endpoint::capacity();
        ::getsockname(fd.get(), bound.data(), &size);
        bound.resize(size);
    }
    // The next line, or nothing after a second without one.
    std::string next() const {
        pollfd wait{fd.get(), POLLIN, 0};
        if (::poll(&wait, 1, 1000) != 1) return {};
        std::string line(65536, '\0');
        line.resize(
            static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(fd.get(), line.data(), line.size(), 0))));
        return line;
    }
    bool silent() const {
        pollfd wait{fd.get(), POLLIN, 0};
        return ::poll(&wait, 1, 0) == 0;
    }
    common::UniqueFd fd;
    common::Endpoint bound;
};

LogTarget target_of(std::string_view address, std::string_view rest = "format raw local0") {
    std::vector<std::string> words{std::string(address)};
    std::istringstream in{std::string(rest)};
    for (std::string word; in >> word;) words.push_back(word);
    auto target = observe::parse_log_target(words, {});
    REQUIRE(target);
    return *target;
}

observe::LogSettings settings_of(std::vector<LogTarget> targets, std::string_view format = "%f %ST") {
    observe::LogSettings settings;
    settings.targets = std::move(targets);
    settings.format = *rules::LogFormat::compile(format);
    settings.tag = "proxyd";
    return settings;
}

// Runs `job` on a worker's thread, and lets the turn end.
void on_worker(const std::function<void(net::Worker&)>& job) {
    net::Worker worker({});
    std::latch done(1);
    std::thread thread([&] { worker.run(); });
    worker.post([&] {
        job(worker);
        worker.post([&] { worker.post([&] { done.count_down(); }); });
    });
    done.wait();
    worker.stop();
    thread.join();
}

rules::Context context_of(int status) {
    rules::Context context;
    context.frontend_name = "fe";
    context.status = status;
    return context;
}

std::string read_all(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

const std::string kFolder = "/tmp/access_log_test_" + std::to_string(::getpid());

}  // namespace

TEST_CASE("lines leave at the end of the turn, in order, to every target that wants them") {
    const Listener all(*common::Endpoint::from_ip("127.0.0.1", 0));
    const Listener errors(*common::Endpoint::from_ip("::1", 0));
    observe::LogHub hub(1);
    auto settings =
        settings_of({target_of(all.bound.to_string()), target_of(errors.bound.to_string(), "local0 err")});
    settings.separate_errors = true;
    observe::AccessLog log(settings, hub);
    on_worker([&](net::Worker& worker) {
        for (int i = 0; i < 200; ++i) {
            auto context = context_of(200 + i);
            log.write(worker, context);
        }
        CHECK(all.silent());
        auto failed = context_of(503);
        log.write(worker, failed);
        auto quiet = context_of(418);
        quiet.log_level = rules::kLogLevelSilent;
        log.write(worker, quiet);
    });
    for (int i = 0; i < 200; ++i) REQUIRE(all.next() == "fe " + std::to_string(200 + i) + "\n");
    CHECK(all.next() == "fe 503\n");
    CHECK(all.silent());
    const std::string error = errors.next();
    CHECK(error.starts_with("<131>"));
    CHECK(error.ends_with("]: fe 503\n"));
    CHECK(errors.silent());
    CHECK(hub.dropped() == 0);
}

TEST_CASE("dontlog-normal, minimum level, samples, messages of other threads") {
    const Listener syslog(*common::Endpoint::from_ip("127.0.0.1", 0));
    observe::LogHub hub(1);
    const auto address = syslog.bound.to_string();
    auto settings = settings_of({target_of(address, "format short local0 debug notice")});
    settings.dontlog_normal = true;
    observe::AccessLog log(settings, hub);
    observe::AccessLog sampled(settings_of({target_of(address, "format raw sample 2:3 local0")}), hub);
    on_worker([&](net::Worker& worker) {
        auto normal = context_of(200), failed = context_of(500);
        log.write(worker, normal);
        log.write(worker, failed);
        for (int i = 1; i <= 6; ++i) {
            auto context = context_of(i);
            sampled.write(worker, context);
        }
    });
    CHECK(syslog.next() == "<6>fe 500\n");
    CHECK(syslog.next() == "fe 2\n");
    CHECK(syslog.next() == "fe 5\n");
    CHECK(syslog.silent());
    log.message(0, "backend b has no server available!");
    CHECK(syslog.next() == "<5>backend b has no server available!\n");
}

TEST_CASE("a failed handshake has its own line") {
    const Listener syslog(*common::Endpoint::from_ip("127.0.0.1", 0));
    observe::LogHub hub(1);
    auto settings = settings_of({target_of(syslog.bound.to_string())});
    observe::AccessLog log(settings, hub);
    settings.error_format = *rules::LogFormat::compile("%f:%[fc_err]");
    observe::AccessLog custom(settings, hub);
    on_worker([&](net::Worker& worker) {
        auto context = context_of(-1);
        context.source = *common::Endpoint::from_ip("192.0.2.1", 1234);
        context.listener_name = "f1";
        log.write_error(worker, context, 6, "SSL handshake failure");
        custom.write_error(worker, context, 6, "ignored");
    });
    const std::string line = syslog.next();
    CHECK(line.starts_with("192.0.2.1:1234 ["));
    CHECK(line.ends_with("] fe/f1: SSL handshake failure\n"));
    CHECK(syslog.next() == "fe:0\n");
}

TEST_CASE("a unix socket whose reader is gone drops and counts, and is found again") {
    ::mkdir(kFolder.c_str(), 0700);
    const std::string path = kFolder + "/log";
    const auto address = *common::Endpoint::from_unix(path);
    observe::LogHub hub(1);
    observe::AccessLog log(settings_of({target_of(path)}), hub);
    log.message(6, "too early");
    CHECK(hub.dropped() == 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // reconnects are a second apart
    {
        const Listener syslog(address);
        log.message(6, "first");
        CHECK(syslog.next() == "first\n");
    }
    ::unlink(path.c_str());
    log.message(6, "nobody listens");
    CHECK(hub.dropped() == 2);
    const Listener again(address);
    std::string line;
    for (int i = 0; i < 30 && line.empty(); ++i) {
        log.message(6, "second");
        if (again.silent())
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        else
            line = again.next();
    }
    CHECK(line == "second\n");
    ::unlink(path.c_str());
}

TEST_CASE("a full pipe and a slow socket drop whole lines without waiting") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const common::UniqueFd reader(ends[0]), writer(ends[1]);
    observe::LogHub hub(1);
    observe::AccessLog log(
        settings_of({target_of("fd@" + std::to_string(writer.get()), "format raw local0")}), hub);
    const std::string line(1000, 'x');
    for (int i = 0; i < 100; ++i) log.message(6, line);
    CHECK(hub.dropped() > 0);
    CHECK(hub.dropped() < 100);
    std::string got(1 << 20, '\0');
    got.resize(static_cast<std::size_t>(::read(reader.get(), got.data(), got.size())));
    CHECK(got.size() % 1001 == 0);
    CHECK(got.size() / 1001 + hub.dropped() == 100);
    CHECK((::fcntl(writer.get(), F_GETFL) & O_NONBLOCK) == 0);  // the descriptor is shared with others
}

TEST_CASE("a file is reopened after it was moved") {
    ::mkdir(kFolder.c_str(), 0700);
    const std::string path = kFolder + "/access.log";
    observe::LogHub hub(1);
    observe::AccessLog log(settings_of({target_of("file@" + path)}), hub);
    log.message(6, "one");
    ::rename(path.c_str(), (path + ".1").c_str());
    log.message(6, "two");
    REQUIRE(hub.reopen_files());
    log.message(6, "three");
    CHECK(read_all(path + ".1") == "one\ntwo\n");
    CHECK(read_all(path) == "three\n");
    CHECK_FALSE(hub.open(target_of("file@/no/such/folder/x.log")));
    ::unlink(path.c_str());
    ::unlink((path + ".1").c_str());
    ::rmdir(kFolder.c_str());
}

TEST_CASE("targets of one address share one outlet") {
    observe::LogHub hub(1);
    const int first = *hub.open(target_of("127.0.0.1:10514"));
    CHECK(*hub.open(target_of("127.0.0.1:10514", "local3 err")) == first);
    CHECK(*hub.open(target_of("127.0.0.1:10515")) != first);
}

TEST_CASE("a line costs no allocation in the steady state") {
    const Listener syslog(*common::Endpoint::from_ip("127.0.0.1", 0));
    observe::LogHub hub(1);
    observe::AccessLog log(
        settings_of({target_of(syslog.bound.to_string(), "local0")}, rules::kHttpLogFormat), hub);
    std::size_t counted = 1;
    net::Worker worker({});
    std::latch done(1);
    std::thread thread([&] { worker.run(); });
    auto context = context_of(200);
    const auto burst = [&] {
        for (int i = 0; i < 20; ++i) log.write(worker, context);
    };
    worker.post([&] {
        burst();
        worker.post([&] {
            burst();
            worker.post([&] {
                counted = test::count_allocations(burst);
                worker.post([&] { done.count_down(); });
            });
        });
    });
    done.wait();
    worker.stop();
    thread.join();
    CHECK(counted == 0);
}
