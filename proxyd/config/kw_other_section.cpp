// Keywords of the sections without effect yet (acme, traces, ...): known, so that slips are
// found, and silent, since the section's first line has said that nothing happens.
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

constexpr Keyword kKeywords[] = {
    silent("trace", kTraces | kGlobal),
    silent("account-key", kAcme),
    silent("acme-vars", kAcme),
    silent("bits", kAcme),
    silent("challenge", kAcme),
    silent("challenge-ready", kAcme),
    silent("contact", kAcme),
    silent("curves", kAcme),
    silent("directory", kAcme),
    silent("dns-delay", kAcme),
    silent("dns-timeout", kAcme),
    silent("keytype", kAcme),
    silent("map", kAcme),
    silent("profile", kAcme),
    silent("provider-name", kAcme),
    silent("reuse-key", kAcme),
};

}  // namespace

std::span<const Keyword> other_section_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
