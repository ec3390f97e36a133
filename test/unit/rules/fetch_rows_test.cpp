// Every fetch: what it gives at a known request, as HAProxy 2.6 gives it (a value that is not there is an
// empty text), or the family whose test needs more than a request: connections, tables, running sections.
// Those are in test/vtc.
#include <algorithm>
#include <list>
#include <set>

#include "proxyd/rules/expression.h"
#include "proxyd/rules/registry.h"
#include "proxyd/rules/variables.h"
#include "rules_fixture.h"

using namespace proxyd::rules;

namespace {

struct Row {
    const char* expression;
    const char* value;
};
constexpr Row kRows[] = {
    {"res.comp", "0"},
    {"res.comp_algo", ""},
    {"method", "POST"},
    {"res.cache_hit", "0"},
    {"res.cache_name", ""},
    {"path", "/dir/page.html"},
    {"pathq", "/dir/page.html?a=1&b=two%20x&n=42"},
    {"query", "a=1&b=two%20x&n=42"},
    {"url", "/dir/page.html?a=1&b=two%20x&n=42"},
    {"base", "www.example.com:8080/dir/page.html"},
    {"baseq", "www.example.com:8080/dir/page.html?a=1&b=two%20x&n=42"},
    {"base32", "3392198333"},
    {"url32", "3834379567"},
    {"req.ver", "1.1"},
    {"req_ver", "1.1"},
    {"url_param(a)", "1"},
    {"urlp(b)", "two%20x"},
    {"urlp_val(n)", "42"},
    {"urlp(none)", ""},
    {"url_param(a,;)", ""},
    {"req.hdr(x-list)", "four"},
    {"req.hdr(x-list,1)", "one"},
    {"req.hdr(x-list,-2)", "three"},
    {"hdr(x-list,2)", "two"},
    {"req.fhdr(x-list)", "four"},
    {"req.fhdr(x-list,1)", "one, two,three"},
    {"req.hdr_cnt(x-list)", "4"},
    {"hdr_cnt(x-list)", "4"},
    {"req.fhdr_cnt(x-list)", "2"},
    {"req.hdr_val(x-num)", "123"},
    {"hdr_val(x-num)", "123"},
    {"req.hdr_ip(x-ip)", "192.0.2.7"},
    {"hdr_ip(x-ip)", "192.0.2.7"},
    {"req.hdr(none)", ""},
    {"cook(one)", "1"},
    {"req.cook(two)", "\"zwei\""},
    {"req.cook_cnt(one)", "1"},
    {"cook_cnt(two)", "1"},
    {"req.cook_val(num)", "12"},
    {"cook_val(num)", "12"},
    {"cookie(one)", "1"},
    {"http_auth_type", "Basic"},
    {"http_auth_user", "claire"},
    {"http_auth_pass", "secret"},
    {"http_auth_bearer(x-token)", "abc.def"},
    {"str(x)", "x"},
    {"int(7)", "7"},
    {"bool(true)", "1"},
    {"ipv4(192.0.2.1)", "192.0.2.1"},
    {"ipv6(2001:db8::1)", "2001:db8::1"},
    {"meth(POST)", "POST"},
    {"bin(6162)", "ab"},
    {"always_true", "1"},
    {"always_false", "0"},
    {"var(txn.set)", "kept"},
    {"var(txn.unset)", ""},
    {"ssl_fc_sni", ""},
    {"acl(TRUE)", "1"},
    {"acl(FALSE)", "0"},
    {"acl(!FALSE,METH_POST,HTTP,HTTP_1.1,TRUE)", "1"},
    {"acl(METH_POST,!TRUE)", "0"},
};

constexpr const char* kFamilies[] = {"sc0_", "sc1_", "sc2_", "sc_", "src_", "ssl_", "fc_", "bc_", "table_"};

constexpr const char* kElsewhere =
    "act_conn avg_queue base32+src be_conn be_conn_free be_id be_name be_server_timeout be_sess_rate "
    "be_tunnel_timeout capture.req.hdr capture.req.method capture.req.uri capture.req.ver capture.res.hdr "
    "capture.res.ver connslots cur_server_timeout cur_tunnel_timeout date date_us dst dst_conn "
    "dst_is_local dst_port env fe_client_timeout fe_conn fe_defbe fe_id fe_name fe_req_rate fe_sess_rate "
    "hostname http_auth http_auth_group http_first_req last_rule_file last_rule_line nbproc nbsrv "
    "nbthread payload payload_lv pid prio_class prio_offset proc queue rand rdp_cookie rdp_cookie_cnt "
    "rep_ssl_hello_type "
    "req.body req.body_len req.body_param req.body_size req.hdr_names req.hdrs req.hdrs_bin req.len "
    "req.payload req.payload_lv req.proto_http req.rdp_cookie req.rdp_cookie_cnt req.ssl_alpn "
    "req.ssl_ec_ext req.ssl_hello_type req.ssl_sni req.ssl_st_ext req.ssl_ver req_len req_proto_http "
    "req_ssl_hello_type req_ssl_sni req_ssl_ver res.body res.body_len res.body_size res.cook res.cook_cnt "
    "res.cook_val res.fhdr "
    "res.fhdr_cnt res.hdr res.hdr_cnt res.hdr_ip res.hdr_names res.hdr_val res.hdrs res.hdrs_bin res.len "
    "res.payload res.payload_lv res.ssl_hello_type res.ver resp_ver scook scook_cnt scook_val set-cookie "
    "shdr shdr_cnt shdr_ip shdr_val so_id so_name src srv_conn srv_conn_free srv_id srv_is_up srv_iweight "
    "srv_name srv_queue srv_sess_rate srv_uweight srv_weight status stopping thread unique-id url32+src "
    "url_ip url_port uuid wait_end ";

std::string name_of(const Row& row) {
    const std::string_view text = row.expression;
    return std::string(text.substr(0, text.find_first_of("(,")));
}

}  // namespace

