// The ACLs that need no declaration (configuration manual 7.4).
#include <array>
#include <map>
#include <mutex>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/rules/compiled_acl.h"

namespace proxyd::rules {
namespace {

struct PredefinedRow {
    std::string_view name;
    std::string_view words;  // separated by single blanks
};

constexpr std::array kRows{
    PredefinedRow{"TRUE", "always_true"},
    PredefinedRow{"FALSE", "always_false"},
    PredefinedRow{"LOCALHOST", "src 127.0.0.1/8 ::1"},
    PredefinedRow{"HTTP", "req.proto_http"},
    PredefinedRow{"HTTP_1.0", "req.ver 1.0"},
    PredefinedRow{"HTTP_1.1", "req.ver 1.1"},
    PredefinedRow{"HTTP_2.0", "req.ver 2.0"},
    PredefinedRow{"HTTP_CONTENT", "req.hdr_val(content-length) gt 0"},
    PredefinedRow{"HTTP_URL_ABS", "url_reg ^[^/:]*://"},
    PredefinedRow{"HTTP_URL_SLASH", "url_beg /"},
    PredefinedRow{"HTTP_URL_STAR", "url *"},
    PredefinedRow{"METH_CONNECT", "method CONNECT"},
    PredefinedRow{"METH_DELETE", "method DELETE"},
    PredefinedRow{"METH_GET", "method GET HEAD"},
    PredefinedRow{"METH_HEAD", "method HEAD"},
    PredefinedRow{"METH_OPTIONS", "method OPTIONS"},
    PredefinedRow{"METH_POST", "method POST"},
    PredefinedRow{"METH_PUT", "method PUT"},
    PredefinedRow{"METH_TRACE", "method TRACE"},
    PredefinedRow{"RDP_COOKIE", "req.rdp_cookie_cnt gt 0"},
    PredefinedRow{"REQ_CONTENT", "req.len gt 0"},
    PredefinedRow{"WAIT_END", "wait_end"},
};

}  // namespace

std::shared_ptr<const CompiledAcl> predefined_acl(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string_view, std::shared_ptr<const CompiledAcl>> compiled;
    const PredefinedRow* row = common::find_row(std::span<const PredefinedRow>(kRows), name);
    if (row == nullptr) return nullptr;
    const std::lock_guard lock(mutex);
    auto& acl = compiled[row->name];
    if (acl != nullptr) return acl;
    std::vector<std::string> words;
    for (std::string_view word : common::split(row->words, ' ')) words.emplace_back(word);
    common::Diagnostics diagnostics;
    AclTest test;
    static Catalogue none;  // they name nothing that a configuration holds
    if (!parse_acl_test(row->name, words, none, {}, diagnostics, test)) return nullptr;
    auto fresh = std::make_shared<CompiledAcl>();
    fresh->add(std::move(test));
    acl = std::move(fresh);
    return acl;
}

std::vector<std::string_view> predefined_acl_names() {
    return common::row_names(std::span<const PredefinedRow>(kRows));
}

}  // namespace proxyd::rules
