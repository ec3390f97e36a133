// Converters, one row per case. `bytes(HEX)` of the manual is written bin(HEX).
#include <list>

#include "proxyd/rules/expression.h"
#include "rules_fixture.h"

using namespace proxyd::rules;

namespace {

struct Row {
    const char* expression;
    const char* value;  // "-": none
};

// The value as text, binary in hexadecimal.
std::string value_of(test::Exchange& x, const char* text) {
    static Catalogue catalogue;
    static std::list<Expression> kept;  // samples and variables point into it
    auto expression = Expression::parse(text, &catalogue);
    if (!expression) return "refused: " + expression.error().text;
    kept.push_back(std::move(*expression));
    Sample sample;
    if (!kept.back().evaluate(x.context, sample)) return "-";
    TextBuffer buffer;
    const std::string_view shown = to_text(sample, buffer);
    if (sample.type != SampleType::binary) return std::string(shown);
    std::string hex;
    for (const char c : shown) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
        hex += digits;
    }
    return hex;
}

void check(std::initializer_list<Row> rows) {
    test::Exchange x("/?token=eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsIm4iOjd9.c2ln",
                     {{"Host", "www.example.com"},
                      {"X-Json", R"({"a":{"b":[1,"two",{"c":true}]},"k.e":"dot","n":-5,"f":1.5,"z":null})"}});
    ExchangeVariables variables;
    x.context.variables = &variables;
    for (const Row& row : rows) {
        INFO(row.expression);
        CHECK(value_of(x, row.expression) == row.value);
    }
}

}  // namespace

TEST_CASE("bytes and numbers in text") {
    check({
        {"bin(01020304050607),be2dec(:,2)", "258:772:1286:7"},
        {"bin(01020304050607),be2dec(-,2,1)", "258-772-1286"},
        {"bin(01020304050607),be2dec(,2,1)", "2587721286"},
        {"bin(7f000001),be2dec(.,1)", "127.0.0.1"},
        {"bin(ffffffffffffffff),be2dec(.,8)", "18446744073709551615"},
        {"bin(00),be2dec(.,9)", "refused: 'be2dec': the chunks are 1 to 8 bytes"},
        {"bin(01020304050607),be2hex", "01020304050607"},
        {"bin(01020304050607),be2hex(:,2)", "0102:0304:0506:07"},
        {"bin(01020304050607),be2hex(--,2,1)", "0102--0304--0506"},
        {"bin(0102030405060708),be2hex(,3,1)", "010203040506"},
        {"bin(ab),be2hex", "AB"},
        {"int(16909060),htonl", "01020304"},
        {"int(-1),htonl", "ffffffff"},
        {"str(one),cut_crlf", "one"},
        {"bin(61620d0a6364),cut_crlf", "ab"},
        {"bin(61620a6364),cut_crlf", "ab"},
    });
}

TEST_CASE("lists, hosts, languages") {
    check({
        {"str(a),set-var(txn.item)", "a"},
        {"str(x),add_item(-,txn.item)", "x-a"},
        {"str(x),add_item(-,txn.none)", "x"},
        {"str(),add_item(-,txn.item)", "a"},
        {"str(WWW.Example.com:80),host_only", "www.example.com"},
        {"str(www),host_only", "www"},
        {"str([::1]:8080),host_only", "[::1]"},
        {"str([::1]),host_only", "[::1]"},
        {"str(127.0.0.1:80),port_only", "80"},
        {"str([::1]:8080),port_only", "8080"},
        {"str([::1]),port_only", "0"},
        {"str(www),port_only", "0"},
        {"str(\"fr,en;q=0.8\"),language(en;fr)", "fr"},
        {"str(\"de;q=0.1,en;q=0.8\"),language(de;en)", "en"},
        {"str(\"es\"),language(de;en,de)", "de"},
        {"str(\"es\"),language(de;en)", "-"},
    });
}

TEST_CASE("JSON and tokens") {
    check({
        {"req.hdr(x-json,1),json_query($.n)", "-"},  // the comma splits a list: use req.fhdr
        {"req.fhdr(x-json),json_query($.n)", "-5"},
        {"req.fhdr(x-json),json_query($.n,int),add(1)", "-4"},
        {"req.fhdr(x-json),json_query($.a.b[0])", "1"},
        {"req.fhdr(x-json),json_query($.a.b[1])", "two"},
        {"req.fhdr(x-json),json_query($.a.b[2].c)", "1"},
        {"req.fhdr(x-json),json_query($.a.b[3])", "-"},
        {"req.fhdr(x-json),json_query(\"$['k.e']\")", "dot"},
        {"req.fhdr(x-json),json_query($.z)", "-"},
        {"req.fhdr(x-json),json_query($.none)", "-"},
        {"str(not json),json_query($.a)", "-"},
        {"str(x),json_query(a.b)", "refused: 'json_query': 'a.b' is no JSON path such as $.key or $.list[0]"},
        {"urlp(token),jwt_header_query($.alg)", "HS256"},
        {"urlp(token),jwt_header_query", R"({"alg":"HS256"})"},
        {"urlp(token),jwt_payload_query($.iss)", "me"},
        {"urlp(token),jwt_payload_query($.n,int)", "7"},
        {"str(a.b),jwt_payload_query($.iss)", "-"},
    });
}

