// Persistence and stick tables (configuration manual 4.2, 11.1): known, without effect yet. Requests are
// balanced instead, which loses sessions but lets nobody in.
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

constexpr std::string_view kBalanced = "not supported yet; requests are balanced";
constexpr std::string_view kTables = "stick tables are not supported yet";

constexpr Keyword kKeywords[] = {
    inert("cookie", kBackendSide, kBalanced),
    inert("dynamic-cookie-key", kBackendSide, kBalanced),
    inert("appsession", kBackend | kListen, "removed from HAProxy; stick tables replace it"),
    inert("force-persist", kBackend | kListen, kBalanced),
    inert("ignore-persist", kBackend | kListen, kBalanced),
    inert("force-be-switch", kFrontend | kListen, kNotYet),
    inert("persist", kBackendSide, kBalanced),
    inert("stick-table", kOwnProxies | kPeers, kTables),
    inert("use-server", kBackend | kListen, kBalanced),
};

constexpr Keyword kStick[] = {
    inert("match", kBackend | kListen, kTables),
    inert("on", kBackend | kListen, kTables),
    inert("store-request", kBackend | kListen, kTables),
    inert("store-response", kBackend | kListen, kTables),
};

}  // namespace

std::span<const Keyword> persistence_keywords() {
    return kKeywords;
}
std::span<const Keyword> stick_keywords() {
    return kStick;
}

}  // namespace proxyd::config
