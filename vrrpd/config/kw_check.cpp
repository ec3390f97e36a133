// The health checks of real servers: HTTP_GET, TCP_CHECK and the others. See lvs.h.
#include <cctype>

#include "vrrpd/config/lvs_words.h"

namespace vrrpd::config {
namespace {

using namespace lvs;

constexpr std::size_t kDigestSize = 32;  // MD5 in hexadecimal
constexpr std::size_t kMaxInterface = 15;

constexpr std::string_view kProtocols[] = {"1.0", "1.0C", "1.1"};
constexpr std::string_view kDnsTypes[] = {"A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"};
constexpr std::string_view kRegexOptions[] = {"allow_empty_class", "alt_bsux",
                                              "auto_callout",      "caseless",
                                              "dollar_endonly",    "dotall",
                                              "dupnames",          "extended",
                                              "firstline",         "match_unset_backref",
                                              "multiline",         "never_ucp",
                                              "never_utf",         "no_auto_capture",
                                              "no_auto_possess",   "no_dotstar_anchor",
                                              "no_start_optimize", "ucp",
                                              "ungreedy",          "utf",
                                              "never_backslash_c", "alt_circumflex",
                                              "alt_verbnames",     "use_offset_limit"};

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

void interface(Call& call, LvsBlock&) {
    const auto name = call.text();
    if (name && name->size() > kMaxInterface)
        call.warn("'" + *name + "' has more than 15 characters; ignored");
}

void old_retry(Call& call, LvsBlock&) {
    if (call.number(0, kMaxUnsigned)) call.note("old name of retry");
}

// ---- url { ... }

void digest(Call& call, LvsBlock&) {
    const auto given = call.text();
    if (!given) return;
    if (given->size() != kDigestSize || !is_hex(*given))
        call.warn("'" + *given + "' is no MD5 digest of 32 hexadecimal digits; ignored");
}

// CODE or FIRST-LAST, 100 to 599 each.
bool is_status(std::string_view text) {
    const auto mark = text.find('-');
    const auto first = common::parse_number(text.substr(0, mark), 100, 599);
    if (!first) return false;
    return mark == std::string_view::npos || common::parse_number(text.substr(mark + 1), *first, 599);
}

void status_code(Call& call, LvsBlock&) {
    if (!call.text()) return;
    for (std::size_t i = 1; i <= call.count(); ++i) {
        if (!is_status(call.word(i)))
            call.warn("'" + call.word(i) + "' is no status from 100 to 599 and no range of them; ignored");
    }
}

void regex_options(Call& call, LvsBlock&) {
    if (!call.text()) return;
    for (std::size_t i = 1; i <= call.count(); ++i) {
        if (std::ranges::find(kRegexOptions, std::string_view(call.word(i))) == std::end(kRegexOptions))
            call.warn("'" + call.word(i) + "' is not known; ignored");
    }
}

void regex_stack(Call& call, LvsBlock&) {
    const auto start = call.number(1, kMaxUnsigned), most = call.number(1, kMaxUnsigned, 2);
    if (start && most && *start > *most) call.warn("the start is larger than the maximum; ignored");
}

constexpr auto kFull = Effect::checked;

constexpr Keyword<LvsBlock> kUrl[] = {
    {"path", text, kFull, "PATH to ask for"},
    {"digest", digest, kFull, "MD5 of the page, 32 hexadecimal digits"},
    {"status_code", status_code, kFull, "CODE | FIRST-LAST ...; default 200-299"},
    {"virtualhost", text, kFull, "NAME"},
    {"regex", text, kFull, "EXPRESSION that the page matches"},
    {"regex_no_match", flag, kFull, "the page must not match"},
    {"regex_options", regex_options, kFull, "NAME..."},
    {"regex_stack", regex_stack, kFull, "START MAX bytes"},
    {"regex_min_offset", number<0, kMaxUnsigned>, kFull, "BYTES"},
    {"regex_max_offset", number<0, kMaxUnsigned>, kFull, "BYTES"},
};

void url(Call& call, LvsBlock& block) {
    apply_block(call.block(), "url", call.draft(), call.diagnostics(), Part<LvsBlock>{kUrl, block});
    if (!has_line(call, "path")) call.warn("it has no path; ignored");
}

// ---- the checks' own words

constexpr Keyword<LvsBlock> kHttp[] = {
    {"url", url, kFull, "{ path, digest, status_code, virtualhost, regex... }"},
    {"http_protocol", one_of<kProtocols>, kFull, "1.0 | 1.0C | 1.1"},
    {"virtualhost", text, kFull, "NAME"},
    {"fast_recovery", boolean, kFull, "[BOOL]: all urls at once"},
    {"enable_sni", boolean, kFull, "[BOOL]: send the name (SSL_GET)"},
    {"nb_get_retry", old_retry, kFull, "old name of retry"},
};

void smtp_host(Call& call, LvsBlock& block) {
    call.note("more checks are asked for with more SMTP_CHECK blocks");
    apply_block(call.block(), "host", call.draft(), call.diagnostics(),
                Part<LvsBlock>{connection_keywords(), block}, Part<LvsBlock>{pacing_keywords(), block});
}

constexpr Keyword<LvsBlock> kSmtp[] = {
    {"helo_name", text, kFull, "NAME"},
    {"host", smtp_host, kFull, "{ ... }: one more server (old)"},
};

constexpr Keyword<LvsBlock> kDns[] = {
    {"type", one_of<kDnsTypes>, kFull, "A | NS | CNAME | SOA | MX | TXT | AAAA; default SOA"},
    {"name",
     [](Call& call, LvsBlock&) {
         const auto given = call.text();
         if (given && given->find("..") != given->npos)
             call.warn("'" + *given + "' has an empty label; ignored");
     },
     kFull, "DOMAIN; default ."},
};

constexpr Keyword<LvsBlock> kMisc[] = {
    {"misc_path", command, kFull, "\"PROGRAM\" [USER [GROUP]]"},
    {"misc_timeout", timer, kFull, "SECONDS"},
    {"misc_dynamic", boolean, kFull, "the exit status is the weight"},
    {"user", [](Call& call, LvsBlock&) { (void)call.run_as(1); }, kFull, "USER [GROUP]"},
};

constexpr Keyword<LvsBlock> kBfd[] = {{"name", text, kFull, "NAME of a bfd_instance"}};

// Hexadecimal digits in any grouping; X stands for any digit of a reply.
template <bool Reply>
void bytes(Call& call, LvsBlock&) {
    if (!Reply && !call.text()) return;
    for (std::size_t i = 1; i <= call.count(); ++i) {
        std::string digits = call.word(i);
        if (Reply) std::erase_if(digits, [](char c) { return c == 'x' || c == 'X'; });
        if (!is_hex(digits)) return call.warn("'" + call.word(i) + "' is not hexadecimal; ignored");
    }
}

constexpr Keyword<LvsBlock> kUdp[] = {
    {"payload", bytes<false>, kFull, "HEX to send; default: random"},
    {"require_reply", bytes<true>, kFull, "[HEX]: an answer must come, and be this"},
    {"min_reply_length", number<0, 65535>, kFull, "BYTES; default 0"},
    {"max_reply_length", number<0, 65535>, kFull, "BYTES; default 255"},
};

constexpr Keyword<LvsBlock> kFile[] = {
    {"track_file",
     [](Call& call, LvsBlock&) {
         if (auto name = call.text()) call.draft().lvs_files_wanted.push_back({*name, call.where()});
     },
     kFull, "NAME of a track_file"},
    {"dynamic", flag, kFull, "the value is a weight"},
    {"weight",
     [](Call& call, LvsBlock&) {
         (void)call.number(-2147483647, 2147483647);
         if (call.has(2) && call.word(2) != "reverse" && call.word(2) != "noreverse")
             call.warn("'" + call.word(2) + "' is not understood; expected reverse or noreverse");
     },
     kFull, "N [reverse | noreverse]"},
};

// ---- the blocks

constexpr CheckBlock kBlocks[] = {
    {"HTTP_GET", kHttp}, {"SMTP_CHECK", kSmtp}, {"DNS_CHECK", kDns},   {"MISC_CHECK", kMisc},
    {"BFD_CHECK", kBfd}, {"UDP_CHECK", kUdp},   {"FILE_CHECK", kFile},
};

enum class Common : unsigned char { none, pacing, all };

// `required`: the word without which keepalived drops the check.
void check(Call& call, LvsBlock& block, std::span<const Keyword<LvsBlock>> own, Common common_words,
           std::string_view required = {}) {
    const auto with = [&](const auto&... more) {
        apply_block(call.block(), call.statement().name(), call.draft(), call.diagnostics(),
                    Part<LvsBlock>{own, block}, more...);
    };
    const Part<LvsBlock> connection{connection_keywords(), block}, pacing{pacing_keywords(), block};
    switch (common_words) {
        case Common::none:
            with();
            break;
        case Common::pacing:
            with(pacing);
            break;
        case Common::all:
            with(connection, pacing);
            break;
    }
    if (!required.empty() && !has_line(call, required))
        call.warn("it has no " + std::string(required) + ": the check does nothing");
}

void web_check(Call& call, LvsBlock& block) {
    check(call, block, kHttp, Common::all);
    const auto& lines = call.statement().block;
    if (std::ranges::none_of(lines, [](const Statement& line) { return line.name() == "url"; }))
        call.warn("it has no url: the check does nothing");
}

void udp_check(Call& call, LvsBlock& block) {
    check(call, block, kUdp, Common::all);
    std::int64_t least = 0, most = 255;
    for (const Statement& line : call.statement().block) {
        if (line.words.size() < 2) continue;
        const auto value = common::parse_number(line.words[1].text, 0, 65535);
        if (value && line.name() == "min_reply_length") least = *value;
        if (value && line.name() == "max_reply_length") most = *value;
    }
    if (least > most) call.warn("min_reply_length is larger than max_reply_length: it would always fail");
}

constexpr Keyword<LvsBlock> kChecks[] = {
    {"HTTP_GET", web_check, kFull, "{ ... }: pages by HTTP"},
    {"SSL_GET", web_check, kFull, "{ ... }: pages by HTTPS; words as HTTP_GET"},
    {"TCP_CHECK", [](Call& c, LvsBlock& b) { check(c, b, {}, Common::all); }, kFull, "{ ... }: connects"},
    {"SMTP_CHECK", [](Call& c, LvsBlock& b) { check(c, b, kSmtp, Common::all); }, kFull,
     "{ ... }: greets a mail server"},
    {"DNS_CHECK", [](Call& c, LvsBlock& b) { check(c, b, kDns, Common::all); }, kFull,
     "{ ... }: asks a name server"},
    {"MISC_CHECK", [](Call& c, LvsBlock& b) { check(c, b, kMisc, Common::pacing, "misc_path"); }, kFull,
     "{ ... }: runs a program"},
    {"BFD_CHECK", [](Call& c, LvsBlock& b) { check(c, b, kBfd, Common::none, "name"); }, kFull,
     "{ name NAME }"},
    {"PING_CHECK", [](Call& c, LvsBlock& b) { check(c, b, {}, Common::all); }, kFull, "{ ... }: ICMP echo"},
    {"UDP_CHECK", udp_check, kFull, "{ ... }: a datagram"},
    {"FILE_CHECK", [](Call& c, LvsBlock& b) { check(c, b, kFile, Common::none, "track_file"); }, kFull,
     "{ ... }: the number in a file"},
};

constexpr Keyword<LvsBlock> kConnection[] = {
    {"connect_ip", address, kFull, "ADDR; default the real server's"},
    {"connect_port", port, kFull, "PORT; default the real server's"},
    {"bindto", address, kFull, "ADDR to connect from"},
    {"bind_if", interface, kFull, "IF to connect from"},
    {"bind_port", port, kFull, "PORT to connect from"},
    {"fwmark", number<0, kMaxUnsigned>, kFull, "MARK of its packets"},
};

constexpr Keyword<LvsBlock> kPacing[] = {
    {"alpha", boolean, kFull, "[BOOL]: down until checked"},
    {"connect_timeout", timer, kFull, "SECONDS; default 5"},
    {"retry", number<0, kMaxUnsigned>, kFull, "checks more before it is down; default 1"},
    {"delay_before_retry", delay, kFull, "SECONDS"},
    {"warmup", delay, kFull, "SECONDS: random start of the checks"},
    {"delay_loop", delay, kFull, "SECONDS between checks; default 60"},
    {"log_all_failures", boolean, kFull, "[BOOL]"},
};

}  // namespace

std::span<const Keyword<LvsBlock>> check_keywords() {
    return kChecks;
}
std::span<const CheckBlock> check_blocks() {
    return kBlocks;
}
std::span<const Keyword<LvsBlock>> connection_keywords() {
    return kConnection;
}
std::span<const Keyword<LvsBlock>> pacing_keywords() {
    return kPacing;
}

}  // namespace vrrpd::config