TEST_CASE("hashes and secrets") {
    check({
        {"str(123456789),crc32c", "3808858755"},
        {"str(),xxh32", "46947589"},
        {"str(abc),xxh32", "852579327"},
        {"str(),xxh64", "-1205034819632174695"},
        {"str(abc),xxh64", "4952883123889572249"},
        {"str(The quick brown fox jumps over the lazy dog),hmac(sha256,a2V5)",
         "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"},
        {"str(x),hmac(nothing,a2V5)", "refused: 'hmac': OpenSSL knows no digest 'nothing'"},
        {"str(secret),set-var(txn.key)", "secret"},
        {"str(secret),secure_memcmp(txn.key)", "1"},
        {"str(secrex),secure_memcmp(txn.key)", "0"},
        {"str(secret),secure_memcmp(txn.none)", "-"},
    });
}

TEST_CASE("signatures of tokens") {
    const std::string token =
        "str(eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.8qZF8vbN3UpcanXFc-mPXJkOPN01-"
        "bRch8XX3rToP1U)";
    const auto verified = [&](const std::string& text, const char* key) {
        return text + ",jwt_verify(" + key + ")";
    };
    const std::string good = verified(token, "HS256,secret"), wrong_key = verified(token, "HS256,other"),
                      longer = verified(token, "HS512,secret"),
                      no_token = verified("str(a.b)", "HS256,secret"),
                      named = verified(token, "txn.alg,txn.secret");
    check({
        {good.c_str(), "1"},
        {wrong_key.c_str(), "0"},
        {longer.c_str(), "0"},
        {no_token.c_str(), "-3"},
        {"str(HS256),set-var(txn.alg)", "HS256"},
        {"str(secret),set-var(txn.secret)", "secret"},
        {named.c_str(), "1"},
        {"str(none),set-var(txn.alg)", "none"},
        {named.c_str(), "-2"},
        {"str(XX),set-var(txn.alg)", "XX"},
        {named.c_str(), "-1"},
        {"str(x),jwt_verify(RS256,/no/such)",
         "refused: 'jwt_verify': '/no/such' is no readable file with a public key"},
    });
}

TEST_CASE("Protocol Buffers and gRPC") {
    // 1: 150, 2: "testing", 3: {1: -1 (sint32)}, 4: 1.0 (double), 5: 7 (fixed32)
    check({
        {"bin(089601),protobuf(1,int32)", "150"},
        {"bin(089601),protobuf(1)", "9601"},
        {"bin(089601),protobuf(2,int32)", "-"},
        {"bin(089601),protobuf(1,string)", "-"},
        {"bin(0896),protobuf(1,int32)", "-"},
        {"bin(120774657374696e67),protobuf(2,string)", "testing"},
        {"bin(089601120774657374696e67),protobuf(2,bytes)", "74657374696e67"},
        {"bin(120974657374696e67),protobuf(2,string)", "-"},
        {"bin(1a020801),protobuf(3.1,sint32)", "-1"},
        {"bin(21000000000000f03f),protobuf(4,double)", "1"},
        {"bin(2d07000000),protobuf(5,fixed32)", "7"},
        {"bin(08ffffffffffffffffff01),protobuf(1,int64)", "-1"},
        {"bin(0000000003089601),ungrpc(1,uint64)", "150"},
        {"bin(0100000003089601),ungrpc(1,uint64)", "-"},
        {"bin(00),protobuf(0)", "refused: 'protobuf': '0' is no field number such as 1.2"},
        {"bin(00),protobuf(1,text)", "refused: 'protobuf': unknown type 'text'"},
    });
}

TEST_CASE("Financial Information eXchange") {
    check({
        {"bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d31363901),fix_is_valid", "1"},
        {"bin(383d4649582e342e3201393d31350133353d300134393d430135363d420131303d31363901),fix_is_valid", "0"},
        {"bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d313639),fix_is_valid", "-"},
        {"bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d31363901),fix_tag_value(49)",
         "41"},
        {"bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d31363901),fix_tag_value("
         "TargetCompID)",
         "42"},
        {"bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d31363901),fix_tag_value(99)",
         "-"},
    });
}
