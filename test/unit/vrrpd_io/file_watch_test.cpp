// track_file: what a file says, and that every way of changing it is noticed.
#include "vrrpd/io/file_watch.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"
#include "vrrpd/io/track_value.h"

using namespace vrrpd::io;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

bool noticed(FileWatch& watch) {
    pollfd ready{watch.fd(), POLLIN, 0};
    return ::poll(&ready, 1, 0) > 0 && watch.receive();
}

}  // namespace

TEST_CASE("a track file's number is read as keepalived reads it") {
    struct Case {
        const char* text;
        std::optional<std::int32_t> value;
    };
    // Measured with keepalived 2.2.7.
    const Case cases[] = {{"5\n", 5},
                          {" 7abc\n", 7},
                          {"abc\n", 0},
                          {"", 0},
                          {"-200\n", -200},
                          {"0x10\n", 16},
                          {"010\n", 8},
                          {"+3", 3},
                          {"2147483647", 2147483647},
                          {"2147483648", std::nullopt},
                          {"99999999999\n", std::nullopt},
                          {"99999999999999999999999\n", std::nullopt}};
    for (const Case& one : cases) {
        INFO(one.text);
        CHECK(parse_track_value(one.text) == one.value);
    }
}

TEST_CASE("a missing track file is empty; what is no file is refused without waiting for it") {
    const test::TemporaryFolder folder;
    CHECK(read_track_file(folder.path() / "none") == "");
    CHECK(read_track_file(folder.path() / "none" / "deeper") == "");
    CHECK_FALSE(read_track_file(folder.path()).has_value());
    const fs::path pipe = folder.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_FALSE(read_track_file(pipe).has_value());
    write(folder.path() / "long", std::string(1000, '1'));
    CHECK(read_track_file(folder.path() / "long")->size() == 128);
}

TEST_CASE("init_file writes where there is no file, or is told to") {
    const test::TemporaryFolder folder;
    const fs::path path = folder.path() / "value";
    REQUIRE(init_track_file(path, -3, false));
    CHECK(read_track_file(path) == "-3\n");
    REQUIRE(init_track_file(path, 4, false));
    CHECK(read_track_file(path) == "-3\n");
    REQUIRE(init_track_file(path, 4, true));
    CHECK(read_track_file(path) == "4\n");
    CHECK_FALSE(init_track_file(folder.path() / "none" / "value", 4, true).has_value());
}

TEST_CASE("each way of changing a file is noticed, and nothing else") {
    const test::TemporaryFolder folder;
    const fs::path path = folder.path() / "a" / "b" / "value";
    auto watch = FileWatch::open();
    REQUIRE(watch);
    const auto arm = [&] {
        REQUIRE(watch->watch({path.string()}));
        // What arming itself caused is no news.
        pollfd ready{watch->fd(), POLLIN, 0};
        if (::poll(&ready, 1, 0) > 0) CHECK_FALSE(watch->receive());
    };
    arm();
    fs::create_directory(folder.path() / "other");
    CHECK_FALSE(noticed(*watch));
    fs::create_directory(folder.path() / "a");
    CHECK(noticed(*watch));
    arm();
    fs::create_directory(folder.path() / "a" / "b");
    CHECK(noticed(*watch));
    arm();
    write(folder.path() / "a" / "b" / "another", "1");
    CHECK_FALSE(noticed(*watch));
    write(path, "1");
    CHECK(noticed(*watch));
    arm();
    write(path, "2");
    CHECK(noticed(*watch));
    arm();
    write(folder.path() / "new", "3");
    fs::rename(folder.path() / "new", path);
    CHECK(noticed(*watch));
    arm();
    fs::remove(path);
    CHECK(noticed(*watch));
    arm();
    fs::remove(folder.path() / "a" / "b" / "another");
    fs::remove(folder.path() / "a" / "b");
    CHECK(noticed(*watch));
    arm();
    fs::create_directory(folder.path() / "a" / "b");
    CHECK(noticed(*watch));
}

TEST_CASE("a file behind a symbolic link is watched where it is") {
    const test::TemporaryFolder folder;
    write(folder.path() / "target", "1");
    fs::create_directory(folder.path() / "links");
    fs::create_symlink(folder.path() / "target", folder.path() / "links" / "value");
    auto watch = FileWatch::open();
    REQUIRE(watch);
    REQUIRE(watch->watch({(folder.path() / "links" / "value").string()}));
    write(folder.path() / "target", "2");
    CHECK(noticed(*watch));
}
