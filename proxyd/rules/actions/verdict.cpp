// Actions that end the exchange or the rule set: allow, deny, tarpit, return, reject, silent-drop.
#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>

#include "proxyd/http/replies.h"
#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/error_pages.h"

namespace proxyd::rules {
namespace {

// What follows `deny` or `return`: a status, and optionally a payload with its type and fields.
struct ReplySpec {
    int status = 0;
    std::string content_type;
    bool has_body = false;
    bool error_page = false;                      // the section's, or the built-in one
    bool plain = true;                            // nothing but deny_status is written
    std::shared_ptr<const std::string> file;      // errorfile
    std::shared_ptr<const ErrorPages> pages;      // errorfiles: of a section
    bool whole() const { return file || pages; }  // the answer is a file, fields and all
    bool default_pages = false;                   // default-errorfiles is written
    bool refuses = true;
    LogFormat body;  // one constant part for `string` and `file`
    std::vector<std::pair<std::string, LogFormat>> fields;
};

class Simple final : public Action {
 public:
    explicit Simple(Verdict::Kind kind) : kind_(kind) {}
    bool run(Context&, Verdict& verdict) const override {
        verdict.kind = kind_;
        return false;
    }

 private:
    Verdict::Kind kind_;
};

template <Verdict::Kind kind>
ActionPtr parse_simple(ActionWords&) {
    return std::make_shared<Simple>(kind);
}

class Reply final : public Action {
 public:
    Reply(Verdict::Kind kind, ReplySpec spec) : kind_(kind), spec_(std::move(spec)) {}

    bool run(Context& context, Verdict& verdict) const override {
        verdict.kind = kind_;
        verdict.status = spec_.status;
        verdict.refuses = spec_.refuses;
        verdict.own_answer = !spec_.error_page || spec_.has_body;
        if (const std::string* page = whole_page()) {
            verdict.file = *page;
            if (page->empty()) verdict.kind = Verdict::Kind::reject;
            return false;
        }
        verdict.content_type = spec_.content_type;
        thread_local std::string scratch;
        if (const auto constant = spec_.body.constant())
            verdict.body = *constant;
        else if (context.arena != nullptr)
            verdict.body = context.arena->copy(render(spec_.body, context, scratch));
        render_fields(context, verdict);
        return false;
    }

 private:
    // Null: the answer is made here, if only an empty one.
    const std::string* whole_page() const {
        if (spec_.file) return spec_.file.get();
        if (!spec_.pages) return nullptr;
        const auto page = spec_.pages->pages.find(spec_.status);
        return page == spec_.pages->pages.end() ? nullptr : page->second.get();
    }

    // In the arena, since a tarpitted reply waits while others of this thread are made.
    void render_fields(const Context& context, Verdict& verdict) const {
        if (spec_.fields.empty() || context.arena == nullptr) return;
        const std::size_t size = spec_.fields.size() * sizeof(ReplyField);
        std::size_t room = size + alignof(ReplyField);
        void* at = context.arena->allocate(room).data();
        auto* fields = static_cast<ReplyField*>(std::align(alignof(ReplyField), size, at, room));
        thread_local std::string scratch;
        ReplyField* next = fields;
        for (const auto& [name, value] : spec_.fields)
            std::construct_at(next++, ReplyField{name, context.arena->copy(render(value, context, scratch))});
        verdict.fields = {fields, spec_.fields.size()};
    }

    Verdict::Kind kind_;
    ReplySpec spec_;
};

// Where the body comes from.
struct PayloadRow {
    std::string_view name;
    bool is_file;
    bool is_format;
};
constexpr std::array kPayloads{
    PayloadRow{"string", false, false},
    PayloadRow{"lf-string", false, true},
    PayloadRow{"file", true, false},
    PayloadRow{"lf-file", true, true},
};

// Literal text as a format of one constant part.
std::string escape_percent(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '%') out += '%';
        out += c;
    }
    return out;
}

