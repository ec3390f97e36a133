// A request as a browser sends it and its answer, parsed, with the context that rules and log lines look at.
#pragma once

#include <string>

#include "proxyd/http/h1_parser.h"
#include "proxyd/rules/context.h"

namespace bench {

std::string request_text(int fields);
std::string response_text(int fields);

struct Exchange {
    explicit Exchange(int fields = 8);
    // Messages as they were after parsing, additions of rules forgotten.
    void begin();

    common::Arena arena;
    std::string request_bytes, response_bytes;
    proxyd::http::Message request, response;
    proxyd::rules::Context context;

 private:
    proxyd::http::H1Parser request_parser_, response_parser_;
};

}  // namespace bench
