#include "vrrpd/admin/operator_socket.h"

#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>

#include "common/control/client.h"
#include "vrrpd/admin/show.h"

namespace vrrpd::admin {

namespace control = common::control;
namespace json = boost::json;

namespace {

control::Hello hello_of(std::string program, std::string release) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {.program = std::move(program),
            .release = std::move(release),
            .pid = ::getpid(),
            .started_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

control::ServerSettings settings_of(const std::string& path, const std::string& release) {
    control::ServerSettings settings;
    settings.path = path;
    settings.hello = hello_of("vrrpd", release);
    return settings;
}

// For people with a pipe: indented, one member per line.
void print_indented(const json::value& value, int depth) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
        std::puts("{");
        std::size_t left = object->size();
        for (const auto& [name, one] : *object) {
            std::printf("%s  %s: ", indent.c_str(), json::serialize(json::string(name)).c_str());
            print_indented(one, depth + 1);
            std::puts(--left > 0 ? "," : "");
        }
        std::printf("%s}", indent.c_str());
    } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
        std::puts("[");
        std::size_t left = array->size();
        for (const json::value& one : *array) {
            std::printf("%s  ", indent.c_str());
            print_indented(one, depth + 1);
            std::puts(--left > 0 ? "," : "");
        }
        std::printf("%s]", indent.c_str());
    } else {
        std::fputs(json::serialize(value).c_str(), stdout);
    }
}

// One member of the answer to a command; a complaint on stderr and nothing where there is none.
std::optional<json::value> ask(const std::string& path, const std::string& command, const char* name) {
    control::Request request;
    request.command = command;
    const auto response = control::ask(path, hello_of("vrrpd --" + command, FRONTDOOR_VERSION), request);
    if (!response || !response->error.empty()) {
        const std::string reason = response ? response->error : response.error().text;
        std::fprintf(stderr, "vrrpd: no keeper answers at %s: %s\n", path.c_str(), reason.c_str());
        return std::nullopt;
    }
    const json::object* result = response->result.if_object();
    const json::value* value = result != nullptr ? result->if_contains(name) : nullptr;
    if (value != nullptr) return *value;
    std::fprintf(stderr, "vrrpd: the answer at %s holds no %s\n", path.c_str(), name);
    return std::nullopt;
}

}  // namespace

OperatorSocket::OperatorSocket(boost::asio::io_context& io, const std::string& path,
                               const std::string& release, Answers answers)
    : path_(path),
      answers_(std::move(answers)),
      server_(io, settings_of(path, release),
              {.on_hello = {},
               .on_message =
                   [this](control::ClientId client, const control::Message& message) {
                       const auto* request = std::get_if<control::Request>(&message);
                       if (request != nullptr) server_.send(client, answer(*request));
                   },
               .on_close = {}}) {}

common::Result<> OperatorSocket::listen() {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
    return server_.listen();
}

control::Response OperatorSocket::answer(const control::Request& request) const {
    control::Response response;
    response.id = request.id;
    if (request.command == "show") {
        response.result = json::object{{"status", answers_.status()}};
    } else if (request.command == "metrics") {
        response.result = json::object{{"text", answers_.metrics()}};
    } else {
        response.error = "unknown command '" + request.command + "'; there are: show, metrics";
    }
    return response;
}

int show(const std::string& path, bool as_json) {
    const auto status = ask(path, "show", "status");
    if (!status) return 1;
    if (as_json) {
        print_indented(*status, 0);
        std::puts("");
    } else {
        std::fputs(render_status(*status).c_str(), stdout);
    }
    return 0;
}

int show_metrics(const std::string& path) {
    const auto text = ask(path, "metrics", "text");
    if (!text || !text->is_string()) return 1;
    std::fputs(text->get_string().c_str(), stdout);
    return 0;
}

}  // namespace vrrpd::admin
