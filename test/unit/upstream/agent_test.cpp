#include "proxyd/upstream/agent.h"

#include <catch2/catch.hpp>

using namespace proxyd;
using namespace proxyd::upstream;

namespace {

std::string render(const AgentWords& words) {
    std::string out;
    if (words.weight_percent) out += std::to_string(*words.weight_percent) + "% ";
    if (words.weight) out += "weight " + std::to_string(*words.weight) + " ";
    if (words.maxconn) out += "maxconn " + std::to_string(*words.maxconn) + " ";
    if (words.admin)
        out += *words.admin == state::Admin::ready   ? "ready "
               : *words.admin == state::Admin::drain ? "drain "
                                                     : "maint ";
    if (words.up) out += (*words.up ? "up [" : "down [") + words.text + "] ";
    return out + (words.error.empty() ? "ok" : "not " + words.error);
}

}  // namespace

TEST_CASE("the words of agents") {
    struct Row {
        std::string_view line, expected;
    };
    for (const Row& row : {
             Row{"", "ok"},
             Row{"up\n", "up [up] ok"},
             Row{"75%\r\nnext line", "75% ok"},
             Row{"ready,up, 50%\tmaxconn:30\n", "50% maxconn 30 ready up [up] ok"},
             Row{"drain", "drain ok"},
             Row{"MAINT\n", "maint ok"},
             Row{"down", "down [down] ok"},
             Row{"10 fail#disk is full, sorry\n", "weight 10 down [fail (disk is full, sorry)] ok"},
             Row{"down #why", "down [down (why)] ok"},
             Row{"stopped up", "down [stopped] ok"},
             Row{"up perhaps", "up [up] not perhaps"},
             Row{"300 -1 1%% maxconn:x", "not 300"},
         }) {
        INFO(row.line);
        CHECK(render(parse_agent_words(row.line)) == row.expected);
    }
    CHECK(!agent_line_complete("up"));
    CHECK(agent_line_complete("up\r"));
}
