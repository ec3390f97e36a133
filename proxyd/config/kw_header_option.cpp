// option NAME: header fields of requests and responses on their way (configuration manual 4.2; `forwarded` is
// HAProxy 2.8's).
#include "common/keyword_table.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/network.h"

namespace proxyd::config {
namespace {

using session::ForwardedSettings;
using session::InheritedSettings;
using session::OddNames;
using Source = ForwardedSettings::Source;

// The words of forwardfor and originalto: [except NETWORK] [header NAME] [if-none]; false after a complaint.
bool read_address_header(Reading& in, const Statement& line, bool takes_if_none,
                         session::AddressHeader& option) {
    const auto words = line.arguments();
    std::string except;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "if-none" && takes_if_none) {
            option.if_none = true;
        } else if ((words[i] == "except" || words[i] == "header") && i + 1 < words.size()) {
            (words[i] == "except" ? except : option.header) = words[i + 1];
            ++i;
        } else {
            in.error(line, "'" + line.name() + "' expects [except NETWORK] [header NAME]" +
                               (takes_if_none ? " [if-none]" : "") + ", not '" + words[i] + "'");
            return false;
        }
    }
    if (except.empty()) return true;
    const auto network = rules::parse_network(except);
    if (!network) return in.error(line, "'" + line.name() + " except': " + network.error().text), false;
    option.except = *network;
    return true;
}

template <session::AddressHeader InheritedSettings::* member, bool takes_if_none>
void set_address_header(Reading& in, const Statement& line) {
    session::AddressHeader& option = in.proxy().*member;
    option = InheritedSettings().*member;
    if (line.no || line.reset) return;
    option.enabled = in.proxy().tells_addresses = true;
    read_address_header(in, line, takes_if_none, option);
}

// A word of `option forwarded`, perhaps followed by an expression.
struct ForwardedRow {
    std::string_view name;
    Source source;
    void (*set)(ForwardedSettings&, Source, std::shared_ptr<const rules::Expression>);
};

template <ForwardedSettings::Node ForwardedSettings::* node>
void set_name(ForwardedSettings& out, Source source, std::shared_ptr<const rules::Expression> expression) {
    (out.*node).name = source;
    (out.*node).name_expression = std::move(expression);
}
template <ForwardedSettings::Node ForwardedSettings::* node>
void set_port(ForwardedSettings& out, Source source, std::shared_ptr<const rules::Expression> expression) {
    (out.*node).port = source;
    (out.*node).port_expression = std::move(expression);
}
void set_host(ForwardedSettings& out, Source source, std::shared_ptr<const rules::Expression> expression) {
    out.host = source;
    out.host_expression = std::move(expression);
}
void set_proto(ForwardedSettings& out, Source, std::shared_ptr<const rules::Expression>) {
    out.proto = true;
}

constexpr ForwardedRow kForwarded[] = {
    {"proto", Source::connection, set_proto},
    {"host", Source::connection, set_host},
    {"host-expr", Source::expression, set_host},
    {"by", Source::connection, set_name<&ForwardedSettings::by>},
    {"by-expr", Source::expression, set_name<&ForwardedSettings::by>},
    {"by_port", Source::connection, set_port<&ForwardedSettings::by>},
    {"by_port-expr", Source::expression, set_port<&ForwardedSettings::by>},
    {"for", Source::connection, set_name<&ForwardedSettings::client>},
    {"for-expr", Source::expression, set_name<&ForwardedSettings::client>},
    {"for_port", Source::connection, set_port<&ForwardedSettings::client>},
    {"for_port-expr", Source::expression, set_port<&ForwardedSettings::client>},
};

