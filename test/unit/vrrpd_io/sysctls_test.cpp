#include "vrrpd/io/sysctls.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"

using vrrpd::io::Sysctls;

namespace {

struct Node {
    test::TemporaryFolder folder;
    std::string root = folder / "sys", file = folder / "sysctls";

    Node() {
        std::filesystem::create_directories(root + "/eth0");
        write("eth0/a", 0);
        write("eth0/b", 2);
    }
    void write(const std::string& name, int value) const {
        std::ofstream(root + "/" + name) << value << '\n';
    }
    int read(const std::string& name) const {
        int value = -1;
        std::ifstream(root + "/" + name) >> value;
        return value;
    }
    Sysctls open() const { return Sysctls(file, root); }
};

}  // namespace

TEST_CASE("a kernel setting is changed and becomes what it was") {
    const Node node;
    Sysctls settings = node.open();
    REQUIRE(settings.set("eth0/a", 1));
    REQUIRE(settings.set("eth0/b", 2));
    CHECK(node.read("eth0/a") == 1);
    CHECK(settings.changed() == std::vector<std::string>{"eth0/a"});
    settings.restore_all();
    CHECK(node.read("eth0/a") == 0);
    CHECK_FALSE(std::filesystem::exists(node.file));
}

TEST_CASE("what it was survives a crash") {
    const Node node;
    REQUIRE(node.open().set("eth0/a", 1));
    Sysctls second = node.open();
    REQUIRE(second.set("eth0/a", 1));
    second.restore_all();
    CHECK(node.read("eth0/a") == 0);
}

TEST_CASE("a later configuration restores what it does not want") {
    const Node node;
    Sysctls settings = node.open();
    REQUIRE(settings.set("eth0/a", 1));
    REQUIRE(settings.set("eth0/b", 1));
    settings.restore_except({"eth0/b"});
    CHECK(node.read("eth0/a") == 0);
    CHECK(node.read("eth0/b") == 1);
}

TEST_CASE("what somebody else changed since is left alone") {
    const Node node;
    Sysctls settings = node.open();
    REQUIRE(settings.set("eth0/b", 1));
    node.write("eth0/b", 7);
    settings.restore_all();
    CHECK(node.read("eth0/b") == 7);
}

TEST_CASE("records of another boot or namespace do not count") {
    const Node node;
    std::ofstream(node.file) << "another boot net:[1]\neth0/b 9 2\n";
    Sysctls settings = node.open();
    settings.restore_all();
    CHECK(node.read("eth0/b") == 2);
}

TEST_CASE("a setting that does not exist fails with its path") {
    const Node node;
    Sysctls settings = node.open();
    const auto done = settings.set("eth9/a", 1);
    REQUIRE_FALSE(done);
    CHECK(done.error().text.find("eth9/a") != std::string::npos);
}
