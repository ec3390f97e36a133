// Lines of the control protocol from hostile peers: whatever is understood must survive a round trip.
#include <cstdlib>

#include "common/control/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace common::control;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    LineReader reader(kMaxRequestLine);
    std::string_view rest = bytes;
    while (!rest.empty() && !reader.failed()) {
        const auto space = reader.prepare();
        const std::size_t take = std::min(space.size(), rest.size());
        std::copy_n(rest.data(), take, space.data());
        reader.commit(take);
        rest.remove_prefix(take);
        while (const auto line = reader.next()) {
            const auto message = decode(*line);
            if (!message) continue;
            const std::string again = encode(*message);
            const auto back = decode(std::string_view(again).substr(0, again.size() - 1));
            if (!back || *back != *message) std::abort();
        }
    }
    return 0;
}
