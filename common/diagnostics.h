// Collects what a configuration reader has to say: every complaint of all files in one run, each as
// `file:line: severity: message`. Not thread-safe (configuration is read by one thread).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace common {

enum class Severity : unsigned char { notice, warning, error };

// Where a word of a configuration stands. `file` points to storage owned by whoever read the file
// (Diagnostics::intern keeps one).
struct Location {
    std::string_view file;
    int line = 0;  // 1-based; 0: the file as a whole
};

struct Diagnostic {
    Severity severity;
    std::string file;
    int line;
    std::string message;
};

class Diagnostics {
 public:
    void error(Location where, std::string message) { add(Severity::error, where, std::move(message)); }
    void warning(Location where, std::string message) { add(Severity::warning, where, std::move(message)); }
    void notice(Location where, std::string message) { add(Severity::notice, where, std::move(message)); }

    bool has_errors() const { return errors_ != 0; }
    bool has_warnings() const { return warnings_ != 0; }
    std::size_t error_count() const { return errors_; }
    const std::vector<Diagnostic>& all() const { return entries_; }

    // "haproxy.cfg:12: error: unknown keyword 'bnd' in section 'frontend'; did you mean 'bind'?"
    static std::string format(const Diagnostic& entry);

 private:
    void add(Severity severity, Location where, std::string message);

    std::vector<Diagnostic> entries_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
};

}  // namespace common
