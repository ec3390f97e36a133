#include "proxyd/config/certificates.h"

#include "common/keyword_table.h"
#include "proxyd/config/files.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using net::CertificateFiles;

// A word of `load` and the part that it names.
struct LoadRow {
    std::string_view name;
    std::string CertificateFiles::* member;   // of files
    std::string Reading::* folder = nullptr;  // where relative names begin
    std::string_view no_effect = {};
};
constexpr LoadRow kLoadWords[] = {
    {"crt", &CertificateFiles::chain, &Reading::store_crt_base},
    {"key", &CertificateFiles::key, &Reading::store_key_base},
    {"ocsp", &CertificateFiles::ocsp},
    {"alias", nullptr},
    {"issuer", nullptr, nullptr, "an OCSP response is handed on as it is"},
    {"sctl", nullptr, nullptr, "certificates carry their timestamps inside"},
    {"ocsp-update", nullptr, nullptr, "the file of 'ocsp' is read at each start"},
    {"jwt", nullptr, nullptr, "tokens are verified by the key files that rules name"},
    {"acme", nullptr, nullptr, "certificates are not ordered by this program"},
    {"domains", nullptr, nullptr, "certificates are not ordered by this program"},
    {"generate-dummy", nullptr, nullptr, "certificates are not made by this program"},
};

void set_store_crt_base(Reading& in, const Statement& line) {
    in.store_crt_base = line.argument(0);
}
void set_store_key_base(Reading& in, const Statement& line) {
    in.store_key_base = line.argument(0);
}

// "load crt FILE [key FILE] [alias NAME] ...": under its name as written and under its alias.
void load(Reading& in, const Statement& line) {
    CertificateFiles files;
    std::string name, alias;
    for (std::size_t i = 0; i + 1 < line.arguments().size(); i += 2) {
        const LoadRow* row = common::find_row(std::span<const LoadRow>(kLoadWords), line.argument(i));
        if (row == nullptr)
            return in.error(
                line, "'load': unknown word '" + line.argument(i) + "'" +
                          common::did_you_mean(line.argument(i),
                                               common::row_names(std::span<const LoadRow>(kLoadWords))));
        const std::string& value = line.argument(i + 1);
        if (!row->no_effect.empty())
            in.no_effect(line, "'" + std::string(row->name) + "' of 'load'", row->no_effect);
        if (row->name == "alias") alias = value;
        if (row->name == "crt") name = value;
        if (row->member != nullptr)
            files.*row->member = row->folder != nullptr ? in_folder(in.*row->folder, value) : value;
    }
    if (line.arguments().size() % 2 != 0)
        return in.error(line, "'load': '" + line.words.back() + "' expects a value");
    if (name.empty()) return in.error(line, "'load' expects 'crt <file>'");
    if (const auto good = check_certificate(files, in.tls.bind.extras); !good)
        return in.error(line, good.error());
    const std::string store = "@" + in.certificate_store + "/";
    for (const std::string& key : {name, alias})
        if (!key.empty() && !in.certificates.emplace(store + key, files).second)
            in.error(line, "there is a certificate '" + store + key + "' already");
}

constexpr Keyword kKeywords[] = {
    works("crt-base", kCrtStore, 1, 1, set_store_crt_base, "<folder>", "where relative crt names begin"),
    works("key-base", kCrtStore, 1, 1, set_store_key_base, "<folder>", "where relative key names begin"),
    works("load", kCrtStore, 2, -1, load, "crt <file> [key <file>] [ocsp <file>] [alias <name>]",
          "a certificate for 'crt @STORE/NAME'"),
};

}  // namespace

std::span<const Keyword> crt_store_keywords() {
    return kKeywords;
}

void open_crt_store(Reading& in, const Statement& line) {
    in.certificate_store = line.words.size() > 1 ? line.words[1] : "";
    in.store_crt_base = in.tls.crt_base;
    in.store_key_base = in.tls.key_base;
}

common::Result<CertificateFiles> find_certificate(const Reading& in, const std::string& text) {
    if (text.starts_with('@')) {
        if (const auto found = in.certificates.find(text); found != in.certificates.end())
            return found->second;
        std::vector<std::string_view> names;
        for (const auto& [name, files] : in.certificates) names.push_back(name);
        return common::fail("no crt-store holds '" + text + "'" + common::did_you_mean(text, names),
                            common::Side::config);
    }
    CertificateFiles files;
    files.chain = in_folder(in.tls.crt_base, text);
    if (const auto good = check_certificate(files, in.tls.bind.extras); !good)
        return std::unexpected(good.error());
    return files;
}

}  // namespace proxyd::config
