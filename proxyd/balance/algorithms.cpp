// The table of algorithms: the only place that knows their names.
#include <array>

#include "common/keyword_table.h"
#include "proxyd/balance/algorithm.h"
#include "proxyd/balance/arguments.h"
#include "proxyd/balance/first.h"
#include "proxyd/balance/header.h"
#include "proxyd/balance/leastconn.h"
#include "proxyd/balance/random.h"
#include "proxyd/balance/rdp_cookie.h"
#include "proxyd/balance/roundrobin.h"
#include "proxyd/balance/source.h"
#include "proxyd/balance/static_rr.h"
#include "proxyd/balance/uri.h"
#include "proxyd/balance/url_param.h"

namespace proxyd::balance {

namespace {

constexpr std::array kAlgorithms{
    AlgorithmRow{"first", false, false, false, false, make_first,
                 "the first server, in the order of the configuration, with a free slot"},
    AlgorithmRow{"hdr", false, false, true, true, make_header,
                 "hdr(NAME) [use_domain_only]: hash of a request header"},
    AlgorithmRow{"leastconn", false, true, false, false, make_leastconn,
                 "the server with the fewest streams for its weight"},
    AlgorithmRow{"random", true, false, false, false, make_random,
                 "random, random(DRAWS): the least loaded of some servers drawn by weight"},
    AlgorithmRow{"rdp-cookie", false, false, false, true, make_rdp_cookie,
                 "rdp-cookie, rdp-cookie(NAME): hash of a cookie in the client's first RDP packet"},
    AlgorithmRow{"roundrobin", true, false, false, false, make_roundrobin,
                 "each server in turn, smoothly by weight"},
    AlgorithmRow{"source", false, false, false, true, make_source, "hash of the client's address"},
    AlgorithmRow{"static-rr", true, false, false, true, make_static_rr,
                 "each server in turn by its configured weight"},
    AlgorithmRow{
        "uri", false, false, true, true, make_uri,
        "uri [whole] [len N] [depth N] [path-only]: hash of the URI, without its query unless 'whole'"},
    AlgorithmRow{"url_param", false, false, true, true, make_url_param,
                 "url_param NAME: hash of a query parameter"},
};

}  // namespace

std::span<const AlgorithmRow> algorithms() {
    return kAlgorithms;
}

common::Result<> no_arguments(std::string_view name, std::string_view parameter,
                              std::span<const std::string> words) {
    if (parameter.empty() && words.empty()) return {};
    const std::string extra = parameter.empty() ? "'" + words[0] + "'" : "'(" + std::string(parameter) + ")'";
    return common::fail("balance " + std::string(name) + " takes no argument, found " + extra,
                        common::Side::config);
}

common::Result<Selected> select(std::string_view name, std::span<const std::string> words) {
    std::string_view word = name;
    std::string_view parameter;
    if (const std::size_t open = name.find('('); open != std::string_view::npos) {
        if (!name.ends_with(')'))
            return common::fail("balance '" + std::string(name) + "' lacks its closing parenthesis",
                                common::Side::config);
        word = name.substr(0, open);
        parameter = name.substr(open + 1, name.size() - open - 2);
    }
    const AlgorithmRow* row = common::find_row(algorithms(), word);
    if (row == nullptr)
        return common::fail("unknown balance algorithm '" + std::string(word) + "'" +
                                common::did_you_mean(word, common::row_names(algorithms())),
                            common::Side::config);
    auto algorithm = row->make(parameter, words);
    if (!algorithm) return std::unexpected(algorithm.error());
    return Selected{row, std::move(*algorithm)};
}

}  // namespace proxyd::balance
