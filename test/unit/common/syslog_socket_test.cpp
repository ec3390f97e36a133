#include "common/syslog_socket.h"

#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

using common::UniqueFd;
using common::log::SyslogSocket;

namespace {

// A log daemon that reads when it is told to.
struct Daemon {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("syslog-" + std::to_string(::getpid()));
    UniqueFd socket;

    void open() {
        std::filesystem::remove(path);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.string().copy(address.sun_path, sizeof address.sun_path - 1);
        socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    std::string read() {
        std::array<char, 1024> line{};
        const ssize_t size = ::recv(socket.get(), line.data(), line.size(), 0);
        return size < 0 ? "" : std::string(line.data(), static_cast<std::size_t>(size));
    }
    ~Daemon() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("a syslog line is what glibc would send") {
    Daemon daemon;
    daemon.open();
    SyslogSocket log(daemon.path.string());
    CHECK(log.send(LOG_DAEMON | LOG_NOTICE, "vrrpd", "Entering MASTER STATE"));
    const std::regex form(R"(<29>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d vrrpd\[\d+\]: Entering MASTER STATE)");
    const std::string line = daemon.read();
    CAPTURE(line);
    CHECK(std::regex_match(line, form));
}

TEST_CASE("a log daemon that does not read costs lines, one that was restarted is found again") {
    Daemon daemon;
    SyslogSocket log(daemon.path.string());
    CHECK_FALSE(log.send(LOG_INFO, "vrrpd", "nobody there"));
    daemon.open();
    int taken = 0;
    while (taken < 100'000 && log.send(LOG_INFO, "vrrpd", "line")) ++taken;
    CHECK(taken > 0);
    CHECK(taken < 100'000);
    CHECK_FALSE(daemon.read().empty());
    daemon.open();
    CHECK(log.send(LOG_INFO, "vrrpd", "again"));
    CHECK(daemon.read().ends_with(": again"));
}
