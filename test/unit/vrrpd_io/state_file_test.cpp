#include "vrrpd/io/state_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"

using namespace vrrpd::io;
using namespace std::chrono_literals;

namespace {

struct Folder : test::TemporaryFolder {
    std::string file = *this / "run/state";
};

}  // namespace

TEST_CASE("a restarted keeper finds what the former one wrote") {
    Folder folder;
    const StateKey one{"eth0", 51, false}, two{"eth0", 51, true};
    {
        auto file = StateFile::open(folder.file, "boot-1");
        REQUIRE(file);
        const std::size_t slot = file->slot(one);
        CHECK_FALSE(file->load(slot));
        for (int i = 1; i <= 5; ++i) file->save(slot, {true, 101, i * 1s});
        file->save(file->slot(two), {false, 7, 9s});
    }
    auto file = StateFile::open(folder.file, "boot-1");
    REQUIRE(file);
    CHECK(file->load(file->slot(one)) == SavedState{true, 101, 5s});
    CHECK(file->load(file->slot(two)) == SavedState{false, 7, 9s});
    CHECK_FALSE(file->load(file->slot({"eth1", 51, false})));
}

TEST_CASE("records of another boot or namespace are dropped") {
    Folder folder;
    const StateKey key{"eth0", 51, false};
    {
        auto file = StateFile::open(folder.file, "boot-1");
        file->save(file->slot(key), {true, 101, 1s});
    }
    {
        auto other = StateFile::open(folder.file, "boot-2");
        CHECK_FALSE(other->load(other->slot(key)));
    }
    auto again = StateFile::open(folder.file, "boot-1");
    CHECK_FALSE(again->load(again->slot(key)));
}

TEST_CASE("a damaged slot leaves the one before it") {
    Folder folder;
    const StateKey key{"eth0", 51, false};
    {
        auto file = StateFile::open(folder.file, "boot-1");
        const std::size_t slot = file->slot(key);
        file->save(slot, {true, 101, 1s});
        file->save(slot, {true, 101, 2s});
    }
    // The second write went to the second slot, right behind the first of 24 bytes: 88 of header, 24 of key.
    std::fstream raw(folder.file, std::ios::in | std::ios::out | std::ios::binary);
    raw.seekp(88 + 24 + 24);
    raw.write("\xff\xff\xff", 3);
    raw.close();
    auto file = StateFile::open(folder.file, "boot-1");
    CHECK(file->load(file->slot(key)) == SavedState{true, 101, 1s});
}

TEST_CASE("more instances than the file holds are simply not remembered") {
    Folder folder;
    auto file = StateFile::open(folder.file, "boot-1");
    for (int i = 0; i < 5; ++i) {
        for (int vrid = 0; vrid < 256; ++vrid) {
            const std::size_t slot =
                file->slot({"e" + std::to_string(i), static_cast<std::uint8_t>(vrid), false});
            CHECK((slot == StateFile::kNone) == (i * 256 + vrid >= 1024));
        }
    }
    file->save(StateFile::kNone, {true, 1, 1s});
    CHECK_FALSE(file->load(StateFile::kNone));
    CHECK_FALSE(StateFile().load(0));
}
