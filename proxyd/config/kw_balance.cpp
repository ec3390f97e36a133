// How a backend chooses servers and treats its connections (configuration manual 4.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/balance/algorithm.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/source_words.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using upstream::Reuse;

void set_balance(Reading& in, const Statement& line) {
    upstream::BackendSettings& backend = in.proxy().upstream;
    backend.balance = line.count() > 0 ? line.argument(0) : "roundrobin";
    backend.balance_arguments.clear();
    if (line.count() > 1)
        backend.balance_arguments.assign(line.arguments().begin() + 1, line.arguments().end());
    const auto selected = balance::select(backend.balance, backend.balance_arguments);
    if (!selected) in.error(line, selected.error());
}

void set_hash_type(Reading& in, const Statement& line) {
    const auto parsed = balance::parse_hash_type(line.arguments());
    if (!parsed) return in.error(line, parsed.error());
    balance::HashSettings& hash = in.proxy().upstream.hash;
    const balance::HashSettings before = hash;
    hash = *parsed;
    hash.balance_factor = before.balance_factor;
    hash.affinity = before.affinity;
}

void set_balance_factor(Reading& in, const Statement& line) {
    int& factor = in.proxy().upstream.hash.balance_factor;
    if (read_number(in, line, 0, 0, 65535, factor) && factor != 0 && factor <= 100)
        in.error(line, "'hash-balance-factor' is 0 or more than 100 percent, not " + line.argument(0));
}

void set_affinity(Reading& in, const Statement& line) {
    struct Row {
        std::string_view name;
        balance::Affinity affinity;
    };
    using enum balance::Affinity;
    constexpr Row kRows[] = {{"always", always}, {"maxconn", maxconn}, {"maxqueue", maxqueue}};
    const std::string& name = line.argument(0);
    const Row* row = common::find_row(std::span<const Row>(kRows), name);
    if (row == nullptr)
        return in.error(line,
                        "'" + line.name() + "' expects always, maxconn or maxqueue, not '" + name + "'");
    in.proxy().upstream.hash.affinity = row->affinity;
}

void set_reuse(Reading& in, const Statement& line) {
    struct Row {
        std::string_view name;
        Reuse reuse;
    };
    constexpr Row kRows[] = {{"never", Reuse::never},
                             {"safe", Reuse::safe},
                             {"aggressive", Reuse::aggressive},
                             {"always", Reuse::always}};
    const Row* row = common::find_row(std::span<const Row>(kRows), line.argument(0));
    if (row == nullptr)
        return in.error(
            line, "'http-reuse' expects never, safe, aggressive or always, not '" + line.argument(0) + "'");
    in.proxy().upstream.reuse = row->reuse;
}

void set_retries(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, 1000, in.proxy().upstream.retries);
}

void set_fullconn(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, 1'000'000'000, in.proxy().upstream.fullconn);
}

