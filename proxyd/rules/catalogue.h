// What the compiled rules of one configuration share and what reading them has to know: variables of the
// process, lists of patterns, users. Made by the reader of the configuration, alive as long as the model.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/diagnostics.h"
#include "proxyd/cache/settings.h"
#include "proxyd/rules/capture_slots.h"
#include "proxyd/rules/patterns/list.h"
#include "proxyd/rules/places.h"
#include "proxyd/rules/users.h"
#include "proxyd/rules/variables.h"

namespace proxyd::rules {

// How a message waits for its body (option http-buffer-request, http-request wait-for-body).
struct BodyWait {
    bool wanted = false;
    common::Duration time{0};    // 0: timeout http-request; when it is over the answer is 408
    std::uint64_t at_least = 0;  // so many bytes are enough; 0: all, as far as the buffer goes
};

// The pages of an http-errors section, declared or only named so far (`errorfiles` of rules).
struct ErrorPages {
    bool declared = false;
    common::Location mentioned;
    std::map<int, std::shared_ptr<const std::string>> pages;  // raw bytes; empty: no answer at all
};

class AclSet;
struct BandwidthFilter;
struct LogProfile;

class Catalogue {
 public:
    std::shared_ptr<VariableSpace> variables = std::make_shared<VariableSpace>();

    PatternStore patterns;
    CaptureSlots* captures = nullptr;  // of the section being read; null: it is no frontend
    UserLists users;
    std::map<std::string, std::shared_ptr<cache::Settings>, std::less<>> caches;  // declared or only named
    Places sides = kFrontPlaces | kBackPlaces;                                    // of the section being read
    const AclSet* acls = nullptr;  // of the section being read; tells sections apart
    std::vector<std::shared_ptr<BandwidthFilter>> bandwidths;  // of all sections, declared or only named
    std::map<std::string, std::shared_ptr<ErrorPages>, std::less<>> error_pages;
    std::map<std::string, std::shared_ptr<LogProfile>, std::less<>> log_profiles;  // declared or only named

    // The environment that env() looks at while the configuration is read; none: the process's.
    std::function<std::optional<std::string>(std::string_view name)> environment;

    // The line being read: kept with what is found on it.
    common::Location line;

    // A section or server that an argument names: it must exist when all is read.
    struct Mention {
        common::Location where;
        std::string backend;  // empty: the section of the line itself
        std::string server;   // empty: the section alone
        std::string keyword;  // the fetch
    };
    std::vector<Mention> mentions;

    // A `resolvers` section that a rule asks.
    struct ResolversMention {
        common::Location where;
        std::string name;
    };
    std::vector<ResolversMention> resolvers;
};

using CataloguePtr = std::shared_ptr<Catalogue>;

}  // namespace proxyd::rules
