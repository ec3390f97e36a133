// The row type of the keyword tables: one row and one function per keyword of the configuration language.
// Each kw_*.cpp file holds one family; registry.cpp names all tables.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace proxyd::config {

struct Reading;
struct Statement;

// Sections in which a keyword may stand, as bits.
using Sections = unsigned;
inline constexpr Sections kGlobal = 1U << 0, kDefaults = 1U << 1, kFrontend = 1U << 2, kListen = 1U << 3,
                          kBackend = 1U << 4, kUserlist = 1U << 5, kPeers = 1U << 6, kResolvers = 1U << 7,
                          kMailers = 1U << 8, kCache = 1U << 9, kProgram = 1U << 10, kHttpErrors = 1U << 11,
                          kRing = 1U << 12, kLogForward = 1U << 13, kCrtStore = 1U << 14, kFcgiApp = 1U << 15,
                          kTraces = 1U << 16, kLogProfile = 1U << 17, kAcme = 1U << 18;
inline constexpr Sections kOwnProxies = kFrontend | kListen | kBackend;
inline constexpr Sections kProxies = kDefaults | kOwnProxies;
inline constexpr Sections kFrontendSide = kDefaults | kFrontend | kListen;
inline constexpr Sections kBackendSide = kDefaults | kListen | kBackend;

// "global, frontend, listen"
std::string section_names(Sections sections);

enum class Effect : unsigned char {
    works,
    silent,   // known; its section has said already that it has no effect
    none,     // accepted with a warning: `text` says why nothing happens
    removed,  // gone from HAProxy, still works here with a warning: `text` is the modern form
    refused,  // `text` says why; for words whose silent loss would change security or results
};

// Words that may stand before a keyword.
inline constexpr unsigned char kNo = 1, kDefault = 2;

using Handler = void (*)(Reading& in, const Statement& line);

struct Keyword {
    std::string_view name;
    Sections where = 0;
    int min_arguments = 0;
    int max_arguments = -1;  // -1: any number
    Handler handler = nullptr;
    Effect effect = Effect::works;
    std::string_view usage;  // the arguments: "<number>"
    std::string_view text;   // one line of help; reason or modern form for the other effects
    unsigned char prefixes = 0;
    bool called = false;  // its name carries an argument in parentheses
};

constexpr Keyword works(std::string_view name, Sections where, int min, int max, Handler handler,
                        std::string_view usage, std::string_view help, unsigned char prefixes = 0) {
    return {name, where, min, max, handler, Effect::works, usage, help, prefixes};
}

constexpr Keyword called(Keyword row) {
    row.called = true;
    return row;
}

constexpr Keyword removed(std::string_view name, Sections where, int min, int max, Handler handler,
                          std::string_view usage, std::string_view modern) {
    return {name, where, min, max, handler, Effect::removed, usage, modern, 0};
}

constexpr Keyword inert(std::string_view name, Sections where, std::string_view reason) {
    return {name, where, 0, -1, nullptr, Effect::none, "...", reason, kNo | kDefault};
}

constexpr Keyword silent(std::string_view name, Sections where) {
    return {name, where, 0, -1, nullptr, Effect::silent, "...", "", kNo | kDefault};
}

constexpr Keyword refused(std::string_view name, Sections where, std::string_view reason) {
    return {name, where, 0, -1, nullptr, Effect::refused, "...", reason, 0};
}

// Reasons that many rows share.
inline constexpr std::string_view kNoHttp2 = "HTTP/2 is not spoken; clients and servers get HTTP/1.1";
inline constexpr std::string_view kNoQuic = "QUIC is not spoken; clients come over TCP";
inline constexpr std::string_view kNoGuid =
    "nothing here is found by a GUID; sections, listeners and servers have names and numbers";
inline constexpr std::string_view kNoOcspUpdate =
    "OCSP responses are files beside the certificates; renew them and reload";
inline constexpr std::string_view kNoAcme =
    "certificates are not fetched; let an ACME client write them and reload";
inline constexpr std::string_view kNoLua = "there is no Lua interpreter here";
inline constexpr std::string_view kNoDevices = "device detection libraries are not part of this program";

// `prefix` is the first word of two-word keywords ("option"), empty for keywords of one word.
struct KeywordTable {
    std::string_view prefix;
    std::span<const Keyword> rows;
};

std::span<const KeywordTable> keyword_tables();

}  // namespace proxyd::config
