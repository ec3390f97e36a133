// Answers of FastCGI applications: whatever one writes, the response is the same however the network cuts it,
// and is never more than what came.
#include <cstdint>
#include <cstdlib>

#include "proxyd/fcgi/answer_reader.h"
#include "proxyd/fcgi/request.h"

using namespace proxyd::fcgi;

namespace {

struct Outcome {
    std::string out;
    bool over, broken, unasked;
};

Outcome read(std::string_view bytes, std::size_t step) {
    AnswerReader reader;
    reader.begin({}, {[](void*, std::string_view text) {
                          if (text.empty()) std::abort();
                      },
                      nullptr});
    Outcome outcome{};
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
        reader.take(bytes.substr(0, step), outcome.out);
    outcome.over = reader.over();
    outcome.broken = reader.broken();
    outcome.unasked = reader.unasked();
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    // As records, and as what one record holds.
    std::string wrapped;
    append_stream(wrapped, RecordType::standard_output, kRequest, bytes);
    append_stream(wrapped, RecordType::end_request, kRequest, std::string_view("\0\0\0\0\0\0\0\0", 8));
    for (const std::string_view each : {bytes, std::string_view(wrapped)}) {
        const Outcome whole = read(each, each.size() + 1), bits = read(each, 1), pieces = read(each, 7);
        if (whole.over != bits.over || whole.over != pieces.over) std::abort();
        if (whole.broken != bits.broken || whole.broken != pieces.broken) std::abort();
        if (whole.unasked != bits.unasked) std::abort();
        if (whole.out.size() > 2 * each.size() + 256) std::abort();
    }
    return 0;
}