// The word at `at`, with its expression; `at` moves behind it. False after a complaint.
bool read_forwarded_word(Reading& in, const Statement& line, std::size_t& at, ForwardedSettings& out) {
    const std::span<const ForwardedRow> rows = kForwarded;
    const std::string& word = line.argument(at++);
    const ForwardedRow* row = common::find_row(rows, word);
    if (row == nullptr) {
        in.error(line, "'option forwarded' does not know '" + word + "'" +
                           common::did_you_mean(word, common::row_names(rows)));
        return false;
    }
    if (row->source != Source::expression) return row->set(out, row->source, nullptr), true;
    if (at >= line.count()) {
        in.error(line, "'option forwarded': '" + word + "' expects an expression");
        return false;
    }
    auto expression = rules::Expression::parse(line.argument(at++), in.model.catalogue.get(),
                                               rules::kAtBackRequest | rules::kAtFrontRequest);
    if (!expression) return in.error(line, expression.error()), false;
    row->set(out, row->source, std::make_shared<const rules::Expression>(std::move(*expression)));
    return true;
}

void set_forwarded(Reading& in, const Statement& line) {
    in.proxy().forwarded.reset();
    if (line.no || line.reset) return;
    auto settings = std::make_shared<ForwardedSettings>();
    if (line.count() == 0) {
        settings->proto = true;
        settings->client.name = Source::connection;
    }
    for (std::size_t at = 0; at < line.count();)
        if (!read_forwarded_word(in, line, at, *settings)) return;
    for (ForwardedSettings::Node* node : {&settings->by, &settings->client})
        if (node->port != Source::none && node->name == Source::none)
            return in.error(line,
                            "'option forwarded': a port needs a name beside it ('by' for 'by_port', "
                            "'for' for 'for_port')");
    in.proxy().forwarded = std::move(settings);
    in.proxy().tells_addresses = true;
}

struct OddNamesRow {
    std::string_view name;
    OddNames policy;
};
constexpr OddNamesRow kOddNames[] = {
    {"preserve", OddNames::preserve}, {"delete", OddNames::remove}, {"reject", OddNames::reject}};

void set_odd_names(Reading& in, const Statement& line) {
    const auto* row = line.no || line.reset
                          ? &kOddNames[0]
                          : common::find_row(std::span<const OddNamesRow>(kOddNames), line.argument(0));
    if (row == nullptr)
        return in.error(line,
                        "'option http-restrict-req-hdr-names' expects preserve, delete or reject, not '" +
                            line.argument(0) + "'");
    in.proxy().odd_names = row->policy;
    in.proxy().odd_names_given = !line.no && !line.reset;
}

constexpr unsigned char kBoth = kNo | kDefault;

constexpr Keyword kKeywords[] = {
    works("forwardfor", kProxies, 0, -1, set_address_header<&InheritedSettings::forwardfor, true>,
          "[except <network>] [header <name>] [if-none]", "tell servers the client's address", kBoth),
    works("originalto", kProxies, 0, -1, set_address_header<&InheritedSettings::originalto, false>,
          "[except <network>] [header <name>]", "tell servers the address that the client wanted", kBoth),
    works("forwarded", kBackendSide, 0, -1, set_forwarded,
          "[proto] [host|host-expr <expr>] [by|by-expr <expr>] [by_port|by_port-expr <expr>] [for|for-expr "
          "<expr>] [for_port|for_port-expr <expr>]",
          "tell servers the same as RFC 7239 has it", kBoth),
    works("http-restrict-req-hdr-names", kProxies, 1, 1, set_odd_names, "preserve|delete|reject",
          "names of header fields with other bytes than letters, digits and '-'", kBoth),
    works("h1-case-adjust-bogus-client", kFrontendSide, 0, 0,
          proxy_flag<&InheritedSettings::adjust_case_for_clients>, "",
          "clients get names spelled as h1-case-adjust says", kBoth),
    works("h1-case-adjust-bogus-server", kBackendSide, 0, 0,
          proxy_flag<&InheritedSettings::adjust_case_for_servers>, "",
          "servers get names spelled as h1-case-adjust says", kBoth),
    works("http-drop-request-trailers", kBackendSide, 0, 0,
          proxy_flag<&InheritedSettings::drop_request_trailers>, "",
          "fields behind a request's body are not passed on", kBoth),
    works("http-drop-response-trailers", kFrontendSide, 0, 0,
          proxy_flag<&InheritedSettings::drop_response_trailers>, "",
          "fields behind a response's body are not passed on", kBoth),
};

}  // namespace

std::span<const Keyword> header_option_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
