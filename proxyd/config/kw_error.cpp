// Replies to failures: errorfile, errorfiles, errorloc, http-error (configuration manual 4.2, 3.8).
#include <algorithm>
#include <array>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/http_errors.h"
#include "proxyd/config/source.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/error_pages.h"

namespace proxyd::config {
namespace {

constexpr std::array kStatuses{200, 400, 401, 403, 404, 405, 407, 408, 410, 413,
                               421, 422, 425, 429, 431, 500, 501, 502, 503, 504};

using session::ErrorFile;

std::optional<int> read_status(Reading& in, const Statement& line, std::size_t index) {
    int status = 0;
    if (!read_number(in, line, index, 100, 999, status)) return std::nullopt;
    if (std::ranges::find(kStatuses, status) != kStatuses.end()) return status;
    std::string list;
    for (const int known : kStatuses) list += (list.empty() ? "" : ", ") + std::to_string(known);
    in.error(line,
             "'" + line.name() + "': no reply has the status " + std::to_string(status) + " (" + list + ")");
    return std::nullopt;
}

std::shared_ptr<const ErrorFile> read_error_file(Reading& in, const Statement& line,
                                                 const std::string& path) {
    const auto page = rules::read_error_page(path);
    if (!page) return in.error(line, page.error()), nullptr;
    auto out = std::make_shared<ErrorFile>();
    out->bytes = **page;
    out->silent = out->bytes.empty();
    if (out->bytes.size() > in.model.global.buffer_size)
        in.warning(line, "'" + path + "' is larger than tune.bufsize (" +
                             std::to_string(in.model.global.buffer_size) + " bytes)");
    return out;
}

// What rules know of an http-errors section.
rules::ErrorPages& pages_of(Reading& in, const std::string& section) {
    auto& pages = in.model.catalogue->error_pages[section];
    if (pages == nullptr) pages = std::make_shared<rules::ErrorPages>();
    return *pages;
}

ErrorFiles& target(Reading& in) {
    return in.draft == nullptr ? in.http_errors[in.section_name] : in.proxy().error_files;
}

void set_error_file(Reading& in, const Statement& line) {
    const auto status = read_status(in, line, 0);
    if (!status) return;
    auto file = read_error_file(in, line, line.argument(1));
    if (file == nullptr) return;
    if (in.draft == nullptr)
        pages_of(in, in.section_name).pages[*status] = std::make_shared<const std::string>(file->bytes);
    target(in)[*status] = std::move(file);
}

void set_error_files(Reading& in, const Statement& line) {
    const auto set = in.http_errors.find(line.argument(0));
    if (set == in.http_errors.end()) {
        std::vector<std::string_view> names;
        for (const auto& [name, files] : in.http_errors) names.push_back(name);
        return in.error(line, "there is no http-errors section named '" + line.argument(0) +
                                  "' before this line" + common::did_you_mean(line.argument(0), names));
    }
    std::vector<int> wanted;
    for (std::size_t i = 1; i < line.count(); ++i)
        if (const auto status = read_status(in, line, i)) wanted.push_back(*status);
    for (const auto& [status, file] : set->second)
        if (wanted.empty() || std::ranges::find(wanted, status) != wanted.end())
            in.proxy().error_files[status] = file;
}

void set_error_location(Reading& in, const Statement& line, std::string_view status_line) {
    const auto status = read_status(in, line, 0);
    if (!status) return;
    const std::string& location = line.argument(1);
    if (location.find_first_of("\r\n") != std::string::npos)
        return in.error(line, "'" + line.name() + "': a location has no line ends");
    auto file = std::make_shared<ErrorFile>();
    file->bytes = status_line;
    file->bytes.append("\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ");
    file->bytes.append(location).append("\r\n\r\n");
    in.proxy().error_files[*status] = std::move(file);
}

void set_error_location_found(Reading& in, const Statement& line) {
    set_error_location(in, line, "HTTP/1.1 302 Found");
}
void set_error_location_see_other(Reading& in, const Statement& line) {
    set_error_location(in, line, "HTTP/1.1 303 See Other");
}

// Where the text of an `http-error` comes from.
enum class Payload : unsigned char {
    none,
    default_page,
    error_file,
    error_set,
    file,
    format_file,
    text,
    format
};
struct PayloadRow {
    std::string_view name;
    Payload payload;
};
constexpr PayloadRow kPayloads[] = {
    {"default-errorfiles", Payload::default_page},
    {"errorfile", Payload::error_file},
    {"errorfiles", Payload::error_set},
    {"file", Payload::file},
    {"lf-file", Payload::format_file},
    {"string", Payload::text},
    {"lf-string", Payload::format},
};

// A line of `http-error` as it was written.
struct HttpError {
    int status = 0;
    std::string content_type;
    Payload payload = Payload::none;
    std::string value;  // of the payload
    std::vector<std::pair<std::string, std::string>> fields;
};

// False after a complaint.
bool read_words(Reading& in, const Statement& line, HttpError& out) {
    for (std::size_t i = 0; i < line.count(); ++i) {
        const std::string& word = line.argument(i);
        const std::size_t needed = word == "hdr" ? 2 : word == "default-errorfiles" ? 0 : 1;
        if (i + needed >= line.count())
            return in.error(line, "'http-error': '" + word + "' expects a value"), false;
        const auto* row = std::ranges::find(kPayloads, word, &PayloadRow::name);
        if (word == "status") {
            const auto status = read_status(in, line, i + 1);
            if (!status) return false;
            out.status = *status;
        } else if (word == "content-type") {
            out.content_type = line.argument(i + 1);
        } else if (word == "hdr") {
            out.fields.emplace_back(line.argument(i + 1), line.argument(i + 2));
        } else if (row == std::end(kPayloads)) {
            return in.error(line, "'http-error': unknown word '" + word + "'" +
                                      common::did_you_mean(
                                          word, common::row_names(std::span<const PayloadRow>(kPayloads)))),
                   false;
        } else if (out.payload != Payload::none) {
            return in.error(line, "'http-error': '" + word + "' follows another source of the text"), false;
        } else {
            out.payload = row->payload;
            if (needed == 1) out.value = line.argument(i + 1);
        }
        i += needed;
    }
    if (out.status == 0) return in.error(line, "'http-error' expects 'status' and a code"), false;
    return true;
}

// Text as a format that is nothing but this text.
std::string without_expressions(std::string_view text) {
    std::string out;
    for (const char c : text) out.append(c == '%' ? 2 : 1, c);
    return out;
}

// Text made per request. Null after a complaint.
std::shared_ptr<const ErrorFile> make_page(Reading& in, const Statement& line, const HttpError& written) {
    std::string text = written.value;
    const bool from_file = written.payload == Payload::file || written.payload == Payload::format_file;
    if (from_file) {
        const auto read = read_file(written.value);
        if (!read) return in.error(line, read.error()), nullptr;
        text = *read;
    }
    if (!text.empty() && written.content_type.empty())
        return in.error(line, "'http-error': a text needs a 'content-type'"), nullptr;
    const bool literal = written.payload == Payload::text || written.payload == Payload::file;
    rules::Catalogue* const catalogue = in.model.catalogue.get();
    auto page = std::make_shared<ErrorFile>();
    page->status = written.status;
    page->content_type = written.content_type;
    auto body =
        rules::LogFormat::compile(literal ? without_expressions(text) : text, rules::LogUse::text, catalogue);
    if (!body) return in.error(line, body.error()), nullptr;
    page->body = std::move(*body);
    for (const auto& [name, value] : written.fields) {
        auto format = rules::LogFormat::compile(value, rules::LogUse::header, catalogue);
        if (!format) return in.error(line, format.error()), nullptr;
        page->fields.emplace_back(name, std::move(*format));
    }
    return page;
}

// http-error status CODE [content-type T] [default-errorfiles | errorfile F | errorfiles SET | file F |
// lf-file F | string S | lf-string S] [hdr N V]...
void set_http_error(Reading& in, const Statement& line) {
    HttpError written;
    if (!read_words(in, line, written)) return;
    ErrorFiles& files = in.proxy().error_files;
    std::shared_ptr<const ErrorFile> page;
    switch (written.payload) {
        case Payload::default_page:
            files.erase(written.status);
            return;
        case Payload::error_file:
            page = read_error_file(in, line, written.value);
            break;
        case Payload::error_set: {
            const auto set = in.http_errors.find(written.value);
            if (set == in.http_errors.end())
                return in.error(line, "'http-error': there is no http-errors section named '" +
                                          written.value + "' before this line");
            const auto found = set->second.find(written.status);
            if (found == set->second.end()) return;
            page = found->second;
            break;
        }
        default:
            page = make_page(in, line, written);
    }
    if (page) files[written.status] = std::move(page);
}

constexpr Keyword kKeywords[] = {
    works("errorfile", kProxies | kHttpErrors, 2, 2, set_error_file, "<status> <file>",
          "a reply as raw bytes"),
    works("errorfiles", kProxies, 1, -1, set_error_files, "<name> [<status> ...]",
          "replies of an http-errors section"),
    works("errorloc", kProxies, 2, 2, set_error_location_found, "<status> <location>",
          "redirect instead of the reply"),
    works("errorloc302", kProxies, 2, 2, set_error_location_found, "<status> <location>",
          "redirect with 302"),
    works("errorloc303", kProxies, 2, 2, set_error_location_see_other, "<status> <location>",
          "redirect with 303"),
    works("http-error", kProxies, 1, -1, set_http_error,
          "status <code> [content-type <type>] [<source> <value>] [hdr <name> <fmt>] ...",
          "a reply made here"),
};

}  // namespace

std::span<const Keyword> error_keywords() {
    return kKeywords;
}

void open_http_errors(Reading& in, const Statement& line) {
    if (!in.http_errors.try_emplace(line.words[1]).second)
        in.error(line, "there is already an http-errors section named '" + line.words[1] + "'");
    pages_of(in, line.words[1]).declared = true;
}

void check_error_pages(Reading& in) {
    for (const auto& [name, pages] : in.model.catalogue->error_pages)
        if (!pages->declared)
            in.out.error(pages->mentioned,
                         "'errorfiles': there is no http-errors section named '" + name + "'");
}

}  // namespace proxyd::config