TEST_CASE("each fetch gives what HAProxy gives") {
    test::Exchange x("/dir/page.html?a=1&b=two%20x&n=42", {{"Host", "www.example.com:8080"},
                                                           {"X-List", "one, two,three"},
                                                           {"X-Num", "123abc"},
                                                           {"X-Ip", "192.0.2.7"},
                                                           {"X-List", "four"},
                                                           {"Cookie", "one=1; two=\"zwei\"; num=12"},
                                                           {"Authorization", "Basic Y2xhaXJlOnNlY3JldA=="},
                                                           {"X-Token", "Bearer abc.def"}});
    x.context.request_line = "POST /dir/page.html?a=1&b=two%20x&n=42 HTTP/1.1";
    x.request.method = proxyd::http::Method::put;  // by a rule
    x.request.method_text = "PUT";
    ExchangeVariables variables;
    x.context.variables = &variables;
    Catalogue catalogue;
    std::list<Expression> kept;  // samples point into it
    const auto value = [&](const char* text) -> std::string {
        auto expression = Expression::parse(text, &catalogue);
        if (!expression) return "refused: " + expression.error().text;
        kept.push_back(std::move(*expression));
        Sample sample;
        TextBuffer buffer;
        if (!kept.back().evaluate(x.context, sample)) return {};
        return std::string(to_text(sample, buffer));
    };
    CHECK(value("str(kept),set-var(txn.set)") == "kept");
    for (const Row& row : kRows) {
        INFO(row.expression);
        CHECK(value(row.expression) == row.value);
    }
}

TEST_CASE("no fetch is without a test") {
    std::set<std::string, std::less<>> tested;
    for (const Row& row : kRows) tested.insert(name_of(row));
    for (const std::string& name : test::words(kElsewhere)) tested.insert(name);
    for (const FetchRow* row : all_fetches()) {
        const bool family =
            std::ranges::any_of(kFamilies, [&](const char* prefix) { return row->name.starts_with(prefix); });
        INFO(row->name);
        CHECK((family || tested.contains(row->name)));
    }
}
