// The peers protocol: whatever a peer sends, our tables stay within their size and nothing is read beyond.
#include <cstdint>
#include <cstdlib>

#include "proxyd/peers/dialogue.h"

using namespace proxyd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    state::StickTableSettings settings;
    settings.key = static_cast<state::StickKey>(size % 5);
    settings.key_size = 8;
    settings.size = 4;
    settings.expire_ms = 1000;
    settings.stored = {
        {state::StickData::gpc0}, {state::StickData::http_req_rate, 1000}, {state::StickData::gpt, 0, 2}};
    state::StickTable table(settings);
    table.note_changes();
    const std::vector<peers::TableRef> tables{{"t", &table}};
    peers::Progress progress;
    progress.tables.resize(1);
    const common::TimePoint now = common::Clock::now();
    peers::Dialogue dialogue(tables, progress, now);
    // A definition that fits, so that updates have something to mean.
    std::string received;
    peers::put_table_message(received, peers::TableMessage::definition,
                             peers::encode_definition(1, "t", table));
    received.append(reinterpret_cast<const char*>(data), size);
    std::string_view rest = received;
    std::string out;
    (void)dialogue.take(rest, now, out);
    dialogue.write(out, 4096, now, true);
    if (table.used() > settings.size || rest.size() > received.size()) std::abort();
    peers::Hello hello;
    std::size_t consumed = 0;
    peers::Status bad{};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (peers::parse_hello(text, hello, consumed, bad) == peers::Parsed::done && consumed > size)
        std::abort();
    return 0;
}
