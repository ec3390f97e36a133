#include "common/process/helper_messages.h"

#include <concepts>
#include <cstring>

namespace common::process {
namespace {

constexpr char kJob = 'J', kCancel = 'C', kEvent = 'E';

// Numbers as they lie in memory, strings and lists with their size in front.
class Writer {
 public:
    explicit Writer(char kind) : bytes_(1, kind) {}

    template <std::integral Number>
    void put(Number number) {
        char raw[sizeof number];
        std::memcpy(raw, &number, sizeof number);
        bytes_.append(raw, sizeof number);
    }
    void put(const std::string& text) {
        put(static_cast<std::uint32_t>(text.size()));
        bytes_ += text;
    }
    template <class Value>
    void put(const std::vector<Value>& values) {
        put(static_cast<std::uint32_t>(values.size()));
        for (const Value& value : values) put(value);
    }
    template <class Value>
    void put(const std::optional<Value>& value) {
        put(static_cast<std::uint8_t>(value.has_value()));
        if (value) put(*value);
    }
    std::string take() { return std::move(bytes_); }

 private:
    std::string bytes_;
};

class Reader {
 public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <std::integral Number>
    void get(Number& number) {
        if (bytes_.size() < sizeof number) return fail();
        std::memcpy(&number, bytes_.data(), sizeof number);
        bytes_.remove_prefix(sizeof number);
    }
    void get(std::string& text) {
        std::uint32_t size = 0;
        get(size);
        if (failed_ || bytes_.size() < size) return fail();
        text.assign(bytes_.substr(0, size));
        bytes_.remove_prefix(size);
    }
    template <class Value>
    void get(std::vector<Value>& values) {
        std::uint32_t size = 0;
        get(size);
        if (size > bytes_.size()) return fail();  // every value takes a byte at least
        for (std::uint32_t i = 0; i < size && !failed_; ++i) get(values.emplace_back());
    }
    template <class Value>
    void get(std::optional<Value>& value) {
        std::uint8_t present = 0;
        get(present);
        if (present) get(value.emplace());
    }
    bool whole() const { return !failed_ && bytes_.empty(); }

 private:
    void fail() {
        failed_ = true;
        bytes_ = {};
    }
    std::string_view bytes_;
    bool failed_ = false;
};

}  // namespace

std::string HelperEvent::describe() const {
    switch (kind) {
        case Kind::exited:
            return "exited with status " + std::to_string(status);
        case Kind::signalled:
            return "killed by signal " + std::to_string(status);
        case Kind::not_run:
            return "cannot run: " + text;
        case Kind::restarted:
            return "restarted";
        case Kind::timed_out:
            return "timed out";
    }
    return {};
}

std::string encode(const HelperJob& job) {
    Writer out(kJob);
    out.put(job.id);
    out.put(job.task);
    out.put(job.payload);
    out.put(job.argv);
    out.put(job.environment);
    out.put(job.uid);
    out.put(job.gid);
    out.put(job.groups);
    out.put(static_cast<std::int64_t>(job.timeout.count()));
    out.put(job.queue);
    out.put(static_cast<std::int64_t>(job.patience.count()));
    return out.take();
}

std::string encode(const HelperCancel& cancel) {
    Writer out(kCancel);
    out.put(cancel.id);
    return out.take();
}

std::string encode(const HelperEvent& event) {
    Writer out(kEvent);
    out.put(event.id);
    out.put(static_cast<std::uint8_t>(event.kind));
    out.put(event.status);
    out.put(event.text);
    return out.take();
}

HelperRequest decode_request(std::string_view bytes) {
    HelperRequest request;
    if (bytes.empty()) return request;
    Reader in(bytes.substr(1));
    if (bytes[0] == kJob) {
        HelperJob& job = request.job.emplace();
        std::int64_t timeout = 0, patience = 0;
        in.get(job.id);
        in.get(job.task);
        in.get(job.payload);
        in.get(job.argv);
        in.get(job.environment);
        in.get(job.uid);
        in.get(job.gid);
        in.get(job.groups);
        in.get(timeout);
        job.timeout = std::chrono::milliseconds(timeout);
        in.get(job.queue);
        in.get(patience);
        job.patience = std::chrono::milliseconds(patience);
    } else if (bytes[0] == kCancel) {
        in.get(request.cancel.emplace().id);
    }
    if (!in.whole()) return {};
    return request;
}

std::optional<HelperEvent> decode_event(std::string_view bytes) {
    if (bytes.empty() || bytes[0] != kEvent) return std::nullopt;
    Reader in(bytes.substr(1));
    HelperEvent event;
    std::uint8_t kind = 0;
    in.get(event.id);
    in.get(kind);
    in.get(event.status);
    in.get(event.text);
    if (!in.whole() || kind > static_cast<std::uint8_t>(HelperEvent::Kind::restarted)) return std::nullopt;
    event.kind = static_cast<HelperEvent::Kind>(kind);
    return event;
}

}  // namespace common::process
