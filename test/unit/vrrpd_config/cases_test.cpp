// test/config/vrrpd: files that must be accepted or refused. Lines `# expect LINE SEVERITY: text` in a file
// say what must be said of it; errors and warnings that no line expects fail the test. Notices are free.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "vrrpd/config/load.h"

namespace {

namespace fs = std::filesystem;
using common::Diagnostic;
using common::Severity;

struct Expectation {
    std::string place;  // ":12: warning"
    std::string text;
};

std::vector<Expectation> expectations(const fs::path& path) {
    std::vector<Expectation> out;
    std::ifstream in(path);
    constexpr std::string_view kMark = "# expect ";
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(kMark)) continue;
        const auto severity_end = line.find(": ");
        REQUIRE(severity_end != std::string::npos);
        std::istringstream head(line.substr(kMark.size(), severity_end - kMark.size()));
        std::string number, severity;
        head >> number >> severity;
        // Line 0 is the file as a whole, printed without a number.
        const std::string place = number == "0" ? ".conf: " : ":" + number + ": ";
        out.push_back({place + severity, line.substr(severity_end + 2)});
    }
    return out;
}

std::string unexpected(const fs::path& path, std::vector<Expectation> wanted, bool& refused) {
    common::Diagnostics diagnostics;
    (void)vrrpd::config::load(path.string(), {"node1"}, diagnostics);
    refused = diagnostics.has_errors();
    std::string out;
    for (const Diagnostic& entry : diagnostics.all()) {
        const std::string text = common::Diagnostics::format(entry);
        const auto match = std::ranges::find_if(wanted, [&](const Expectation& e) {
            return text.find(e.place) != std::string::npos && text.find(e.text) != std::string::npos;
        });
        if (match != wanted.end())
            wanted.erase(match);
        else if (entry.severity != Severity::notice)
            out += "not expected: " + text + "\n";
    }
    for (const Expectation& e : wanted) out += "missing: " + e.place + ": " + e.text + "\n";
    return out;
}

void check_folder(const char* folder, bool must_be_refused) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(CONFIG_CASES) / folder)) {
        if (entry.path().extension() != ".conf") continue;
        ++files;
        CAPTURE(entry.path().string());
        bool refused = false;
        CHECK(unexpected(entry.path(), expectations(entry.path()), refused) == "");
        CHECK(refused == must_be_refused);
    }
    CHECK(files >= 5);
}

}  // namespace

TEST_CASE("accepted files") {
    check_folder("accept", false);
}
TEST_CASE("refused files") {
    check_folder("reject", true);
}
