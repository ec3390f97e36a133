#include "vrrpd/config/load.h"

#include <unistd.h>

#include "vrrpd/config/keyword.h"
#include "vrrpd/config/lvs.h"
#include "vrrpd/config/source.h"
#include "vrrpd/config/validate.h"

namespace vrrpd::config {
namespace {

// The first part of the node name.
std::string default_config_id() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) return {};
    const std::string_view whole(name);
    return std::string(whole.substr(0, whole.find('.')));
}

template <class Read>
Config load_with(const LoadOptions& options, common::Diagnostics& diagnostics, Read read) {
    Draft draft;
    draft.config.files = std::make_shared<FileNames>();
    SourceReader reader(options.config_id.empty() ? default_config_id() : options.config_id,
                        options.all_includes ? kAllIncludeChecks : 0, *draft.config.files, diagnostics);
    read(reader);
    const std::vector<SourceLine> lines = reader.take();
    const std::vector<Statement> tree = parse_tree(lines, diagnostics);
    // Of a file that is not there or cut in the middle there is nothing more to say.
    if (diagnostics.has_errors()) return std::move(draft.config);
    apply_block(tree, "the file", draft, diagnostics, Part<Draft>{top_keywords(), draft});
    check_lvs_references(draft, diagnostics);
    return complete(std::move(draft), diagnostics);
}

}  // namespace

Config load(const std::string& path, const LoadOptions& options, common::Diagnostics& diagnostics) {
    return load_with(options, diagnostics, [&](SourceReader& reader) { reader.read_file(path); });
}

Config load_text(std::string_view text, const std::string& name, const LoadOptions& options,
                 common::Diagnostics& diagnostics) {
    return load_with(options, diagnostics, [&](SourceReader& reader) { reader.read_text(text, name); });
}

}  // namespace vrrpd::config
