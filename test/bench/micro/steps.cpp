#include "step.h"

namespace bench {

std::span<const Step> steps() {
    static const std::vector<int> fields{4, 8, 30}, many{10, 100, 1000}, entries{1, 1000, 100000};
    static const std::vector<Step> all{
        {"parse_request", "fields", fields, parse_request},
        {"parse_response", "fields", fields, parse_response},
        {"serialize_request", "fields", fields, serialize_request},
        {"serialize_response", "fields", fields, serialize_response},
        {"conditions", "acls", {1, 20, 100}, conditions},
        {"rewrites", "rules", {0, 1, 10}, rewrites},  // 0: parsing both messages, which every run does
        {"log_line", "", {0}, log_line},
        {"use_backend_host", "rules", many, choose_by_host},
        {"use_backend_mixed", "rules", many, choose_by_mixed_rules},
        {"pattern_exact", "entries", entries, pattern_exact},
        {"pattern_prefix", "entries", entries, pattern_prefix},
        {"pattern_suffix", "entries", entries, pattern_suffix},
        {"pattern_domain", "entries", entries, pattern_domain},
        {"pattern_substring", "entries", entries, pattern_substring},
        {"pattern_network", "entries", entries, pattern_network},
        {"pattern_number", "entries", entries, pattern_number},
        {"roundrobin", "servers", many, roundrobin},
        {"static_rr", "servers", many, static_rr},
        {"leastconn", "servers", many, leastconn},
        {"random", "servers", many, random},
        {"source", "servers", many, source},
        {"uri", "servers", many, uri},
        {"header", "servers", many, header},
    };
    return all;
}

}  // namespace bench
