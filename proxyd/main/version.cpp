#include "proxyd/main/version.h"

#include <openssl/crypto.h>
#include <sys/utsname.h>

#include <boost/version.hpp>

#include "proxyd/config/condition.h"
#include "proxyd/state/counters.h"

namespace proxyd::main {
namespace {

std::string running_on() {
    utsname system{};
    if (::uname(&system) < 0) return {};
    return std::string("Running on: ") + system.sysname + " " + system.release + " " + system.version + " " +
           system.machine + "\n";
}

std::string boost_version() {
    return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "." +
           std::to_string(BOOST_VERSION % 100);
}

}  // namespace

// The first line is read by tools that know HAProxy's.
std::string version_text() {
    return "proxyd version " + std::string(kVersion) + "\nConfiguration language of HAProxy version " +
           std::string(config::kLanguageVersion) + "\n" + running_on();
}

std::string build_report_text() {
    std::string out = version_text();
    out += "Build options :\n  TARGET  = linux-glibc\n  CC      = g++ " __VERSION__ "\n\nFeature list :";
    for (const std::string_view feature : config::features()) out += " +" + std::string(feature);
    out += "\n\nDefault settings :\n  bufsize = 16384, maxrewrite = 1024\n\n";
    out += "Built with multi-threading support (MAX_THREADS=" + std::to_string(state::kMaxWorkers) + ").\n";
    out += "Built with OpenSSL version : " OPENSSL_VERSION_TEXT "\n";
    out += std::string("Running on OpenSSL version : ") + OpenSSL_version(OPENSSL_VERSION) + "\n";
    out += "Built with Boost version : " + boost_version() + "\n";
    out += "\nAvailable polling systems :\n      epoll : pref=300,  test result OK\n";
    out += "Total: 1 (1 usable), will use epoll.\n";
    return out;
}

}  // namespace proxyd::main
