#include "proxyd/session/forwarded.h"

#include <algorithm>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/sample.h"

namespace proxyd::session {

namespace {

using Source = ForwardedSettings::Source;
using rules::Sample;

// Appends "name=value" to the list.
void begin_parameter(std::string_view name, std::string& out) {
    if (!out.empty()) out += ';';
    out.append(name).append("=");
}

// obfnode and obfport without their underscore, RFC 7239 section 6.3.
bool is_obfuscated(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return rules::is_alnum(c) || c == '.' || c == '_' || c == '-';
    });
}

// An identifier gets the underscore that tells it from an address or a number.
void append_obfuscated(std::string_view text, std::string& out) {
    if (!text.starts_with('_')) out += '_';
    out += text;
}

// True: an IPv6 address, which needs quotes.
bool append_address(const Sample& sample, std::string& out) {
    rules::TextBuffer buffer;
    const std::string_view text = rules::to_text(sample, buffer);
    if (sample.type != rules::SampleType::ipv6) return out += text, false;
    out.append("[").append(text).append("]");
    return true;
}

// The node's name; `quoted`: as it must be then.
void append_name(const ForwardedSettings::Node& node, const common::Endpoint& endpoint,
                 const rules::Context& context, std::string& out, bool& quoted) {
    Sample sample;
    const bool given = node.name == Source::expression ? node.name_expression->evaluate(context, sample)
                                                       : sample.set_address(endpoint);
    if (given && sample.is_address()) {
        quoted |= append_address(sample, out);
        return;
    }
    rules::TextBuffer buffer;
    const std::string_view text = given ? rules::to_text(sample, buffer) : std::string_view();
    Sample ip;
    if (rules::parse_ip(text, ip))
        quoted |= append_address(ip, out);
    else if (is_obfuscated(text))
        append_obfuscated(text, out);
    else
        out += "unknown";
}

void append_port(const ForwardedSettings::Node& node, const common::Endpoint& endpoint,
                 const rules::Context& context, std::string& out) {
    if (node.port == Source::connection) {
        if (endpoint.is_ip()) out.append(":").append(std::to_string(endpoint.port()));
        return;
    }
    Sample sample;
    if (!node.port_expression->evaluate(context, sample)) return;
    rules::TextBuffer buffer;
    const std::string_view text = rules::to_text(sample, buffer);
    const bool number = !text.empty() && text.size() <= 5 && std::ranges::all_of(text, rules::is_digit);
    if (number && rules::leading_number(text) <= 65535) {
        out.append(":").append(text);
    } else if (!number && is_obfuscated(text)) {
        out += ':';
        append_obfuscated(text, out);
    }
}

void append_node(std::string_view parameter, const ForwardedSettings::Node& node,
                 const common::Endpoint& endpoint, const rules::Context& context, std::string& out) {
    if (node.name == Source::none) return;
    begin_parameter(parameter, out);
    const std::size_t begin = out.size();
    bool quoted = false;
    append_name(node, endpoint, context, out, quoted);
    const std::size_t name_end = out.size();
    if (node.port != Source::none) append_port(node, endpoint, context, out);
    if (!quoted && out.size() == name_end) return;
    out.insert(begin, 1, '"');
    out += '"';
}

void append_host(const ForwardedSettings& settings, const rules::Context& context,
                 const http::Message& request, std::string& out) {
    if (settings.host == Source::none) return;
    Sample sample;
    rules::TextBuffer buffer;
    std::string_view host;
    if (settings.host == Source::connection)
        host = request.host();
    else if (settings.host_expression->evaluate(context, sample))
        host = rules::to_text(sample, buffer);
    begin_parameter("host", out);
    out += '"';
    // What would end the quoted string, or the line, has no place in a host.
    for (char c : host)
        if (static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\\' && c != 0x7f) out += c;
    out += '"';
}

}  // namespace

void add_forwarded(const ProxySettings& backend, const rules::Context& context, http::Message& request) {
    if (!backend.forwarded) return;
    const ForwardedSettings& settings = *backend.forwarded;
    thread_local std::string text;
    text.clear();
    if (settings.proto) text += context.tls ? "proto=https" : "proto=http";
    append_host(settings, context, request, text);
    append_node("by", settings.by, context.destination, context, text);
    append_node("for", settings.client, context.source, context, text);
    request.fields.add(*request.arena, "forwarded", text);
}

}  // namespace proxyd::session
