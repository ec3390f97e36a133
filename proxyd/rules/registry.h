// The tables of sample fetches and converters: one constexpr array per family file, named once in
// registry.cpp. Look-up, "did you mean", `--keywords` and the reference page come from the rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "proxyd/rules/arguments.h"
#include "proxyd/rules/context.h"
#include "proxyd/rules/places.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {

// Progress through a fetch with several values (header occurrences): an acl looks at all of them.
struct Cursor {
    bool iterate = false;  // the caller asks again as long as `more` is set
    bool more = false;
    std::uint32_t index = 0;   // the fetch's own: which line
    std::uint32_t offset = 0;  // and where in it
};

struct FetchRow {
    std::string_view name;
    SampleType type;
    Source source;  // decides where it may be used (places.h)
    ArgumentSpec arguments;
    // False: there is no value (yet).
    bool (*fetch)(const Context&, const Arguments&, Cursor&, Sample&);
    std::string_view help;
    common::Result<> (*check)(Arguments&) = nullptr;  // more than kinds can say
    // The same with what the configuration shares; never null.
    common::Result<> (*prepare)(Arguments&, Catalogue&) = nullptr;
    std::string_view method = {};  // how acls match it, when not as its type says
};

struct ConverterRow {
    std::string_view name;
    SampleType input;
    SampleType output;  // `any`: as the input
    ArgumentSpec arguments;
    // The sample has been cast to `input`. False: no value.
    bool (*convert)(const Context&, const Arguments&, Sample&);
    std::string_view help;
    common::Result<> (*check)(Arguments&) = nullptr;
    common::Result<> (*prepare)(Arguments&, Catalogue&) = nullptr;
};

const FetchRow* find_fetch(std::string_view name);
const ConverterRow* find_converter(std::string_view name);
std::vector<const FetchRow*> all_fetches();
std::vector<const ConverterRow*> all_converters();
std::vector<std::string_view> fetch_names();
std::vector<std::string_view> converter_names();

// The families (fetches/*.cpp, converters/*.cpp).
std::span<const FetchRow> constant_fetches();
std::span<const FetchRow> process_fetches();
std::span<const FetchRow> client_fetches();
std::span<const FetchRow> tls_fetches();
std::span<const FetchRow> request_fetches();
std::span<const FetchRow> url_param_fetches();
std::span<const FetchRow> header_fetches();
std::span<const FetchRow> cookie_fetches();
std::span<const FetchRow> response_fetches();
std::span<const FetchRow> state_fetches();
std::span<const FetchRow> variable_fetches();
std::span<const FetchRow> auth_fetches();
std::span<const FetchRow> payload_fetches();
std::span<const FetchRow> track_fetches();
std::span<const FetchRow> connection_fetches();
std::span<const FetchRow> timeout_fetches();
std::span<const FetchRow> certificate_fetches();
std::span<const FetchRow> tls_detail_fetches();
std::span<const FetchRow> hello_fetches();
std::span<const FetchRow> secret_fetches();
std::span<const FetchRow> body_fetches();
std::span<const FetchRow> cache_fetches();
std::span<const FetchRow> acl_fetches();

std::span<const ConverterRow> text_converters();
std::span<const ConverterRow> number_converters();
std::span<const ConverterRow> encoding_converters();
std::span<const ConverterRow> hash_converters();
std::span<const ConverterRow> misc_converters();
std::span<const ConverterRow> variable_converters();
std::span<const ConverterRow> map_converters();
std::span<const ConverterRow> track_converters();
std::span<const ConverterRow> bytes_converters();
std::span<const ConverterRow> json_converters();
std::span<const ConverterRow> secret_converters();
std::span<const ConverterRow> jwt_converters();
std::span<const ConverterRow> protobuf_converters();
std::span<const ConverterRow> name_converters();
std::span<const ConverterRow> fix_converters();
std::span<const ConverterRow> mqtt_converters();

}  // namespace proxyd::rules
