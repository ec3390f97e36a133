#include "proxyd/http/h1_serializer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <initializer_list>

#include "common/text.h"
#include "proxyd/http/replies.h"

namespace proxyd::http {

namespace {

using Parts = std::initializer_list<std::string_view>;

// With fewer free slices than this the rest is rendered as one piece.
constexpr std::size_t kLowRoom = 8;

// Where pieces of the head go. `lasting` bytes outlive the write as they are; others are copied.
class SliceSink {
 public:
    SliceSink(common::Arena& arena, Slices& out) : arena_(arena), out_(out) {}
    void lasting(std::string_view piece) { out_.add(piece); }
    void render(Parts parts) { out_.add(arena_.concat(parts)); }
    bool low() const { return out_.room() < kLowRoom; }

 private:
    common::Arena& arena_;
    Slices& out_;
};

class CountingSink {
 public:
    void lasting(std::string_view piece) { size += piece.size(); }
    void render(Parts parts) {
        for (const std::string_view part : parts) size += part.size();
    }
    std::size_t size = 0;
};

class CopySink {
 public:
    explicit CopySink(char* to) : to_(to) {}
    void lasting(std::string_view piece) {
        if (piece.empty()) return;  // may have no address
        std::memcpy(to_, piece.data(), piece.size());
        to_ += piece.size();
    }
    void render(Parts parts) {
        for (const std::string_view part : parts) lasting(part);
    }

 private:
    char* to_;
};

class HeadWriter {
 public:
    HeadWriter(const Message& message, const SerializeOptions& options)
        : message_(message), options_(options) {
        const auto end =
            std::to_chars(number_.data(), number_.data() + number_.size(), message.content_length).ptr;
        length_text_ = {number_.data(), end};
        // Chunks exist in HTTP/1.1 only.
        version_ = message.version == Version::http_1_0 && options.framing != Framing::chunked
                       ? Version::http_1_0
                       : Version::http_1_1;
    }

    template <class Sink>
    void start_line(Sink& sink) const {
        const bool same_version = message_.version == version_;
        if (!message_.raw_start_line.empty() && same_version) return sink.lasting(message_.raw_start_line);
        const std::string_view version = version_ == Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
        if (message_.is_request) {
            return sink.render({message_.method_text, " ", message_.target, " ", version, "\r\n"});
        }
        std::array<char, 8> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), message_.status).ptr;
        const std::string_view reason =
            message_.reason.empty() ? reason_phrase(message_.status) : message_.reason;
        sink.render({version, " ", {digits.data(), end}, " ", reason, "\r\n"});
    }

    std::size_t field_count() const { return message_.fields.all().size(); }

    template <class Sink>
    void field(std::size_t index, Sink& sink) {
        const Field& field = message_.fields.all()[index];
        if (!passes(field)) return;
        const std::string_view name = spelled(field.name);
        if (!field.raw.empty() && name.data() == field.name.data()) {
            sink.lasting(field.raw);
        } else {
            sink.render({name, ": ", field.value, "\r\n"});
        }
    }

    template <class Sink>
    void end(Sink& sink) const {
        if (!framing_said_ && options_.framing == Framing::length) {
            sink.render({spelled("content-length"), ": ", length_text_, "\r\n"});
        }
        if (!framing_said_ && options_.framing == Framing::chunked)
            own_line(sink, "transfer-encoding: chunked\r\n");
        // An HTTP/1.0 request that had to become 1.1 may lack what 1.1 requires (RFC 9112 section 3.2).
        const bool raised = message_.is_request && message_.version != version_;
        if (raised && !message_.fields.find(FieldId::host)) sink.render({spelled("host"), ":\r\n"});
        own_line(sink, connection_line());
        sink.lasting(message_.raw_end.empty() ? "\r\n" : message_.raw_end);
    }

    bool framing_said() const { return framing_said_; }
    void set_framing_said(bool said) { framing_said_ = said; }

 private:
    bool passes(const Field& field) {
        switch (field.id) {
            case FieldId::connection:
            case FieldId::proxy_connection:
            case FieldId::keep_alive:
                return false;
            case FieldId::upgrade:
                return message_.upgrade || message_.status == 426;
            case FieldId::trailer:
                return options_.framing == Framing::chunked;
            case FieldId::transfer_encoding:
                return says_framing(options_.framing == Framing::chunked &&
                                    common::iequals(field.value, "chunked"));
            case FieldId::content_length:
                // The answer to HEAD, and a 304, tell the length of a body that does not follow (RFC 9110
                // section 8.6).
                if (options_.framing == Framing::none && !message_.is_request)
                    return message_.status >= 200 && message_.status != 204 && says_framing(true);
                return says_framing(options_.framing == Framing::length && field.value == length_text_);
            default:
                return true;
        }
    }

    bool says_framing(bool right) {
        const bool first = right && !framing_said_;
        framing_said_ |= right;
        return first;
    }

    std::string_view spelled(std::string_view name) const {
        return options_.spelling == nullptr ? name : options_.spelling->spelled(name);
    }

    // One of our lines, or none.
    template <class Sink>
    void own_line(Sink& sink, std::string_view line) const {
        if (options_.spelling == nullptr || line.empty()) return sink.lasting(line);
        const std::size_t colon = line.find(':');
        sink.render({spelled(line.substr(0, colon)), line.substr(colon)});
    }

    std::string_view connection_line() const {
        constexpr std::string_view kClose = "connection: close\r\n";
        constexpr std::string_view kKeep = "connection: keep-alive\r\n";
        if (message_.upgrade) return "connection: upgrade\r\n";
        if (!message_.is_request && message_.status < 200) return {};
        const bool old = version_ == Version::http_1_0;
        if (!options_.keep_alive) return old ? std::string_view() : kClose;
        const bool old_client = !message_.is_request && options_.peer_version == Version::http_1_0;
        return old || old_client ? kKeep : std::string_view();
    }

    const Message& message_;
    const SerializeOptions& options_;
    std::array<char, 24> number_;
    std::string_view length_text_;
    Version version_ = Version::http_1_1;
    bool framing_said_ = false;
};

}  // namespace

Framing outgoing_framing(const Message& message, Version peer_version) {
    if (!message.is_request && !allows_body(message.status)) return Framing::none;
    const bool no_chunks = !message.is_request && peer_version == Version::http_1_0;
    return no_chunks && message.framing == Framing::chunked ? Framing::until_close : message.framing;
}

void serialize_head(const Message& message, const SerializeOptions& options, common::Arena& arena,
                    Slices& out) {
    HeadWriter writer(message, options);
    SliceSink slices(arena, out);
    std::size_t index = 0;
    if (!slices.low()) {
        writer.start_line(slices);
        while (index < writer.field_count() && !slices.low()) writer.field(index++, slices);
        if (index == writer.field_count() && !slices.low()) return writer.end(slices);
    }
    const bool with_start_line = index == 0;
    const bool said = writer.framing_said();
    const auto rest = [&](auto& sink) {
        writer.set_framing_said(said);
        if (with_start_line) writer.start_line(sink);
        for (std::size_t i = index; i < writer.field_count(); ++i) writer.field(i, sink);
        writer.end(sink);
    };
    CountingSink count;
    rest(count);
    const std::span<char> room = arena.allocate(count.size);
    CopySink copy(room.data());
    rest(copy);
    out.add({room.data(), room.size()});
}

}  // namespace proxyd::http
