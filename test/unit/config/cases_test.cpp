// test/config/proxyd: files that must be accepted or refused. What must be said of a line stands on it, as a
// comment:
//     maxconn -5  #expect error: out of range
// and where a comment cannot stand, on a line `#expect LINE error: ...`. Every error and warning must be
// expected.
#include <stdlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "proxyd/config/model.h"
#include "test/support/certificate.h"

namespace {

namespace fs = std::filesystem;
using common::Diagnostic;
using common::Severity;

struct Expectation {
    int line;
    Severity severity;
    std::string text;
};

// "error: text" or "12 error: text"
Expectation parse_expectation(std::string text, int line) {
    while (text.starts_with(' ')) text.erase(0, 1);
    while (text.ends_with(' ') || text.ends_with('\r')) text.pop_back();
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        std::size_t size = 0;
        line = std::stoi(text, &size);
        text.erase(0, size + 1);
    }
    const auto colon = text.find(": ");
    REQUIRE(colon != std::string::npos);
    const std::string severity = text.substr(0, colon);
    REQUIRE((severity == "error" || severity == "warning" || severity == "notice"));
    return {line,
            severity == "error"     ? Severity::error
            : severity == "warning" ? Severity::warning
                                    : Severity::notice,
            text.substr(colon + 2)};
}

std::vector<Expectation> read_expectations(const fs::path& path) {
    constexpr std::string_view kMark = "#expect";
    std::vector<Expectation> out;
    std::ifstream in(path);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        for (auto at = line.find(kMark); at != std::string::npos;) {
            const auto next = line.find(kMark, at + kMark.size());
            out.push_back(
                parse_expectation(line.substr(at + kMark.size(), next - at - kMark.size()), number));
            at = next;
        }
    }
    return out;
}

// What was said without being expected, or expected without being said; empty when all is well.
std::string differences(const common::Diagnostics& said, std::vector<Expectation> wanted) {
    std::string out;
    for (const Diagnostic& entry : said.all()) {
        const auto match = std::ranges::find_if(wanted, [&](const Expectation& e) {
            return e.line == entry.line && e.severity == entry.severity && entry.message.contains(e.text);
        });
        if (match != wanted.end())
            wanted.erase(match);
        else
            out += "not expected: " + common::Diagnostics::format(entry) + "\n";
    }
    for (const Expectation& e : wanted)
        out += "missing at line " + std::to_string(e.line) + ": " + e.text + "\n";
    return out;
}

// Files that the cases name as "${CASES}/...".
class Folder {
 public:
    Folder() : path_(fs::temp_directory_path() / ("proxyd-cases-" + std::to_string(::getpid()))) {
        fs::create_directories(path_ / "certificates");
        REQUIRE(test::write_certificate(path_ / "cert.pem", "www.example.com"));
        REQUIRE(test::write_certificate(path_ / "certificates" / "other.pem", "other.example.com"));
        REQUIRE(test::write_certificate(path_ / "no_key.pem", "www.example.com", false));
        write("503.http", "HTTP/1.0 503 Service Unavailable\nContent-Type: text/html\n\n<p>sorry\n");
        write("page.html", "<p>sorry\n");
        write("list.crt", "# certificates\n" + (path_ / "cert.pem").string() + "\n");
        write("addresses.lst", "127.0.0.1\n10.0.0.0/8\n");
        ::setenv("CASES", path_.c_str(), 1);
        ::setenv("CASES_LIST", "one two", 1);
        ::unsetenv("CASES_UNSET");
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }

 private:
    void write(const std::string& name, const std::string& text) { std::ofstream(path_ / name) << text; }
    fs::path path_;
};

void check_folder(const char* name, bool accepted) {
    const Folder folder;
    int count = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(CONFIG_CASES) / name)) {
        if (entry.path().extension() != ".cfg") continue;
        ++count;
        CAPTURE(entry.path().string());
        common::Diagnostics said;
        const auto model = proxyd::config::load({entry.path().string()}, said);
        CHECK(differences(said, read_expectations(entry.path())) == "");
        CHECK((model != nullptr) == accepted);
        CHECK(said.has_errors() != accepted);
    }
    CHECK(count >= 10);
}

// The files of the tutorial that this project follows, when they lie beside the repository.
fs::path tutorial() {
    const char* given = std::getenv("FRONTDOOR_TUTORIAL");
    return fs::path(given != nullptr ? given : CONFIG_CASES "/../../../../shared/tutorial") / "haproxy.cfg";
}

}  // namespace

TEST_CASE("accepted files") {
    check_folder("accept", true);
}

TEST_CASE("refused files") {
    check_folder("reject", false);
}

TEST_CASE("the tutorial's file loads but for what this machine lacks") {
    if (!fs::exists(tutorial())) {
        WARN("skipped: " << tutorial() << " is not there");
        return;
    }
    common::Diagnostics said;
    proxyd::config::load({tutorial().string()}, said);
    const auto environment = [](const Diagnostic& entry) {
        return entry.message.contains("there is no user") || entry.message.contains("there is no group") ||
               entry.message.contains("cannot open '/usr/local/haproxy/cert.pem'");
    };
    for (const Diagnostic& entry : said.all())
        if (entry.severity == Severity::error && !environment(entry))
            FAIL_CHECK(common::Diagnostics::format(entry));
    CHECK(std::ranges::any_of(
        said.all(), [](const Diagnostic& entry) { return entry.message.contains("knows no operators"); }));
}
