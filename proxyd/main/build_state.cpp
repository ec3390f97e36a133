#include "proxyd/main/build_state.h"

#include <chrono>
#include <set>

#include "common/diagnostics.h"
#include "proxyd/main/saved_states.h"
#include "proxyd/upstream/servers.h"

namespace proxyd::main {
namespace {

std::int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::unique_ptr<state::ProxyState> build_proxy(const session::ProxySettings& proxy, int workers) {
    auto made = std::make_unique<state::ProxyState>(proxy.name, proxy.id, workers);
    made->changed_ms = wall_ms();
    std::set<int> taken;
    for (const net::BindSettings& bind : proxy.binds) taken.insert(bind.id);
    int next = 1;
    for (const net::BindSettings& bind : proxy.binds) {
        while (bind.id == 0 && taken.contains(next)) ++next;
        auto& listener = *made->listeners.emplace_back(std::make_unique<state::ListenerState>());
        listener.name = bind.name;
        listener.id = bind.id != 0 ? bind.id : next;
        ++next;
        listener.address = bind.text;
    }
    if (proxy.stick_table) made->table = std::make_unique<state::StickTable>(*proxy.stick_table);
    if (proxy.is_backend) upstream::create_servers(proxy.upstream, *made, workers);
    return made;
}

}  // namespace

std::unique_ptr<state::SharedState> build_state(const config::Model& model, int workers) {
    auto shared = std::make_unique<state::SharedState>(workers);
    shared->process.started_ms = wall_ms();
    for (const auto& [name, settings] : model.catalogue->caches)
        shared->caches.push_back(std::make_unique<cache::Cache>(*settings));
    for (const auto& proxy : model.proxies) shared->proxies.push_back(build_proxy(*proxy, workers));
    load_saved_states(model, *shared);
    return shared;
}

common::Result<TlsContexts> build_tls(const config::Model& model,
                                      const std::shared_ptr<net::TicketKeys>& keys) {
    TlsContexts contexts;
    for (const auto& proxy : model.proxies) {
        auto& row = contexts.emplace_back();
        for (const net::BindSettings& bind : proxy->binds) {
            row.emplace_back();
            if (!bind.tls.enabled) continue;
            net::TlsServerSettings settings = bind.tls;
            settings.max_record = model.global.tls_max_record;
            settings.hello_capture = model.global.hello_capture;
            settings.hard_max_record = model.global.tls_hard_max_record;
            settings.lifetime_s = model.global.tls_lifetime_s;
            settings.keep_secrets = model.global.tls_keep_secrets;
            auto context = net::TlsContext::server(settings, bind.tls.verify_required ? nullptr : keys);
            if (!context) {
                const common::Diagnostic entry{common::Severity::error, std::string(bind.where.file),
                                               bind.where.line, context.error().text};
                return common::fail(common::Diagnostics::format(entry), common::Side::config);
            }
            row.back() = std::move(*context);
        }
    }
    return contexts;
}

}  // namespace proxyd::main
