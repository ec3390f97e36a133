#include "common/diagnostics.h"

namespace common {

void Diagnostics::add(Severity severity, Location where, std::string message) {
    if (severity == Severity::error) ++errors_;
    if (severity == Severity::warning) ++warnings_;
    entries_.push_back({severity, std::string(where.file), where.line, std::move(message)});
}

std::string Diagnostics::format(const Diagnostic& entry) {
    std::string out = entry.file;
    if (entry.line > 0) out += ":" + std::to_string(entry.line);
    if (!out.empty()) out += ": ";
    switch (entry.severity) {
        case Severity::notice:
            out += "notice: ";
            break;
        case Severity::warning:
            out += "warning: ";
            break;
        case Severity::error:
            out += "error: ";
            break;
    }
    return out + entry.message;
}

}  // namespace common
