#include "proxyd/config/side_words.h"

#include <algorithm>

#include "proxyd/config/bind_line.h"
#include "proxyd/config/server_line.h"
#include "proxyd/config/words.h"
#include "proxyd/upstream/server_connection.h"

namespace proxyd::config {
namespace {

// The words that count, then all others without what they do.
template <class Target>
std::vector<WordRow<Target>> table_of(std::initializer_list<std::span<const WordRow<Target>>> counting,
                                      std::initializer_list<std::span<const WordRow<Target>>> others,
                                      const std::string& reason) {
    std::vector<WordRow<Target>> out;
    for (const auto rows : counting) out.insert(out.end(), rows.begin(), rows.end());
    for (const auto rows : others)
        for (WordRow<Target> row : rows) {
            if (std::ranges::find(out, row.name, &WordRow<Target>::name) != out.end()) continue;
            row.apply = nullptr;
            row.effect = Effect::none;
            row.text = reason;
            out.push_back(row);
        }
    return out;
}

}  // namespace

bool read_side_server(Reading& in, const Statement& line, std::span<const std::string> words,
                      std::string_view lines, upstream::ServerSettings& server) {
    const std::string reason = std::string(lines) + " have no such setting";
    const std::size_t before = in.out.error_count();
    ServerDraft draft{server, false};
    const auto table = table_of<ServerDraft>(
        {server_tls_words(), server_algorithm_words()},
        {server_words(), server_check_words(), server_agent_words(), server_inert_words()}, reason);
    read_words<ServerDraft>(in, line, words, table, draft);
    server = std::move(draft.settings);
    check_server_tls(in, line, server);
    if (server.tls && in.out.error_count() == before)
        if (const auto usable = upstream::client_tls(server); !usable) in.error(line, usable.error());
    return in.out.error_count() == before;
}

bool read_side_bind(Reading& in, const Statement& line, std::span<const std::string> words,
                    std::string_view lines, net::BindSettings& bind) {
    const std::string reason = std::string(lines) + " have no such setting";
    const std::size_t before = in.out.error_count();
    const auto table = table_of<net::BindSettings>(
        {bind_crt_words(), bind_tls_words(), bind_algorithm_words()}, {bind_words()}, reason);
    read_words<net::BindSettings>(in, line, words, table, bind);
    check_bind_tls(in, line, bind);
    return in.out.error_count() == before;
}

std::shared_ptr<const net::TlsClientSettings> side_tls(const upstream::ServerSettings& server) {
    return server.tls ? std::make_shared<const net::TlsClientSettings>(server.tls_client) : nullptr;
}

std::string side_server_name(const upstream::ServerSettings& server) {
    const auto name = upstream::ServerName::compile(server.sni);
    return name ? name->evaluate(nullptr) : std::string();
}

}  // namespace proxyd::config
