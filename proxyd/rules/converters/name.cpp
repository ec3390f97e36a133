// Converters whose input names something: nbsrv (a backend), srv_queue (a server), and those that fill
// capture slots (configuration manual 7.3.1).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

const state::ProxyState* find_proxy(const Context& context, std::string_view name) {
    if (context.shared == nullptr) return nullptr;
    for (const auto& proxy : context.shared->proxies)
        if (proxy->name == name) return proxy.get();
    return nullptr;
}

// Usable main servers, or backup ones when none of those is left.
bool convert_nbsrv(const Context& context, const Arguments&, Sample& sample) {
    const state::ProxyState* proxy = find_proxy(context, sample.text);
    if (proxy == nullptr) return false;
    const int main_servers = proxy->usable_servers(false);
    return sample.set_int(main_servers > 0 ? main_servers : proxy->usable_servers(true)), true;
}

// "[backend/]server"
bool convert_queue(const Context& context, const Arguments&, Sample& sample) {
    std::string_view name = sample.text;
    const state::ProxyState* proxy = context.backend;
    if (const auto slash = name.find('/'); slash != std::string_view::npos) {
        proxy = find_proxy(context, name.substr(0, slash));
        name.remove_prefix(slash + 1);
    }
    if (proxy == nullptr) return false;
    for (const auto& server : proxy->servers)
        if (server->name == name) return sample.set_int(server->queued.now()), true;
    return false;
}

using Slots = std::span<std::string_view> Context::*;

// The sample itself goes on.
template <Slots slots>
bool convert_capture(const Context& context, const Arguments& arguments, Sample& sample) {
    const auto slot = static_cast<std::size_t>(arguments.number(0));
    const auto length = static_cast<std::size_t>(arguments.number(1));
    if (context.arena != nullptr && slot < (context.*slots).size())
        (context.*slots)[slot] = context.arena->copy(sample.text.substr(0, length));
    return true;
}

// The second argument becomes the slot's length, where the section's slots are known.
template <std::vector<CaptureSlot> CaptureSlots::* list>
common::Result<> prepare_capture(Arguments& arguments, Catalogue& catalogue) {
    constexpr std::int64_t kLongest = 65535;
    const auto slot = static_cast<std::size_t>(arguments.number(0));
    std::int64_t length = kLongest;
    if (catalogue.captures != nullptr) {
        const auto& all = catalogue.captures->*list;
        if (slot >= all.size())
            return common::fail(
                "there is no slot " + std::to_string(slot) + "; 'declare capture' lines make them",
                common::Side::config);
        length = static_cast<std::int64_t>(all[slot].length);
    }
    arguments.set(1, length);
    return {};
}

constexpr auto kString = SampleType::string;
constexpr ArgumentSpec kSlot{1, {ArgumentKind::number}};

constexpr std::array kRows{
    ConverterRow{
        "nbsrv", kString, SampleType::integer, {}, convert_nbsrv, "usable servers of the backend named so"},
    ConverterRow{"srv_queue",
                 kString,
                 SampleType::integer,
                 {},
                 convert_queue,
                 "requests waiting for the server named so"},
    ConverterRow{"capture-req", kString, kString, kSlot, convert_capture<&Context::captured_request_fields>,
                 "keep it in a slot of request captures", nullptr, prepare_capture<&CaptureSlots::request>},
    ConverterRow{"capture-res", kString, kString, kSlot, convert_capture<&Context::captured_response_fields>,
                 "keep it in a slot of response captures", nullptr, prepare_capture<&CaptureSlots::response>},
};

}  // namespace

std::span<const ConverterRow> name_converters() {
    return kRows;
}

}  // namespace proxyd::rules