bool parse_payload(ActionWords& words, const PayloadRow& row, ReplySpec& spec) {
    const auto word = words.take(row.is_file ? "a file name" : "a text");
    if (!word) return false;
    std::string text(*word);
    if (row.is_file) {
        std::ifstream file(text, std::ios::binary);
        if (!file)
            return words.refuse("'" + std::string(words.name()) + "': cannot read '" + text + "'"), false;
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    auto body = LogFormat::compile(row.is_format ? text : escape_percent(text), LogUse::text,
                                   &words.catalogue(), words.places());
    if (!body) return words.refuse("'" + std::string(words.name()) + "': " + body.error().text), false;
    spec.body = std::move(*body);
    spec.has_body = true;
    return true;
}

bool parse_field(ActionWords& words, ReplySpec& spec) {
    const auto name = words.take("a header name after 'hdr'");
    if (!name) return false;
    auto value = words.take_format("a value after the header name");
    if (!value) return false;
    spec.fields.emplace_back(std::string(*name), std::move(*value));
    spec.plain = false;
    return true;
}

bool parse_error_file(ActionWords& words, ReplySpec& spec) {
    const auto path = words.take("a file name");
    if (!path) return false;
    auto page = read_error_page(std::string(*path));
    if (!page) return words.refuse("'" + std::string(words.name()) + "': " + page.error().text), false;
    spec.file = std::move(*page);
    return true;
}

// The section may follow.
bool parse_error_files(ActionWords& words, ReplySpec& spec) {
    const auto name = words.take("the name of an http-errors section");
    if (!name) return false;
    auto& pages = words.catalogue().error_pages[std::string(*name)];
    if (pages == nullptr) pages = std::make_shared<ErrorPages>();
    if (pages->mentioned.line == 0) pages->mentioned = words.where();
    spec.pages = pages;
    return true;
}

bool has_source(const ReplySpec& spec) {
    return spec.has_body || spec.default_pages || spec.whole();
}

// Reads options until the condition. False after a complaint.
bool parse_reply(ActionWords& words, ReplySpec& spec) {
    while (!words.at_end()) {
        const std::string_view word = words.peek();
        if (word == "status" || word == "deny_status") {
            words.take_if(word);
            const auto status = words.take_status(200, 599);
            if (!status) return false;
            spec.status = *status;
            spec.plain &= word == "deny_status";
        } else if (words.take_if("content-type")) {
            const auto type = words.take("a type after 'content-type'");
            if (!type) return false;
            spec.content_type = *type;
            spec.plain = false;
        } else if (words.take_if("hdr")) {
            if (!parse_field(words, spec)) return false;
        } else if (has_source(spec) && (word.starts_with("errorfile") || word == "default-errorfiles")) {
            return words.refuse("'" + std::string(words.name()) + "': '" + std::string(word) +
                                "' follows another source of the answer"),
                   false;
        } else if (words.take_if("default-errorfiles")) {
            spec.error_page = spec.default_pages = true;
        } else if (words.take_if("errorfile")) {
            if (!parse_error_file(words, spec)) return false;
        } else if (words.take_if("errorfiles")) {
            if (!parse_error_files(words, spec)) return false;
        } else {
            const auto row = std::ranges::find(kPayloads, word, &PayloadRow::name);
            if (row == kPayloads.end())
                return words.refuse(
                           "'" + std::string(words.name()) + "': unknown option '" + std::string(word) +
                           "' (known are status, content-type, default-errorfiles, errorfile, errorfiles, "
                           "string, lf-string, file, lf-file, hdr)"),
                       false;
            words.take_if(row->name);
            if (!parse_payload(words, *row, spec)) return false;
        }
    }
    return true;
}

// False after a complaint: pages are there for some statuses only.
bool has_page(const ActionWords& words, int status) {
    if (http::page_status(status) == status) return true;
    words.refuse("'" + std::string(words.name()) + "': there is no error page of status " +
                 std::to_string(status) + "; write 'status " + std::to_string(status) +
                 "', with 'content-type' and 'string' for a body");
    return false;
}

// As in HAProxy, the error page is the answer where nothing else than `deny_status` is written; other words
// without a source make an answer without a body. False after a complaint.
bool settle(ActionWords& words, int status, ReplySpec& spec) {
    if (spec.status == 0) spec.status = status;
    spec.error_page = spec.default_pages || (spec.plain && !has_source(spec));
    if (!spec.has_body) spec.content_type.clear();
    return (!spec.error_page && !spec.whole()) || has_page(words, spec.status);
}

ActionPtr parse_deny(ActionWords& words) {
    ReplySpec spec;
    if (!parse_reply(words, spec)) return nullptr;
    if (!settle(words, words.phase() == Phase::http_request ? 403 : 502, spec)) return nullptr;
    return std::make_shared<Reply>(spec.error_page ? Verdict::Kind::deny : Verdict::Kind::reply,
                                   std::move(spec));
}

ActionPtr parse_tarpit(ActionWords& words) {
    ReplySpec spec;
    if (!parse_reply(words, spec) || !settle(words, 500, spec)) return nullptr;
    return std::make_shared<Reply>(Verdict::Kind::tarpit, std::move(spec));
}

ActionPtr parse_return(ActionWords& words) {
    ReplySpec spec;
    if (!parse_reply(words, spec)) return nullptr;
    if (spec.status == 0) spec.status = 200;
    if (spec.has_body && spec.content_type.empty() && spec.body.constant() != std::string_view())
        return words.refuse("'return': a body needs a 'content-type'");
    if (!spec.has_body) spec.content_type.clear();
    if ((spec.error_page || spec.whole()) && !has_page(words, spec.status)) return nullptr;
    spec.refuses = false;
    return std::make_shared<Reply>(spec.error_page ? Verdict::Kind::deny : Verdict::Kind::reply,
                                   std::move(spec));
}

ActionPtr parse_use_service(ActionWords& words) {
    const auto name = words.take("the name of a service");
    if (!name) return nullptr;
    if (*name != "prometheus-exporter") {
        return words.refuse("'use-service': unknown service '" + std::string(*name) +
                            "' (known is prometheus-exporter)");
    }
    return std::make_shared<Simple>(Verdict::Kind::service);
}

constexpr std::array kRows{
    last(ActionRow{"allow", kInHttp, parse_simple<Verdict::Kind::allow>,
                   "end this rule set, let the message pass"}),
    last(ActionRow{"deny", kInRequest | kInResponse, parse_deny, "answer with an error"}),
    last(ActionRow{"tarpit", kInRequest, parse_tarpit, "answer with an error, late"}),
    last(ActionRow{"return", kInRequest | kInResponse, parse_return, "answer with a given body"}),
    last(ActionRow{"reject", kInRequest | kInTcp | kInTcpResponse, parse_simple<Verdict::Kind::reject>,
                   "close the connection"}),
    ActionRow{"close", kInTcpResponse, parse_simple<Verdict::Kind::close>, "close the server's connection"},
    last(ActionRow{"silent-drop", kInRequest | kInResponse | kInTcp | kInTcpResponse,
                   parse_simple<Verdict::Kind::silent_drop>,
                   "forget the connection without telling the client"}),
    ActionRow{"use-service", kInRequest, parse_use_service, "answer with the metrics of the process"},
};

}  // namespace

std::span<const ActionRow> verdict_actions() {
    return kRows;
}

}  // namespace proxyd::rules
