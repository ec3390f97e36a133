// Small parts of TLS that files and words decide: errors to ignore, keys of tickets, names of certificates.
#include <openssl/x509_vfy.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "proxyd/net/certificate_errors.h"
#include "proxyd/net/certificate_names.h"
#include "proxyd/net/tls_context.h"
#include "test/support/temporary_folder.h"

using namespace proxyd::net;

namespace {

// A line of Base64 for so many zero bytes.
std::string zeros(std::size_t bytes) {
    std::string line((bytes + 2) / 3 * 4, 'A');
    for (std::size_t i = 0; i < (3 - bytes % 3) % 3; ++i) line[line.size() - 1 - i] = '=';
    line.push_back('\n');
    return line;
}

}  // namespace

TEST_CASE("errors of certificates by number and by name") {
    const auto some = parse_certificate_errors("10,X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT");
    REQUIRE(some);
    CHECK(some->count() == 2);
    CHECK(some->test(X509_V_ERR_CERT_HAS_EXPIRED));
    CHECK(some->test(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
    CHECK(parse_certificate_errors("all")->all());
    for (const char* bad : {"", "10,", "-1", "128", "X509_V_ERR_NOTHING", "all,10"})
        CHECK_FALSE(parse_certificate_errors(bad));
}

TEST_CASE("a file of ticket keys") {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() / "keys";
    const auto read = [&](const std::string& text) {
        std::ofstream(path) << text;
        return TicketKeys::from_file(path);
    };
    const std::string brief = zeros(48), full = zeros(80);
    const auto four = read("AQ" + brief.substr(2) + brief + brief + brief);
    REQUIRE(four);
    CHECK((*four)->export_keys().size() == TicketKeys::kKept);
    CHECK((*four)->export_keys().back().name[0] == 0);  // the first line is too old
    CHECK((*four)->export_keys().front().short_form);
    const auto three = read(full + full + full + "\n");
    REQUIRE(three);
    CHECK_FALSE((*three)->export_keys().front().short_form);
    CHECK_FALSE(read(brief + brief));
    CHECK_FALSE(read(brief + brief + full));
    CHECK_FALSE(read("nonsense\n" + full + full + full));
    CHECK_FALSE(TicketKeys::from_file("/nonexistent"));
}

TEST_CASE("filters of names") {
    CertificateNames names;
    names.add("*.example.org", 1);
    names.add("!not.example.org", 1);
    names.add("!taken.example.org", 1);
    names.add("taken.example.org", 2);
    CHECK(names.find("a.example.org") == 1);
    CHECK(names.find("not.example.org") == -1);
    CHECK(names.find("taken.example.org") == 2);
}
