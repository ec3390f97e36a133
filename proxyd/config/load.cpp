#include <unistd.h>

#include <algorithm>

#include "proxyd/config/model.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/source.h"

namespace proxyd::config {
namespace {

std::string_view keep_name(Model& model, std::string_view name) {
    model.file_names.push_back(std::make_unique<std::string>(name));
    return *model.file_names.back();
}

// What -L says, else this machine's name.
void name_local_peer(Reading& in, std::string_view given) {
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0) in.local_peer = host;
    in.local_peer_given = !given.empty();
    if (in.local_peer_given) in.local_peer = given;
    in.environment.preset("HAPROXY_LOCALPEER", in.local_peer);
}

std::shared_ptr<const Model> complete(std::shared_ptr<Model> model, Reading& in) {
    finish(in);
    validate(in);
    if (in.out.has_errors()) return nullptr;
    for (const auto& draft : in.proxies) model->proxies.push_back(std::move(draft->settings));
    return model;
}

}  // namespace

const session::ProxySettings* Model::find(std::string_view name, bool frontend, bool backend) const {
    const auto it = std::ranges::find_if(proxies, [&](const auto& proxy) {
        return proxy->name == name && (!frontend || proxy->is_frontend) && (!backend || proxy->is_backend);
    });
    return it == proxies.end() ? nullptr : it->get();
}

std::shared_ptr<const Model> load(const std::vector<std::string>& paths, common::Diagnostics& out,
                                  std::string_view local_peer) {
    auto model = std::make_shared<Model>();
    Reading in(*model, out);
    name_local_peer(in, local_peer);
    std::string all;
    for (const std::string& path : paths) all += (all.empty() ? "" : ";") + path;
    in.environment.preset("HAPROXY_CFGFILES", all);
    for (const std::string& path : paths) {
        const auto files = expand_path(path);
        if (!files) {
            out.error({}, files.error().text);
            continue;
        }
        for (const std::string& file : *files) {
            const auto text = read_file(file);
            if (!text) {
                out.error({file, 0}, text.error().text);
                continue;
            }
            model->files.push_back(file);
            read_text(in, *text, keep_name(*model, file));
        }
    }
    return complete(model, in);
}

std::shared_ptr<const Model> load_text(std::string_view text, std::string_view name,
                                       common::Diagnostics& out) {
    auto model = std::make_shared<Model>();
    Reading in(*model, out);
    name_local_peer(in, {});
    read_text(in, text, keep_name(*model, name));
    return complete(model, in);
}

}  // namespace proxyd::config
