#include "proxyd/observe/ring_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "test/support/temporary_folder.h"

using proxyd::observe::RingFile;

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the latest lines are in the file, and a seam behind the newest") {
    const test::TemporaryFolder folder;
    const std::string path = folder / "ring";
    auto file = RingFile::create(path, 16);
    REQUIRE(file);
    CHECK(content(path) == std::string(16, '\0'));
    file->write("one");
    file->write("two");
    CHECK(content(path).substr(0, 9) == "one\ntwo\n\n");
    file->write("three");
    CHECK(content(path) == std::string("one\ntwo\nthree\n\n") + '\0');
    file->write("4");  // no room at the end
    CHECK(content(path) == "4\n\n\ntwo\nthree\n\n\n");
    file->write("56789");
    CHECK(content(path) == "4\n56789\n\nhree\n\n\n");
    file->write("a line that is longer than the file");
    CHECK(content(path) == "a line that is\n\n");
}

TEST_CASE("what was there is kept beside it") {
    const test::TemporaryFolder folder;
    const std::string path = folder / "ring";
    {
        auto first = RingFile::create(path, 64);
        REQUIRE(first);
        first->write("old words");
    }
    CHECK(content(path).starts_with("old words\n"));  // after its writer
    const auto second = RingFile::create(path, 64);
    REQUIRE(second);
    CHECK(content(path + ".bak").starts_with("old words\n"));
    CHECK(content(path) == std::string(64, '\0'));
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a file that cannot be") {
    const auto none = RingFile::create("/nowhere/ring", 64);
    REQUIRE_FALSE(none);
    CHECK(none.error().text.contains("/nowhere/ring"));
}
