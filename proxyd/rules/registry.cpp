#include "proxyd/rules/registry.h"

#include <array>

#include "common/keyword_table.h"

namespace proxyd::rules {
namespace {

template <class Row, std::size_t N>
std::vector<const Row*> flatten(const std::array<std::span<const Row>, N>& families) {
    std::vector<const Row*> rows;
    for (const auto& family : families)
        for (const Row& row : family) rows.push_back(&row);
    return rows;
}

template <class Row>
const Row* find(const std::vector<const Row*>& rows, std::string_view name) {
    const auto found = std::ranges::find(rows, name, &Row::name);
    return found == rows.end() ? nullptr : *found;
}

template <class Row>
std::vector<std::string_view> names(const std::vector<const Row*>& rows) {
    std::vector<std::string_view> out;
    for (const Row* row : rows) out.push_back(row->name);
    return out;
}

}  // namespace

std::vector<const FetchRow*> all_fetches() {
    return flatten(
        std::array{constant_fetches(),    process_fetches(),    client_fetches(),     tls_fetches(),
                   request_fetches(),     url_param_fetches(),  header_fetches(),     cookie_fetches(),
                   response_fetches(),    state_fetches(),      variable_fetches(),   auth_fetches(),
                   payload_fetches(),     track_fetches(),      connection_fetches(), timeout_fetches(),
                   certificate_fetches(), tls_detail_fetches(), hello_fetches(),      secret_fetches(),
                   body_fetches(),        cache_fetches(),      acl_fetches()});
}

std::vector<const ConverterRow*> all_converters() {
    return flatten(std::array{text_converters(), number_converters(), encoding_converters(),
                              hash_converters(), misc_converters(), variable_converters(), map_converters(),
                              track_converters(), bytes_converters(), json_converters(), secret_converters(),
                              jwt_converters(), protobuf_converters(), name_converters(), fix_converters(),
                              mqtt_converters()});
}

const FetchRow* find_fetch(std::string_view name) {
    static const std::vector<const FetchRow*> rows = all_fetches();
    return find(rows, name);
}

const ConverterRow* find_converter(std::string_view name) {
    static const std::vector<const ConverterRow*> rows = all_converters();
    return find(rows, name);
}

std::vector<std::string_view> fetch_names() {
    return names(all_fetches());
}

std::vector<std::string_view> converter_names() {
    return names(all_converters());
}

}  // namespace proxyd::rules
