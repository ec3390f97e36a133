// Certificates of `bind` lines: crt, default-crt, crt-list.
#include "common/text.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/certificates.h"
#include "proxyd/config/files.h"
#include "proxyd/config/lexer.h"
#include "proxyd/config/source.h"

namespace proxyd::config {
namespace {

using Bind = net::BindSettings;
using Word = WordRow<Bind>;

void add_certificate(const WordInput& word, Bind& bind) {
    auto files = find_certificate(word.in, word.arguments[0]);
    if (!files) return word.error(files.error().text);
    bind.tls.crt.push_back(std::move(*files));
}

// The one that names without a certificate get stands first.
void add_default_certificate(const WordInput& word, Bind& bind) {
    auto files = find_certificate(word.in, word.arguments[0]);
    if (!files) return word.error(files.error().text);
    bind.tls.crt.insert(bind.tls.crt.begin(), std::move(*files));
}

// A line of a crt-list: FILE [ '[' words ']' ] [SNI filters].
void add_listed(const WordInput& word, Bind& bind, std::string_view text, const std::string& place) {
    const auto words = tokenize(text, [](std::string_view) { return std::nullopt; });
    if (!words) return word.error(place + ": " + words.error().text);
    if (words->empty()) return;
    auto files = find_certificate(word.in, words->front());
    if (!files) return word.error(place + ": " + files.error().text);
    bool options = false;
    for (auto next = words->begin() + 1; next != words->end(); ++next) {
        const bool inside = options || next->starts_with('[');
        if (!inside) files->names.push_back(*next);
        options = inside && !next->ends_with(']');
        if (inside && !options)
            word.in.warning(word.line, place +
                                           ": the words in [ ] have no effect: all certificates of a "
                                           "bind line share its settings");
    }
    bind.tls.crt.push_back(std::move(*files));
}

void add_certificate_list(const WordInput& word, Bind& bind) {
    const auto text = read_file(word.arguments[0]);
    if (!text) return word.error(text.error().text);
    const SourceLines source = split_lines(*text);
    for (std::size_t i = 0; i < source.lines.size(); ++i)
        add_listed(word, bind, source.lines[i], word.arguments[0] + ":" + std::to_string(i + 1));
}

constexpr Word kWords[] = {
    {"crt", 1, add_certificate, Effect::works, "<file or folder>",
     "certificate chain and key in PEM, or @STORE/NAME; repeatable"},
    {"default-crt", 1, add_default_certificate, Effect::works, "<file>",
     "certificate for names that no other has"},
    {"crt-list", 1, add_certificate_list, Effect::works, "<file>", "a list of certificates and their names"},
};

}  // namespace

std::span<const Word> bind_crt_words() {
    return kWords;
}

}  // namespace proxyd::config
