// compression (configuration manual 4.2): what is compressed and how.
#include "common/text.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::CompressionSettings;

// A section's own settings: what came from its defaults is shared with others and stays as it is.
CompressionSettings& own(Reading& in) {
    auto& settings = in.proxy().compression;
    settings =
        settings ? std::make_shared<CompressionSettings>(*settings) : std::make_shared<CompressionSettings>();
    return *settings;
}

std::optional<http::Coding> read_coding(Reading& in, const Statement& line, const std::string& word) {
    const auto coding = http::coding_of(word);
    if (!coding)
        in.error(line, "'" + line.name() + "': unknown algorithm '" + word +
                           "' (gzip, deflate, raw-deflate or identity)");
    return coding;
}

void set_codings(Reading& in, const Statement& line) {
    std::vector<http::Coding> codings;
    for (const std::string& word : line.arguments()) {
        const auto coding = read_coding(in, line, word);
        if (!coding) return;
        codings.push_back(*coding);
    }
    own(in).codings = std::move(codings);
}

void set_request_coding(Reading& in, const Statement& line) {
    const auto coding = read_coding(in, line, line.argument(0));
    own(in).request_coding = coding == http::Coding::identity ? std::nullopt : coding;
}

template <std::vector<std::string> CompressionSettings::* member>
void set_types(Reading& in, const Statement& line) {
    const auto types = line.arguments();
    (own(in).*member).assign(types.begin(), types.end());
}

template <std::uint64_t CompressionSettings::* member>
void set_least(Reading& in, const Statement& line) {
    const auto size = common::parse_size(line.argument(0));
    if (!size) return in.error(line, size.error());
    own(in).*member = *size;
}

// HAProxy takes it in defaults, and ignores it there.
void set_offload(Reading& in, const Statement& line) {
    if (in.in_defaults())
        return in.no_effect(line, "'compression offload' in a defaults section",
                            "write it in the sections themselves");
    own(in).offload = true;
}

void set_direction(Reading& in, const Statement& line) {
    const std::string& direction = line.argument(0);
    if (direction != "request" && direction != "response" && direction != "both")
        return in.error(line,
                        "'compression direction' is request, response or both, not '" + direction + "'");
    CompressionSettings& settings = own(in);
    settings.requests = direction != "response";
    settings.responses = direction != "request";
}

constexpr Keyword kKeywords[] = {
    works("algo", kProxies, 1, -1, set_codings, "gzip|deflate|raw-deflate|identity ...",
          "codings that clients may choose of"),
    works("algo-res", kProxies, 1, -1, set_codings, "gzip|deflate|raw-deflate|identity ...", "the same"),
    works("algo-req", kProxies, 1, 1, set_request_coding, "gzip|deflate|raw-deflate|identity",
          "how bodies of requests are compressed"),
    works("type", kProxies, 1, -1, set_types<&CompressionSettings::types>, "<content type> ...",
          "what is compressed; without: everything"),
    works("type-res", kProxies, 1, -1, set_types<&CompressionSettings::types>, "<content type> ...",
          "the same"),
    works("type-req", kProxies, 1, -1, set_types<&CompressionSettings::request_types>, "<content type> ...",
          "the same for requests"),
    works("minsize-res", kProxies, 1, 1, set_least<&CompressionSettings::least>, "<size>",
          "smaller bodies of known size stay as they are"),
    works("minsize-req", kProxies, 1, 1, set_least<&CompressionSettings::request_least>, "<size>",
          "the same for requests"),
    works("offload", kProxies, 0, 0, set_offload, "", "servers do not hear what the client accepts"),
    works("direction", kProxies, 1, 1, set_direction, "request|response|both",
          "whose bodies are compressed; without: responses"),
};

}  // namespace

std::span<const Keyword> compression_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
