#include "proxyd/fcgi/request.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "common/text.h"
#include "proxyd/fcgi/record.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/expression.h"

namespace proxyd::fcgi {
namespace {

using http::FieldId;

constexpr std::string_view kSoftware = "HAProxy " FRONTDOOR_VERSION;

// Where the script is, and what else the path says.
struct Script {
    std::string name, path_info;
};

// One request on its way to the application.
struct Scene {
    const App& app;
    const rules::Context& context;
    const http::Message& request;
    std::uint64_t body;
    const std::map<std::string, std::string, std::less<>>& own;  // of set-param, by name
    Script script;
};

// Samples that the parameters are made of.
struct Samples {
    rules::Expression path, user, scheme;
};

const Samples& samples() {
    static const Samples all{*rules::Expression::parse("path,url_dec", nullptr),
                             *rules::Expression::parse("http_auth_user", nullptr),
                             *rules::Expression::parse("http_auth_type", nullptr)};
    return all;
}

bool evaluate(const rules::Expression& expression, const rules::Context& context, std::string& out) {
    rules::Sample sample;
    if (!expression.evaluate(context, sample)) return false;
    rules::TextBuffer buffer;
    out.assign(rules::to_text(sample, buffer));
    return true;
}

// The group of the first match; empty where it took no part.
std::string group(const rules::Regex& regex, std::string_view text, std::string_view reference) {
    std::string out;
    regex.expand(text, reference, out);
    return out;
}

bool find_script(const App& app, const rules::Context& context, Script& script) {
    std::string path;
    if (!evaluate(samples().path, context, path) || !path.starts_with('/')) return false;
    if (app.path_info) {
        if (path.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) return false;
        script.name = group(*app.path_info, path, "\\1");
        if (!script.name.empty()) script.path_info = group(*app.path_info, path, "\\2");
    }
    if (script.name.empty()) script.name = std::move(path);
    if (script.name.ends_with('/')) script.name += app.index_name;
    return true;
}

std::string_view own_or(const Scene& scene, std::string_view name, std::string_view otherwise) {
    const auto found = scene.own.find(name);
    return found == scene.own.end() ? otherwise : std::string_view(found->second);
}

// The parameters of the manual's table. An empty value is not told.
std::string interface_version(const Scene&) {
    return "CGI/1.1";
}
std::string document_root(const Scene& scene) {
    return scene.app.docroot;
}
std::string script_name(const Scene& scene) {
    return scene.script.name;
}
std::string path_info(const Scene& scene) {
    return scene.script.path_info;
}
std::string request_uri(const Scene& scene) {
    return std::string(scene.request.target);
}
std::string request_method(const Scene& scene) {
    return std::string(scene.request.method_text);
}
std::string query_string(const Scene& scene) {
    return std::string(scene.request.query());
}
std::string server_name(const Scene& scene) {
    const http::Field* const host = scene.request.fields.find(FieldId::host);
    if (host != nullptr) return std::string(host->value);
    return scene.context.destination.is_ip() ? scene.context.destination.ip() : std::string();
}
std::string server_port(const Scene& scene) {
    return scene.context.destination.is_ip() ? std::to_string(scene.context.destination.port())
                                             : std::string();
}
std::string server_protocol(const Scene& scene) {
    return scene.request.version == http::Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
}
std::string remote_address(const Scene& scene) {
    return scene.context.source.is_ip() ? scene.context.source.ip() : std::string();
}
std::string remote_port(const Scene& scene) {
    return scene.context.source.is_ip() ? std::to_string(scene.context.source.port()) : std::string();
}
std::string script_filename(const Scene& scene) {
    return scene.app.docroot + std::string(own_or(scene, "SCRIPT_NAME", scene.script.name));
}
std::string path_translated(const Scene& scene) {
    const std::string_view info = own_or(scene, "PATH_INFO", scene.script.path_info);
    return info.empty() ? std::string() : scene.app.docroot + std::string(info);
}
std::string https(const Scene& scene) {
    return scene.context.tls ? "on" : "";
}
std::string content_length(const Scene& scene) {
    return std::to_string(scene.body);
}
std::string software(const Scene&) {
    return std::string(kSoftware);
}
std::string auth_type(const Scene& scene) {
    std::string scheme;
    return evaluate(samples().scheme, scene.context, scheme) ? scheme : std::string();
}
std::string remote_user(const Scene& scene) {
    std::string user;
    return evaluate(samples().user, scene.context, user) ? user : std::string();
}

struct ParameterRow {
    std::string_view name;
    std::string (*value)(const Scene& scene);
};

// In HAProxy's order.
constexpr std::array kParameters{
    ParameterRow{"AUTH_TYPE", auth_type},
    ParameterRow{"REMOTE_USER", remote_user},
    ParameterRow{"GATEWAY_INTERFACE", interface_version},
    ParameterRow{"DOCUMENT_ROOT", document_root},
    ParameterRow{"SCRIPT_NAME", script_name},
    ParameterRow{"PATH_INFO", path_info},
    ParameterRow{"REQUEST_URI", request_uri},
    ParameterRow{"REQUEST_METHOD", request_method},
    ParameterRow{"QUERY_STRING", query_string},
    ParameterRow{"SERVER_NAME", server_name},
    ParameterRow{"SERVER_PORT", server_port},
    ParameterRow{"SERVER_PROTOCOL", server_protocol},
    ParameterRow{"REMOTE_ADDR", remote_address},
    ParameterRow{"REMOTE_PORT", remote_port},
    ParameterRow{"SCRIPT_FILENAME", script_filename},
    ParameterRow{"PATH_TRANSLATED", path_translated},
    ParameterRow{"HTTPS", https},
    ParameterRow{"CONTENT_LENGTH", content_length},
    ParameterRow{"SERVER_SOFTWARE", software},
};

// Fields that are kept back unless `pass-header` names them: credentials, those of one connection, and Proxy,
// which as HTTP_PROXY would redirect what the application asks of others.
constexpr std::array<std::string_view, 10> kHidden{"authorization",
                                                   "proxy-authorization",
                                                   "connection",
                                                   "keep-alive",
                                                   "te",
                                                   "transfer-encoding",
                                                   "upgrade",
                                                   "expect",
                                                   "proxy",
                                                   "http2-settings"};

bool is_passed(const App& app, const rules::Context& context, std::string_view name) {
    return std::ranges::any_of(app.passed, [&](const App::PassedField& each) {
        return common::iequals(each.name, name) && each.condition.evaluate(context);
    });
}

bool is_hidden(std::string_view name) {
    return std::ranges::any_of(kHidden, [&](std::string_view each) { return common::iequals(each, name); });
}

void append_fields(const Scene& scene, std::string& out) {
    for (const http::Field& field : scene.request.fields.all()) {
        if (field.id == FieldId::content_length) continue;  // a parameter
        if (field.id == FieldId::content_type) {
            if (!scene.own.contains("CONTENT_TYPE")) append_pair(out, "CONTENT_TYPE", field.value);
            continue;
        }
        if (is_hidden(field.name) && !is_passed(scene.app, scene.context, field.name)) continue;
        const std::string name = "HTTP_" + parameter_name(field.name);
        if (!scene.own.contains(name)) append_pair(out, name, field.value);
    }
}

}  // namespace

std::string parameter_name(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = rules::is_alnum(c) ? rules::upper(c) : '_';
    return out;
}

bool append_request(const App& app, const rules::Context& context, std::uint64_t body, std::string& out,
                    Rules rules) {
    std::map<std::string, std::string, std::less<>> own;
    for (const App::Param& param : app.params) {
        if (rules == Rules::skipped || !param.condition.evaluate(context)) continue;
        std::string value;
        param.value.render(context, value);
        if (!value.empty()) own[param.name] = std::move(value);
    }
    Scene scene{app, context, *context.request, body, own, {}};
    if (!own.contains("SCRIPT_NAME") && !find_script(app, context, scene.script)) return false;
    std::string pairs;
    append_fields(scene, pairs);
    for (const auto& [name, value] : own) append_pair(pairs, name, value);
    for (const ParameterRow& row : kParameters) {
        if (own.contains(row.name)) continue;
        const std::string value = row.value(scene);
        if (!value.empty()) append_pair(pairs, row.name, value);
    }
    append_begin(out, kRequest, app.keep_conn);
    append_stream(out, RecordType::params, kRequest, pairs);
    end_stream(out, RecordType::params, kRequest);
    if (body == 0) end_stream(out, RecordType::standard_input, kRequest);
    return true;
}

}  // namespace proxyd::fcgi
