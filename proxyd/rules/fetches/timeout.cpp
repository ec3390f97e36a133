// Fetches of timeouts, in milliseconds (configuration manual 7.3.3).
#include <array>
#include <chrono>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

std::int64_t milliseconds(common::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

using Configured = const common::Duration* Context::*;
using Own = common::Duration Context::*;

template <Configured configured>
bool fetch_configured(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.*configured == nullptr) return false;
    return out.set_int(milliseconds(*(context.*configured))), true;
}

// What set-timeout made of it, else as configured.
template <Own own, Configured configured>
bool fetch_current(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    if ((context.*own).count() < 0) return fetch_configured<configured>(context, arguments, cursor, out);
    return out.set_int(milliseconds(context.*own)), true;
}

constexpr auto kInteger = SampleType::integer;

constexpr std::array kRows{
    FetchRow{"fe_client_timeout",
             kInteger,
             Source::frontend,
             {},
             fetch_configured<&Context::client_timeout>,
             "timeout client"},
    FetchRow{"be_server_timeout",
             kInteger,
             Source::backend,
             {},
             fetch_configured<&Context::server_timeout>,
             "timeout server"},
    FetchRow{"be_tunnel_timeout",
             kInteger,
             Source::backend,
             {},
             fetch_configured<&Context::tunnel_timeout>,
             "timeout tunnel"},
    FetchRow{"cur_server_timeout",
             kInteger,
             Source::backend,
             {},
             fetch_current<&Context::own_server_timeout, &Context::server_timeout>,
             "the exchange's timeout server"},
    FetchRow{"cur_tunnel_timeout",
             kInteger,
             Source::backend,
             {},
             fetch_current<&Context::own_tunnel_timeout, &Context::tunnel_timeout>,
             "the exchange's timeout tunnel"},
};

}  // namespace

std::span<const FetchRow> timeout_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
