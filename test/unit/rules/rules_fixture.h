// One exchange to run rules on, and short forms for compiling them.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "common/text.h"
#include "proxyd/rules/acl.h"
#include "proxyd/rules/context.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/rule_set.h"

namespace test {

// Words as the configuration's lexer gives them: separated by blanks, '\ ' keeps one.
inline std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> out(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == ' ')
            out.back() += line[++i];
        else if (line[i] != ' ')
            out.back() += line[i];
        else if (!out.back().empty())
            out.emplace_back();
    }
    if (out.back().empty()) out.pop_back();
    return out;
}

struct Exchange {
    common::Arena arena;
    proxyd::http::Message request, response;
    proxyd::rules::Context context;

    explicit Exchange(std::string_view target = "/a/b.html?x=1&y=2",
                      std::vector<std::pair<std::string, std::string>> fields = {
                          {"Host", "www.example.com"}}) {
        request.arena = response.arena = &arena;
        request.method = proxyd::http::Method::get;
        request.method_text = "GET";
        request.target = arena.copy(target);
        for (const auto& [name, value] : fields) request.fields.add(arena, name, value);
        response.is_request = false;
        response.status = 200;
        response.reason = "OK";
        context.arena = &arena;
        context.request = &request;
        context.source = *common::Endpoint::from_ip("192.0.2.7", 40000);
        context.destination = *common::Endpoint::from_ip("192.168.4.90", 80);
        context.frontend_name = "fe";
        context.backend_name = "be";
        context.server_name = "s1";
        context.request_line = arena.concat({"GET ", target, " HTTP/1.1"});
    }
    void with_response(std::vector<std::pair<std::string, std::string>> fields) {
        for (const auto& [name, value] : fields) response.fields.add(arena, name, value);
        context.response = &response;
    }

    std::string header(std::string_view name) const {
        std::string out;
        for (const auto& field : request.fields.all())
            if (common::iequals(field.name, name)) out += (out.empty() ? "" : "|") + std::string(field.value);
        return out;
    }
};

// The first message of a diagnostics collection, or nothing.
inline std::string first_message(const common::Diagnostics& diagnostics) {
    return diagnostics.all().empty() ? std::string() : diagnostics.all().front().message;
}

}  // namespace test
