// Every converter at least once. The values are those of HAProxy 2.6, as `%[...]` of a log format shows them;
// a value that is not there is an empty text. More cases of most: converter_test.cpp.
#include <fstream>
#include <list>
#include <set>

#include "proxyd/rules/expression.h"
#include "proxyd/rules/registry.h"
#include "proxyd/rules/variables.h"
#include "rules_fixture.h"
#include "test/support/temporary_folder.h"

using namespace proxyd::rules;

namespace {

struct Row {
    const char* converter;
    const char* expression;  // {NAME}: the path of a map
    const char* value;
};

struct Map {
    const char* name;
    const char* text;
};
constexpr Map kMaps[] = {
    {"m1", "abc v\nabd w\n"},
    {"m2", "15 v\n"},
    {"m3", "192.0.2.0/24 v\n192.0.2.7 w\n"},
    {"m4", "^a.c$ v\n"},
    {"m5", "^(a)(b)c \\2-\\1\n"},
    {"i1", "abc 42\n"},
    {"i2", "15 42\n"},
    {"i3", "192.0.2.0/24 42\n"},
    {"i4", "^a.c$ 42\n"},
    {"p1", "abc 10.0.0.1\n"},
    {"p2", "15 10.0.0.1\n"},
    {"p3", "192.0.2.0/24 10.0.0.1\n"},
    {"p4", "^a.c$ 10.0.0.1\n"},
};

constexpr Row kRows[] = {
    {"add", "int(5),add(3)", "8"},
    {"add", "int(9223372036854775807),add(1)", "9223372036854775807"},
    {"add", "int(5),add(-7)", "-2"},
    {"add", "int(5),add(txn.n)", "9"},
    {"add_item", "str(a),add_item(-,,b)", "a-b"},
    {"add_item", "str(),add_item(-,,b)", "b"},
    {"add_item", "str(x),add_item(-,txn.item)", "x-a"},
    {"aes_gcm_dec",
     "bin(8db710d93c853ec634),aes_gcm_dec(128,YWJjZGVmZ2hpamts,MDEyMzQ1Njc4OWFiY2RlZg==,FykVDBizM/"
     "tt3Uxo5C8WpQ==)",
     "hello gcm"},
    {"and", "int(12),and(10)", "8"},
    {"b64dec", "str(SGVsbG8=),b64dec", "Hello"},
    {"b64dec", "str(not base64!),b64dec", ""},
    {"base64", "str(Hello World),base64", "SGVsbG8gV29ybGQ="},
    {"base64", "bin(00ff),base64", "AP8="},
    {"base64", "str(),base64", ""},
    {"be2dec", "bin(01020304050607),be2dec(:,2)", "258:772:1286:7"},
    {"be2dec", "bin(7f000001),be2dec(.,1)", "127.0.0.1"},
    {"be2dec", "bin(01020304050607),be2dec(,2,1)", "2587721286"},
    {"be2hex", "bin(01020304050607),be2hex(:,2)", "0102:0304:0506:07"},
    {"be2hex", "bin(ab),be2hex", "AB"},
    {"be2hex", "bin(0102030405060708),be2hex(,3,1)", "010203040506"},
    {"bool", "int(5),bool", "1"},
    {"bool", "int(0),bool", "0"},
    {"bytes", "str(Hello World),bytes(6)", "World"},
    {"bytes", "str(Hello World),bytes(0,5)", "Hello"},
    {"bytes", "str(Hello World),bytes(20)", ""},
    {"bytes", "str(Hello World),bytes(6,100)", "World"},
    {"bytes", "str(ab),bytes(3),concat(x)", "x"},
    {"bytes", "int(1),bytes(7),hex", "01"},
    {"concat", "str(Hello World),concat(<,txn.item,>)", "Hello World<a>"},
    {"concat", "str(Hello World),concat(<,,>)", "Hello World<>"},
    {"concat", "str(a),concat(-)", "a-"},
    {"cpl", "int(5),cpl", "-6"},
    {"cpl", "int(-1),cpl", "0"},
    {"crc32", "str(123456789),crc32", "3421780262"},
    {"crc32", "str(123456789),crc32(1)", "1130417534"},
    {"crc32c", "str(123456789),crc32c", "3808858755"},
    {"crc32c", "str(123456789),crc32c(1)", "1236241323"},
    {"cut_crlf", "bin(61620d0a6364),cut_crlf", "ab"},
    {"cut_crlf", "str(one),cut_crlf", "one"},
    {"digest", "str(abc),digest(sha256),hex",
     "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
    {"digest", "str(abc),digest(md5),hex", "900150983CD24FB0D6963F7D28E17F72"},
    {"div", "int(17),div(5)", "3"},
    {"div", "int(-17),div(5)", "-3"},
    {"div", "int(5),div(0)", "9223372036854775807"},
    {"djb2", "str(abc),djb2", "193485963"},
    {"djb2", "str(abc),djb2(1)", "2235766107"},
    {"even", "int(4),even", "1"},
    {"even", "int(5),even", "0"},
    {"field", "str(a_b__d),field(2,_)", "b"},
    {"field", "str(a_b__d),field(3,_)", ""},
    {"field", "str(a_b__d),field(-1,_)", "d"},
    {"field", "str(a_b__d),field(2,_,2)", "b_"},
    {"field", "str(a_b__d),field(2,_,0)", "b__d"},
    {"field", "str(a_b),field(9,_)", ""},
    {"fix_is_valid",
     "bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d31363901),fix_is_valid", "1"},
    {"fix_is_valid", "str(x),fix_is_valid", ""},
    {"fix_tag_value",
     "bin(383d4649582e342e3201393d31350133353d300134393d410135363d420131303d31363901),fix_tag_value(49)",
     "A"},
    {"hex", "str(abc),hex", "616263"},
    {"hex", "bin(00ff10),hex", "00FF10"},
    {"hex", "int(10),hex", "000000000000000A"},
    {"hex2i", "str(ff),hex2i", "255"},
    {"hex2i", "str(7fffffffffffffff),hex2i", "9223372036854775807"},
    {"hex2i", "str(xy),hex2i", ""},
    {"hex2i", "str(),hex2i", "0"},
    {"hex2i", "str(1g),hex2i", ""},
    {"hex2i", "int(12),hex2i", "18"},
    {"hex2i", "str(31303132333435363738),hex2i", "3544952156018063160"},
    {"hmac", "str(The quick brown fox jumps over the lazy dog),hmac(sha256,a2V5),hex",
     "F7BC83F430538424B13298E6AA6FB143EF4D59A14946175997479DBC2D1A3CD8"},
    {"host_only", "str(WWW.Example.com:80),host_only", "www.example.com"},
    {"host_only", "str([::1]:8080),host_only", "[::1]"},
    {"host_only", "str(a:b:80),host_only", "a:b"},
    {"htonl", "int(16909060),htonl,hex", "01020304"},
    {"htonl", "int(-1),htonl,hex", "FFFFFFFF"},
    {"http_date", "int(1466168400),http_date", "Fri, 17 Jun 2016 13:00:00 GMT"},
    {"http_date", "int(1050),http_date(0,ms)", "Thu, 01 Jan 1970 00:00:01.50 GMT"},
    {"http_date", "int(1000001),http_date(4,us)", "Thu, 01 Jan 1970 00:00:01.5 GMT"},
    {"lower", "bin(410042),lower", "a"},
    {"length", "bin(410042),length", "1"},
    {"http_date", "int(1466168400),http_date(60)", "Fri, 17 Jun 2016 13:01:00 GMT"},
    {"iif", "int(1),iif(yes,no)", "yes"},
    {"iif", "int(0),iif(yes,no)", "no"},
    {"ipmask", "str('10.1.2.3, 10.9.9.9'),ipmask(16)", "10.1.0.0"},
    {"ipmask", "str(10.1.2.3.4),ipmask(16)", ""},
    {"ipmask", "ipv4(192.0.2.77),ipmask(24)", "192.0.2.0"},
    {"ipmask", "ipv4(192.0.2.77),ipmask(255.255.0.0)", "192.0.0.0"},
    {"ipmask", "ipv6(2001:db8::1:2),ipmask(24,64)", "2001:db8::"},
    {"json", "req.fhdr(x-quote),json", "a\\\"b\\\\c"},
    {"json", "bin(610a62),json(utf8s)", "a\\nb"},
    {"json", "bin(c3a9),json(utf8)", "\\u00e9"},
    {"json", "bin(61c362),json(utf8s)", "ab"},
    {"json", "bin(61c362),json(utf8p)", ""},
    {"json", "bin(617f62),json", "a\\u007fb"},
    {"json", "bin(61e962),json", "a\\u00e9b"},
    {"json", "bin(61c362),json(utf8)", ""},
    {"json", "bin(61c362),json(utf8ps)", "ab"},
    {"json", "bin(61c3),json(utf8s)", "a"},
    {"json", "bin(e282ac),json(utf8)", "\\u20ac"},
    {"json", "bin(f09f9880),json(utf8)", ""},
    {"json", "bin(61c080),json(utf8s)", "a"},
    {"json", "bin(61c080),json(utf8p)", "a\\u0000"},
    {"json", "bin(08090a0c0d012f),json(utf8)", "\\b\\t\\n\\f\\r\\u0001\\/"},
    {"json_query", "req.fhdr(x-json),json_query($.a.b[1])", "two"},
    {"json_query", "req.fhdr(x-json),json_query($.n,int),add(1)", "-4"},
    {"json_query", "req.fhdr(x-json),json_query($.a.b[2].c)", "1"},
    {"json_query", "req.fhdr(x-json),json_query($.f)", "1.5"},
    {"json_query", "str(x),json_query($.a)", ""},
    {"json_query", "req.fhdr(x-json),json_query($.none)", ""},
    {"jwt_header_query", "str(eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsIm4iOjd9.c2ln),jwt_header_query($.alg)",
     "HS256"},
    {"jwt_payload_query", "str(eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsIm4iOjd9.c2ln),jwt_payload_query($.iss)",
     "me"},
    {"jwt_payload_query",
     "str(eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsIm4iOjd9.c2ln),jwt_payload_query($.n,int)", "7"},
    {"jwt_verify",
     "str(eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.8qZF8vbN3UpcanXFc-mPXJkOPN01-bRch8XX3rToP1U),"
     "jwt_verify(HS256,secret)",
     "1"},
    {"jwt_verify", "str(a.b),jwt_verify(HS256,secret)", "-3"},
    {"language", "str(\"fr,en;q=0.8\"),language(en;fr)", "fr"},
    {"language", "str(\"es\"),language(de;en,de)", "de"},
    {"length", "str(Hello World),length", "11"},
    {"length", "str(),length", "0"},
    {"lower", "str(Hello World),lower", "hello world"},
    {"ltime", "int(1466168400),ltime(%Y)", "2016"},
    {"ltrim", "str(xxhix),ltrim(x)", "hix"},
    {"ltrim", "str(hi),ltrim(x)", "hi"},
    {"map", "str(abc),map({m1})", "v"},
    {"map", "str(zzz),map({m1},none)", "none"},
    {"map", "str(zzz),map({m1})", ""},
    {"mod", "int(17),mod(5)", "2"},
    {"mod", "int(-17),mod(5)", "-2"},
    {"mod", "int(5),mod(0)", "0"},
    {"mqtt_field_value",
     "bin(101000044d5154540402003c000474657374),mqtt_field_value(connect,client_identifier)", "test"},
    {"mqtt_field_value",
     "bin(101000044d5154540402003c000474657374),mqtt_field_value(connect,protocol_version)", "4"},
    {"mqtt_field_value", "bin(101000044d5154540402003c000474657374),mqtt_field_value(1,keepalive)", "60"},
    {"mqtt_field_value", "bin(101000044d5154540402003c000474657374),mqtt_field_value(connect,protocol_name)",
     "MQTT"},
    {"mqtt_field_value", "bin(101000044d5154540402003c000474657374),mqtt_field_value(connect,FLAGS)", "2"},
    {"mqtt_field_value", "bin(101000044d5154540402003c000474657374),mqtt_field_value(connect,username)", ""},
    {"mqtt_field_value", "bin(101000044d5154540402003c000474657374),mqtt_field_value(connect,17)", ""},
    {"mqtt_field_value",
     "bin(102800044d51545404c6003c000474657374000577742f616200037061790004757365720006736563726574),mqtt_"
     "field_value(connect,username)",
     ""},
    {"mqtt_field_value",
     "bin(102a00044d51545404c6003c000474657374000577742f616200037061790004757365720006736563726574),mqtt_"
     "field_value(connect,password)",
     "secret"},
    {"mqtt_field_value",
     "bin(102a00044d51545404c6003c000474657374000577742f616200037061790004757365720006736563726574),mqtt_"
     "field_value(connect,will_topic)",
     "wt/ab"},
    {"mqtt_field_value",
     "bin(102a00044d51545404c6003c000474657374000577742f616200037061790004757365720006736563726574),mqtt_"
     "field_value(connect,will_payload)",
     "pay"},
    {"mqtt_field_value", "bin(101600044d5154540502003c051100000078000474657374),mqtt_field_value(connect,17)",
     "120"},
    {"mqtt_field_value", "bin(101600044d5154540502003c051100000078000474657374),mqtt_field_value(connect,33)",
     "0"},
    {"mqtt_field_value", "bin(20020105),mqtt_field_value(connack,reason_code)", "5"},
    {"mqtt_field_value", "bin(20020105),mqtt_field_value(connack,flags)", "1"},
    {"mqtt_field_value", "bin(20020100),mqtt_field_value(connack,protocol_version)", "4"},
    {"mqtt_field_value", "bin(2006000003220064),mqtt_field_value(connack,34)", "100"},
    {"mqtt_field_value", "bin(2006000003220064),mqtt_field_value(connack,protocol_version)", "5"},
    {"mqtt_field_value", "bin(20020105),mqtt_field_value(connect,flags)", ""},
    {"mqtt_is_valid", "bin(101000044d5154540402003c000474657374),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(101000044d5154540402003c0004746573),mqtt_is_valid", ""},
    {"mqtt_is_valid", "bin(101000044d5154540402003c00047465737400),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(101000044d5154540403003c000474657374),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(101000044d5154540602003c000474657374),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(101200064d51497364700302003c000474657374),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(110000044d5154540402003c000474657374),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(101100044d5154540402003c00047465737400),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(20020105),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(20020205),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(20020106),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(2003010500),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(2006000003220064),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(2009000006220064220064),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(3000),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "str(HTTP/1.1),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(c0),mqtt_is_valid", ""},
    {"mqtt_is_valid", "str(basic),mqtt_is_valid", ""},
    {"mqtt_is_valid", "str(),mqtt_is_valid", ""},
    {"mqtt_is_valid", "bin(101000044d5154540442003c000474657374),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(101000044d515454041a003c000474657374),mqtt_is_valid", "0"},
    {"mqtt_is_valid", "bin(101000044d5154540422003c000474657374),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(101600044d5154540502003c051100000078000474657374),mqtt_is_valid", "1"},
    {"mqtt_is_valid", "bin(101600044d5154540502003c051200000078000474657374),mqtt_is_valid", "0"},
    {"mul", "int(6),mul(7)", "42"},
    {"mul", "int(9223372036854775807),mul(2)", "9223372036854775807"},
    {"neg", "int(5),neg", "-5"},
    {"not", "int(5),not", "0"},
    {"not", "int(0),not", "1"},
    {"odd", "int(5),odd", "1"},
    {"odd", "int(4),odd", "0"},
    {"or", "int(12),or(3)", "15"},
    {"port_only", "str(127.0.0.1:80),port_only", "80"},
    {"port_only", "str(www),port_only", "0"},
    {"protobuf", "bin(089601),protobuf(1,int32)", "150"},
    {"regsub", "str(abcabc),regsub(b,X)", "aXcabc"},
    {"regsub", "str(abcabc),regsub(b,X,g)", "aXcaXc"},
    {"regsub", "str(aBc),regsub(b,X,i)", "aXc"},
    {"rtrim", "str(hixx),rtrim(x)", "hi"},
    {"sdbm", "str(abc),sdbm", "807794786"},
    {"sdbm", "str(abc),sdbm(1)", "659243622"},
    {"secure_memcmp", "str(a),secure_memcmp(txn.item)", "1"},
    {"secure_memcmp", "str(b),secure_memcmp(txn.item)", "0"},
    {"secure_memcmp", "int(4),secure_memcmp(txn.n)", "1"},
    {"secure_memcmp", "str(4),secure_memcmp(txn.n)", "0"},
    {"set-var", "str(z),set-var(txn.z)", "z"},
    {"sha1", "str(abc),sha1,hex", "A9993E364706816ABA3E25717850C26C9CD0D89D"},
    {"sha2", "str(abc),sha2,hex", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
    {"sha2", "str(abc),sha2(512),hex",
     "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A3FEEBBD454D442"
     "3643CE80E2A9AC94FA54CA49F"},
    {"strcmp", "str(b),strcmp(txn.item)", "1"},
    {"strcmp", "str(a),strcmp(txn.item)", "0"},
    {"sub", "int(5),sub(7)", "-2"},
    {"sub", "int(-9223372036854775807),sub(5)", "-9223372036854775808"},
    {"ub64dec", "str(SGVsbG8_),ub64dec", "Hello?"},
    {"ub64dec", "str(-_-_),ub64dec,hex", "FBFFBF"},
    {"ub64enc", "bin(fbefbe),ub64enc", "----"},
    {"ub64enc", "str(a),ub64enc", "YQ"},
    {"ungrpc", "bin(0000000003089601),ungrpc(1,uint64)", "150"},
    {"unset-var", "str(q),unset-var(txn.z)", "q"},
    {"upper", "str(Hello World),upper", "HELLO WORLD"},
    {"url_dec", "str(a%20b+c),url_dec", "a b+c"},
    {"url_dec", "str(?a+b%20c),url_dec", "?a b c"},
    {"url_dec", "str(a+b),url_dec(1)", "a b"},
    {"url_enc", "str(\"a b&c/d\"),url_enc", "a%20b%26c%2Fd"},
    {"utime", "int(1466168400),utime(%Y-%m-%d\\ %H:%M:%S)", "2016-06-17 13:00:00"},
    {"utime", "int(1466168400),utime(%Y%j)", "2016169"},
    {"word", "str(a_b__d),word(3,_)", "d"},
    {"word", "str(a_b__d),word(-1,_)", "d"},
    {"word", "str(a_b__d),word(2,_,2)", "b__d"},
    {"word", "str(a_b),word(9,_)", ""},
    {"word", "str(a_b),word(9,_),concat(x)", "x"},
    {"word", "str(a_b_c),word(2,_,-1)", "b_c"},
    {"wt6", "str(abc),wt6", "2483038440"},
    {"wt6", "str(abc),wt6(1)", "266135527"},
    {"wt6", "str(),wt6", "4187620192"},
    {"xor", "int(12),xor(10)", "6"},
    {"xxh3", "str(abc),xxh3", "8696274497037089104"},
    {"xxh3", "str(abc),xxh3(7)", "5260018501835528466"},
    {"xxh3", "str(),xxh3", "3244421341483603138"},
    {"xxh3", "str(a longer text that needs more than sixteen bytes),xxh3", "1701967997576489351"},
    {"xxh3",
     "str("
     "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012"
     "3456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
     "6789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789),xxh3",
     "389595047607339115"},
    {"xxh32", "str(abc),xxh32", "852579327"},
    {"xxh32", "str(),xxh32(3)", "2123905782"},
    {"xxh64", "str(abc),xxh64", "4952883123889572249"},
    {"xxh64", "str(),xxh64(3)", "4188618682377417806"},
    {"map_str_int", "str(abc),map_str_int({i1})", "42"},
    {"map_str_ip", "str(abc),map_str_ip({p1})", "10.0.0.1"},
    {"map_str", "str(abc),map_str({m1})", "v"},
    {"map_beg", "str(abcde),map_beg({m1})", "v"},
    {"map_beg_int", "str(abcde),map_beg_int({i1})", "42"},
    {"map_beg_ip", "str(abcde),map_beg_ip({p1})", "10.0.0.1"},
    {"map_sub", "str(xabcx),map_sub({m1})", "v"},
    {"map_sub_int", "str(xabcx),map_sub_int({i1})", "42"},
    {"map_sub_ip", "str(xabcx),map_sub_ip({p1})", "10.0.0.1"},
    {"map_dir", "str(/x/abc/y),map_dir({m1})", "v"},
    {"map_dir_int", "str(/x/abc/y),map_dir_int({i1})", "42"},
    {"map_dir_ip", "str(/x/abc/y),map_dir_ip({p1})", "10.0.0.1"},
    {"map_dom", "str(www.abc.com),map_dom({m1})", "v"},
    {"map_dom_int", "str(www.abc.com),map_dom_int({i1})", "42"},
    {"map_dom_ip", "str(www.abc.com),map_dom_ip({p1})", "10.0.0.1"},
    {"map_end", "str(xabc),map_end({m1})", "v"},
    {"map_end_int", "str(xabc),map_end_int({i1})", "42"},
    {"map_end_ip", "str(xabc),map_end_ip({p1})", "10.0.0.1"},
    {"map_int", "int(15),map_int({m2})", "v"},
    {"map_int_int", "int(15),map_int_int({i2})", "42"},
    {"map_int_ip", "int(15),map_int_ip({p2})", "10.0.0.1"},
    {"map_ip", "ipv4(192.0.2.9),map_ip({m3})", "v"},
    {"map_ip_int", "ipv4(192.0.2.9),map_ip_int({i3})", "42"},
    {"map_ip_ip", "ipv4(192.0.2.9),map_ip_ip({p3})", "10.0.0.1"},
    {"map_reg", "str(abc),map_reg({m4})", "v"},
    {"map_reg_int", "str(abc),map_reg_int({i4})", "42"},
    {"map_reg_ip", "str(abc),map_reg_ip({p4})", "10.0.0.1"},
    {"map_regm", "str(abcd),map_regm({m5})", "b-a"},
};

// Names that HAProxy 2.6 knows only without `_str`.
constexpr Row kNewer[] = {
    {"map_str_str", "str(abc),map_str_str({m1})", "v"},
    {"map_beg_str", "str(abcde),map_beg_str({m1})", "v"},
    {"map_sub_str", "str(xabcx),map_sub_str({m1})", "v"},
    {"map_dir_str", "str(/x/abc/y),map_dir_str({m1})", "v"},
    {"map_dom_str", "str(www.abc.com),map_dom_str({m1})", "v"},
    {"map_end_str", "str(xabc),map_end_str({m1})", "v"},
    {"map_int_str", "int(15),map_int_str({m2})", "v"},
    {"map_ip_str", "ipv4(192.0.2.9),map_ip_str({m3})", "v"},
    {"map_reg_str", "str(abc),map_reg_str({m4})", "v"},
};

// What needs more than a request: tables, servers, captures. test/vtc has them.
constexpr const char* kElsewhere[] = {
    "capture-req",
    "capture-res",
    "srv_queue",
    "nbsrv",
    "in_table",
    "table_bytes_in_rate",
    "table_bytes_out_rate",
    "table_conn_cnt",
    "table_conn_cur",
    "table_conn_rate",
    "table_gpc0",
    "table_gpc1",
    "table_gpc",
    "table_gpt0",
    "table_gpt",
    "table_gpc0_rate",
    "table_gpc1_rate",
    "table_gpc_rate",
    "table_http_err_cnt",
    "table_http_err_rate",
    "table_http_fail_cnt",
    "table_http_fail_rate",
    "table_http_req_cnt",
    "table_http_req_rate",
    "table_kbytes_in",
    "table_kbytes_out",
    "table_sess_cnt",
    "table_sess_rate",
    "table_expire",
    "table_idle",
    "table_trackers",
    "table_server_id",
};

std::string with_paths(std::string text, const test::TemporaryFolder& folder) {
    for (const Map& map : kMaps) {
        const std::string mark = "{" + std::string(map.name) + "}";
        if (const auto at = text.find(mark); at != std::string::npos)
            text.replace(at, mark.size(), folder.path() / map.name);
    }
    return text;
}

void check(const Row& row, const test::TemporaryFolder& folder, const Context& context) {
    static Catalogue catalogue;
    static std::list<Expression> kept;  // samples point into it
    INFO(row.expression);
    auto expression = Expression::parse(with_paths(row.expression, folder), &catalogue);
    INFO((expression ? std::string() : expression.error().text));
    REQUIRE(expression);
    kept.push_back(std::move(*expression));
    Sample sample;
    TextBuffer buffer;
    const bool present = kept.back().evaluate(context, sample);
    CHECK((present ? to_text(sample, buffer) : std::string_view()) == row.value);
}

}  // namespace

TEST_CASE("each converter gives what HAProxy gives") {
    const test::TemporaryFolder folder;
    for (const Map& map : kMaps) std::ofstream(folder.path() / map.name) << map.text;
    test::Exchange x("/", {{"Host", "a"},
                           {"X-Quote", "a\"b\\c"},
                           {"X-Json", R"({"a":{"b":[1,"two",{"c":true}]},"n":-5,"f":1.5,"z":null})"}});
    ExchangeVariables variables;
    x.context.variables = &variables;
    check({"set-var", "str(a),set-var(txn.item)", "a"}, folder, x.context);
    check({"set-var", "int(4),set-var(txn.n)", "4"}, folder, x.context);
    for (const Row& row : kRows) check(row, folder, x.context);
    for (const Row& row : kNewer) check(row, folder, x.context);
}

TEST_CASE("no converter is without a row") {
    std::set<std::string_view> tested;
    for (const Row& row : kRows) tested.insert(row.converter);
    for (const Row& row : kNewer) tested.insert(row.converter);
    for (const char* name : kElsewhere) tested.insert(name);
    for (const ConverterRow* row : all_converters()) {
        INFO(row->name);
        CHECK(tested.contains(row->name));
    }
}
