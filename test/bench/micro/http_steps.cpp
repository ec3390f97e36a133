// Parser and serializer.
#include <memory>

#include "exchange.h"
#include "proxyd/http/h1_serializer.h"
#include "step.h"

namespace bench {

using namespace proxyd::http;

namespace {

struct Parsing {
    std::string bytes;
    common::Arena arena;
    Message message;
    H1Parser parser;
};

struct Serializing {
    explicit Serializing(int fields) : exchange(fields) {}
    Exchange exchange;
    common::Arena arena;
    Slices out;
};

Work serialize(int fields, Message Exchange::* which) {
    auto state = std::make_shared<Serializing>(fields);
    return [state, which] {
        state->out.clear();
        state->arena.reset();
        const Message& message = state->exchange.*which;
        serialize_head(message, {.keep_alive = true, .framing = message.framing}, state->arena, state->out);
        keep(state->out.bytes());
    };
}

}  // namespace

Work parse_request(int fields) {
    auto state = std::make_shared<Parsing>();
    state->bytes = request_text(fields);
    state->message.arena = &state->arena;
    return [state] {
        state->arena.reset();
        state->parser.start_request({});
        keep(state->parser.parse(state->bytes, state->message).consumed);
    };
}

Work parse_response(int fields) {
    auto state = std::make_shared<Parsing>();
    state->bytes = response_text(fields);
    state->message.arena = &state->arena;
    return [state] {
        state->arena.reset();
        state->parser.start_response({}, Method::get);
        keep(state->parser.parse(state->bytes, state->message).consumed);
    };
}

Work serialize_request(int fields) {
    return serialize(fields, &Exchange::request);
}

Work serialize_response(int fields) {
    return serialize(fields, &Exchange::response);
}

}  // namespace bench
