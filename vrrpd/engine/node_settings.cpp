#include "vrrpd/engine/node_settings.h"

#include "common/logging.h"

namespace vrrpd::engine {

namespace log = common::log;

namespace {

struct Wanted {
    std::string interface;
    std::string name;
    int value;
};

std::vector<Wanted> wanted_settings(const config::Config& config) {
    std::vector<Wanted> out;
    const auto conf = [&](std::string_view family, const std::string& interface, std::string_view key,
                          int value) {
        out.push_back({interface, fmt::format("net/{}/conf/{}/{}", family, interface, key), value});
    };
    for (const config::Instance& instance : config.instances) {
        // Without it the kernel removes the other addresses of a network along with the first.
        if (instance.promote_secondaries) conf("ipv4", instance.interface, "promote_secondaries", 1);
    }
    return out;
}

}  // namespace

void NodeSettings::configure(const config::Config& config) {
    sysctls_.restore_except(apply(config, {}));
}

void NodeSettings::on_interface(const config::Config& config, const std::string& interface) {
    apply(config, interface);
}

std::set<std::string> NodeSettings::apply(const config::Config& config, const std::string& only) {
    std::set<std::string> names;
    for (const Wanted& one : wanted_settings(config)) {
        names.insert(one.name);
        if (!only.empty() && one.interface != only) continue;
        if (auto done = sysctls_.set(one.name, one.value); !done) log::warning("{}", done.error().text);
    }
    return names;
}

void NodeSettings::restore() {
    sysctls_.restore_all();
}

}  // namespace vrrpd::engine
