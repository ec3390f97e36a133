#include "proxyd/config/quick.h"

#include "common/text.h"
#include "proxyd/config/address.h"

namespace proxyd::config {
namespace {

std::unexpected<common::Error> refuse(std::string why) {
    return common::fail(
        "--quick expects LISTEN=SERVER[,SERVER...] such as :8080=127.0.0.1:9000: " + std::move(why),
        common::Side::config);
}

constexpr std::string_view kHead = R"(defaults
    mode http
    log stdout format raw local0
    option httplog
    option forwardfor
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout queue 30s
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    timeout tunnel 1h

)";

}  // namespace

common::Result<std::string> quick_configuration(std::string_view argument) {
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos) return refuse("there is no '='");
    std::string listen(argument.substr(0, equals));
    if (listen.find_first_not_of("0123456789") == std::string::npos) listen.insert(0, ":");  // "8080="
    if (const auto addresses = parse_listen_addresses(listen); !addresses)
        return refuse(addresses.error().text);

    const auto servers = common::split(argument.substr(equals + 1), ',');
    std::string text(kHead);
    text += "listen quick\n    bind " + listen + "\n";
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto address = parse_server_address(servers[i]);
        if (!address) return refuse(address.error().text);
        if (address->port == 0 && address->address.family() != AF_UNIX)
            return refuse("the server '" + std::string(servers[i]) + "' has no port");
        text += "    server server" + std::to_string(i + 1) + " " + std::string(servers[i]) +
                (servers.size() > 1 ? " check\n" : "\n");
    }
    return text;
}

}  // namespace proxyd::config