void set_rate_limit(Reading& in, const Statement& line) {
    if (line.argument(0) != "sessions") return in.error(line, "'rate-limit' expects sessions NUMBER");
    read_number(in, line, 1, 0, 1'000'000'000, in.proxy().rate_limit);
}

void set_state_file(Reading& in, const Statement& line) {
    struct Row {
        std::string_view name;
        upstream::StateFile file;
    };
    using enum upstream::StateFile;
    constexpr Row kRows[] = {{"global", global}, {"local", local}, {"none", none}};
    const std::string& name = line.argument(0);
    const Row* row = common::find_row(std::span<const Row>(kRows), name);
    if (row == nullptr)
        return in.error(line, "'" + line.name() + "' expects global, local or none, not '" + name + "'");
    in.proxy().upstream.state_file = row->file;
}

void set_state_file_name(Reading& in, const Statement& line) {
    const bool own = line.count() == 0 || line.argument(0) == "use-backend-name";
    in.proxy().upstream.state_file_name = own ? std::string() : line.argument(0);
}

void set_dispatch(Reading& in, const Statement& line) {
    const auto address = parse_peer_address(line.argument(0), 0);
    if (!address) return in.error(line, address.error());
    if (address->address.is_ip() && address->address.port() == 0)
        return in.error(line, "'dispatch' expects <address>:<port>, not '" + line.argument(0) + "'");
    in.proxy().upstream.dispatch = address->address;
}

struct RetryWord {
    std::string_view name;
    unsigned causes;
};
constexpr RetryWord kRetryWords[] = {
    {"none", 0},
    {"conn-failure", upstream::kRetryConnect},
    {"empty-response", upstream::kRetryEmpty},
    {"junk-response", upstream::kRetryJunk},
    {"response-timeout", upstream::kRetryTimeout},
    {"0rtt-rejected", 0},  // no early data is sent
    {"all-retryable-errors",
     upstream::kRetryConnect | upstream::kRetryEmpty | upstream::kRetryJunk | upstream::kRetryTimeout},
};
constexpr int kRetryStatuses[] = {401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504};

void set_retry_on(Reading& in, const Statement& line) {
    upstream::BackendSettings& backend = in.proxy().upstream;
    backend.retry_on = 0;
    backend.retry_statuses.clear();
    for (const std::string& word : line.arguments()) {
        const auto status = common::parse_number(word, 100, 599);
        if (status && std::ranges::find(kRetryStatuses, *status) != std::end(kRetryStatuses)) {
            backend.retry_statuses.push_back(static_cast<int>(*status));
            continue;
        }
        const RetryWord* row = common::find_row(std::span<const RetryWord>(kRetryWords), word);
        if (row == nullptr)
            return in.error(line, "'retry-on': unknown word '" + word + "'" +
                                      common::did_you_mean(
                                          word, common::row_names(std::span<const RetryWord>(kRetryWords))));
        if (word == "none" && line.count() > 1) return in.error(line, "'retry-on': 'none' stands alone");
        backend.retry_on |= row->causes;
        if (word == "all-retryable-errors")
            backend.retry_statuses.insert(backend.retry_statuses.end(), {500, 502, 503, 504});
    }
}

constexpr Keyword kKeywords[] = {
    works("balance", kBackendSide, 0, -1, set_balance, "<algorithm> [<arguments>]", "how servers are chosen"),
    works("hash-type", kBackendSide, 1, -1, set_hash_type, "map-based|consistent [<function> [avalanche]]",
          "how hashes become servers"),
    works("http-reuse", kBackendSide, 1, 1, set_reuse, "never|safe|aggressive|always",
          "who may use idle connections"),
    works("retries", kBackendSide, 1, 1, set_retries, "<number>", "attempts after a failed connection"),
    works("fullconn", kBackendSide, 1, 1, set_fullconn, "<number>",
          "connections at which minconn grows to maxconn"),
    works("rate-limit", kFrontendSide, 2, 2, set_rate_limit, "sessions <number>",
          "new sessions a second at most"),
    works("source", kBackendSide, 1, -1, read_source_line,
          "<address>[:<port>] [usesrc <whose>] [interface <name>]", "where connections to servers come from"),
    works("retry-on", kBackendSide, 1, -1, set_retry_on,
          "none|conn-failure|empty-response|junk-response|response-timeout|<status>...",
          "which failures are worth another attempt"),
    removed(
        "redispatch", kBackendSide, 0, 0,
        [](Reading& in, const Statement&) {
            in.proxy().upstream.redispatch = true;
            in.proxy().upstream.redispatch_interval = -1;
        },
        "", "'option redispatch'"),
    inert("max-session-srv-conns", kFrontendSide, "a client's connection keeps at most one to a server"),
    works("load-server-state-from-file", kBackendSide, 1, 1, set_state_file, "global|local|none",
          "which file tells how servers were before"),
    works("server-state-file-name", kBackendSide, 0, 1, set_state_file_name, "[use-backend-name|<file>]",
          "the file of 'load-server-state-from-file local'"),
    works("hash-balance-factor", kBackendSide, 1, 1, set_balance_factor, "<percent>",
          "with a consistent hash: most of a server's load, of the average"),
    works("hash-preserve-affinity", kBackendSide, 1, 1, set_affinity, "always|maxconn|maxqueue",
          "when a full server's keys go to the next one: never, at once, when its queue is full"),
    works("dispatch", kBackend | kListen, 1, 1, set_dispatch, "<address>:<port>",
          "who is bound to no server goes there"),
    works("transparent", kBackendSide, 0, 0, backend_flag<&upstream::BackendSettings::to_client_destination>,
          "", "as 'option transparent'"),
};

}  // namespace

std::span<const Keyword> balance_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
