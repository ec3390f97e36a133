// Rules on hostile requests: every fetch without arguments, list walks, converters, log formats. Nothing that
// a client sends may start a new line in a log or a header. The first byte chooses; the rest is a request
// head, or the text of an expression and a format.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "proxyd/http/h1_parser.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/rule_set.h"

using namespace proxyd;

namespace {

struct Compiled {
    std::vector<rules::Expression> expressions;
    std::vector<rules::LogFormat> logs;
    rules::LogFormat header;
    rules::AclSet acls;  // holds the lists that conditions look into
    rules::RuleSet rules;

    Compiled() {
        for (const rules::FetchRow* row : rules::all_fetches())
            if (row->arguments.minimum == 0)
                expressions.push_back(rules::Expression::parse(row->name).value());
        for (const char* text : {"hdr(cookie)",
                                 "hdr(x,3)",
                                 "hdr(x,-2)",
                                 "hdr_ip(x)",
                                 "hdr_val(x)",
                                 "req.fhdr(x)",
                                 "cook(a)",
                                 "cook_cnt(a)",
                                 "urlp(a)",
                                 "urlp(a,;)",
                                 "path,field(2,/)",
                                 "path,word(-1,/,0)",
                                 "url,url_dec",
                                 "url,url_enc",
                                 "url,json",
                                 "path,b64dec",
                                 "url,base64,b64dec,hex",
                                 "query,regsub(\"(a|b)+\",<>,g)",
                                 "path,bytes(2,3)",
                                 "hdr(host),crc32"})
            expressions.push_back(rules::Expression::parse(text).value());
        for (const std::string_view format :
             {rules::kHttpLogFormat, rules::kClfLogFormat, rules::kHttpsLogFormat})
            logs.push_back(*rules::LogFormat::compile(format));
        logs.push_back(*rules::LogFormat::compile("%[url,url_dec] %{+Q,+E}[hdr(x)] %HP %HQ %HPO %HV"));
        header = *rules::LogFormat::compile("%[url,url_dec]%[hdr(x)]", rules::LogUse::header);
        common::Diagnostics diagnostics;
        for (const std::vector<std::string>& words :
             {std::vector<std::string>{"replace-value", "x", "(.*)a(.*)", "\\2b\\1"},
              {"replace-path", "/(.*)/(.*)", "/\\2/\\1"},
              {"set-query", "%[path,url_dec]"},
              {"set-path", "/%[query]"},
              {"deny", "if", "{", "path_dir", "a", "}", "or", "{", "hdr_dom(host)", "a.b", "}"}})
            if (!rules.add(rules::Phase::http_request, words, acls, {}, diagnostics)) std::abort();
    }
};

void require(bool condition) {
    if (!condition) std::abort();
}

void run_on(const Compiled& compiled, rules::Context& context) {
    for (const rules::Expression& expression : compiled.expressions) {
        rules::Cursor cursor;
        cursor.iterate = true;
        int rounds = 0;
        do {
            rules::Sample sample;
            if (expression.evaluate(context, cursor, sample)) {
                rules::TextBuffer buffer;
                require(rules::to_text(sample, buffer).size() < 1'000'000);
            }
            require(++rounds < 100'000);
        } while (cursor.more);
    }
    std::string out;
    for (const rules::LogFormat& format : compiled.logs) format.render(context, out);
    require(out.find_first_of("\r\n") == std::string::npos);
    out.clear();
    compiled.header.render(context, out);
    require(out.find_first_of("\r\n") == std::string::npos);
    compiled.rules.run(context);
    require(context.request->target.find_first_of("\r\n ") == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Compiled compiled;
    if (size < 2) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    if ((data[0] & 1) != 0) {
        (void)rules::Expression::parse(bytes);
        (void)rules::LogFormat::compile(bytes);
        return 0;
    }
    common::Arena arena;
    http::Message message;
    message.arena = &arena;
    http::H1Parser parser;
    http::ParseOptions options;
    options.accept_invalid = true;
    parser.start_request(options);
    if (parser.parse(bytes, message).status != http::ParseStatus::done) return 0;
    rules::Context context;
    context.arena = &arena;
    context.request = &message;
    context.request_line = arena.concat({message.method_text, " ", message.target, " HTTP/1.1"});
    run_on(compiled, context);
    return 0;
}
