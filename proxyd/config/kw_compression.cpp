// compression (configuration manual 4.2): how responses are compressed.
#include "common/keyword_table.h"
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

void set_codings(Reading& in, const Statement& line) {
    std::vector<http::Coding> codings;
    for (const std::string& word : line.arguments()) {
        const auto coding = http::coding_of(word);
        if (!coding)
            return in.error(line, "'compression algo': unknown algorithm '" + word +
                                      "' (gzip, deflate, raw-deflate or identity)");
        codings.push_back(*coding);
    }
    own(in).codings = std::move(codings);
}

void set_types(Reading& in, const Statement& line) {
    const auto types = line.arguments();
    own(in).types.assign(types.begin(), types.end());
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
    if (direction == "response") return;
    if (direction != "request" && direction != "both")
        return in.error(line,
                        "'compression direction' is request, response or both, not '" + direction + "'");
    in.no_effect(line, "'compression direction " + direction + "' for requests",
                 "bodies of requests pass as they are");
}

constexpr std::string_view kNoRequests = "bodies of requests pass as they are";

constexpr Keyword kKeywords[] = {
    works("algo", kProxies, 1, -1, set_codings, "gzip|deflate|raw-deflate|identity ...",
          "codings that clients may choose of"),
    works("algo-res", kProxies, 1, -1, set_codings, "gzip|deflate|raw-deflate|identity ...", "the same"),
    works("type", kProxies, 1, -1, set_types, "<content type> ...",
          "what is compressed; without: everything"),
    works("type-res", kProxies, 1, -1, set_types, "<content type> ...", "the same"),
    works("offload", kProxies, 0, 0, set_offload, "", "servers do not hear what the client accepts"),
    works("direction", kProxies, 1, 1, set_direction, "request|response|both",
          "only responses are compressed"),
    inert("algo-req", kProxies, kNoRequests),
    inert("type-req", kProxies, kNoRequests),
    inert("minsize-req", kProxies, kNoRequests),
    inert("minsize-res", kProxies, "small bodies are compressed as well"),
};

}  // namespace

std::span<const Keyword> compression_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
