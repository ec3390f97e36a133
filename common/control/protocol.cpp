#include "common/control/protocol.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>
#include <limits>

namespace common::control {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 5> kProxyStates{"starting", "ready", "reloading", "draining",
                                                       "stopping"};
constexpr std::array<std::string_view, 5> kVrrpStates{"init", "backup", "master", "fault", "stopped"};

// Bounds on what a peer may make us keep.
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxName = 4096;

// Reads the members of one object; remembers the first complaint, so that a message reads as a list of
// members.
class ObjectReader {
 public:
    explicit ObjectReader(const json::object& object) : object_(object) {}

    template <class Number>
    void number(std::string_view key, Number& out) {
        const json::value* value = object_.if_contains(key);
        if (value == nullptr) return;
        boost::system::error_code error;
        const auto read = value->is_double() ? Number{} : value->to_number<Number>(error);
        if (error || value->is_double() || !value->is_number()) {
            complain(key, "a whole number in range");
            return;
        }
        out = read;
    }

    void text(std::string_view key, std::string& out) {
        const json::value* value = object_.if_contains(key);
        if (value == nullptr) return;
        if (!value->is_string() || value->get_string().size() > kMaxName) {
            complain(key, "a string");
            return;
        }
        out = std::string_view(value->get_string());
    }

    template <class State, std::size_t N>
    void state(std::string_view key, const std::array<std::string_view, N>& names, State& out) {
        std::string word;
        text(key, word);
        for (std::size_t i = 0; i < N; ++i) {
            if (names[i] == word) {
                out = static_cast<State>(i);
                return;
            }
        }
        complain(key, "a known state");
    }

    // Calls `each` with every element; elements that are no objects are complaints.
    template <class Function>
    bool objects(std::string_view key, Function each) {
        const json::array* array = list(key);
        if (array == nullptr) return false;
        for (const json::value& element : *array) {
            if (!element.is_object()) {
                complain(key, "a list of objects");
                return false;
            }
            ObjectReader reader(element.get_object());
            each(reader);
            if (!reader.error_.empty() && error_.empty()) error_ = reader.error_;
        }
        return true;
    }

    void texts(std::string_view key, std::vector<std::string>& out) {
        const json::array* array = list(key);
        if (array == nullptr) return;
        for (const json::value& element : *array) {
            if (!element.is_string() || element.get_string().size() > kMaxName) {
                complain(key, "a list of strings");
                return;
            }
            out.emplace_back(std::string_view(element.get_string()));
        }
    }

    const json::value* raw(std::string_view key) const { return object_.if_contains(key); }

    template <class T>
    Result<Message> finish(T message) {
        if (!error_.empty()) return fail(error_, Side::peer);
        return Message(std::move(message));
    }

 private:
    const json::array* list(std::string_view key) {
        const json::value* value = object_.if_contains(key);
        if (value == nullptr) return nullptr;
        if (!value->is_array()) complain(key, "a list");
        return value->if_array();
    }

    void complain(std::string_view key, std::string_view expected) {
        if (error_.empty()) {
            error_ = "control message: '" + std::string(key) + "' must be " + std::string(expected);
        }
    }

    const json::object& object_;
    std::string error_;
};

// One pair of functions per message, and one row per pair at the end.

json::object write(const Hello& m) {
    return {{"version", m.version},
            {"program", m.program},
            {"release", m.release},
            {"pid", m.pid},
            {"started_ms", m.started_ms}};
}

Result<Message> read_hello(ObjectReader& in) {
    Hello m;
    in.number("version", m.version);
    in.text("program", m.program);
    in.text("release", m.release);
    in.number("pid", m.pid);
    in.number("started_ms", m.started_ms);
    return in.finish(std::move(m));
}

json::object write(const Health& m) {
    json::object out{{"state", name_of(m.state)},
                     {"sequence", m.sequence},
                     {"listeners_up", m.listeners_up},
                     {"listeners_total", m.listeners_total}};
    json::array& workers = out["workers"].emplace_array();
    for (const WorkerHealth& worker : m.workers) {
        workers.push_back({{"id", worker.id}, {"since_turn_ms", worker.since_turn_ms}});
    }
    if (!m.backends) return out;
    json::array& backends = out["backends"].emplace_array();
    for (const BackendHealth& backend : *m.backends) {
        backends.push_back({{"name", backend.name}, {"usable", backend.usable}, {"total", backend.total}});
    }
    return out;
}

Result<Message> read_health(ObjectReader& in) {
    Health m;
    in.state("state", kProxyStates, m.state);
    in.number("sequence", m.sequence);
    in.number("listeners_up", m.listeners_up);
    in.number("listeners_total", m.listeners_total);
    in.objects("workers", [&](ObjectReader& item) {
        WorkerHealth& worker = m.workers.emplace_back();
        item.number("id", worker.id);
        item.number("since_turn_ms", worker.since_turn_ms);
    });
    std::vector<BackendHealth> backends;
    const bool present = in.objects("backends", [&](ObjectReader& item) {
        BackendHealth& backend = backends.emplace_back();
        item.text("name", backend.name);
        item.number("usable", backend.usable);
        item.number("total", backend.total);
    });
    if (present) m.backends = std::move(backends);
    return in.finish(std::move(m));
}

json::object write(const Reloading& m) {
    return {{"announced_ms", m.announced_ms}};
}

Result<Message> read_reloading(ObjectReader& in) {
    Reloading m;
    in.number("announced_ms", m.announced_ms);
    return in.finish(m);
}

json::object write(const Role& m) {
    json::object out{{"node", m.node}};
    json::array& instances = out["instances"].emplace_array();
    for (const InstanceRole& role : m.instances) {
        instances.push_back({{"name", role.name},
                             {"interface", role.interface},
                             {"vrid", role.vrid},
                             {"state", name_of(role.state)},
                             {"priority", role.priority},
                             {"addresses", json::value_from(role.addresses)}});
    }
    return out;
}

Result<Message> read_role(ObjectReader& in) {
    Role m;
    in.text("node", m.node);
    in.objects("instances", [&](ObjectReader& item) {
        InstanceRole& role = m.instances.emplace_back();
        item.text("name", role.name);
        item.text("interface", role.interface);
        item.number("vrid", role.vrid);
        item.state("state", kVrrpStates, role.state);
        item.number("priority", role.priority);
        item.texts("addresses", role.addresses);
    });
    return in.finish(std::move(m));
}

json::object write(const Request& m) {
    return {{"id", m.id}, {"command", m.command}, {"arguments", json::value_from(m.arguments)}};
}

Result<Message> read_request(ObjectReader& in) {
    Request m;
    in.number("id", m.id);
    in.text("command", m.command);
    in.texts("arguments", m.arguments);
    return in.finish(std::move(m));
}

json::object write(const Response& m) {
    json::object out{{"id", m.id}, {"result", m.result}};
    if (!m.error.empty()) out["error"] = m.error;
    return out;
}

Result<Message> read_response(ObjectReader& in) {
    Response m;
    in.number("id", m.id);
    in.text("error", m.error);
    if (const json::value* result = in.raw("result")) m.result = *result;
    return in.finish(std::move(m));
}

json::object write(const Unknown&) {
    return {};
}

struct TypeRow {
    std::string_view name;
    std::size_t index;  // of Message
    Result<Message> (*read)(ObjectReader&);
};

constexpr std::array<TypeRow, 6> kTypes{{
    {"hello", 0, read_hello},
    {"health", 1, read_health},
    {"reloading", 2, read_reloading},
    {"role", 3, read_role},
    {"request", 4, read_request},
    {"response", 5, read_response},
}};

std::string type_of(const Message& message) {
    if (const Unknown* unknown = std::get_if<Unknown>(&message)) return unknown->type;
    return std::string(kTypes[message.index()].name);
}

}  // namespace

std::string encode(const Message& message) {
    json::object line{{"type", type_of(message)}};
    const json::object body = std::visit([](const auto& m) { return write(m); }, message);
    line.insert(body.begin(), body.end());
    return json::serialize(line) + "\n";  // serialize escapes line ends within strings
}

Result<Message> decode(std::string_view line) {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::system::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error, {}, options);
    if (error) return fail("control message: not JSON (" + error.message() + ")", Side::peer);
    const json::object* object = value.if_object();
    if (object == nullptr) return fail("control message: not an object", Side::peer);
    const json::value* type = object->if_contains("type");
    if (type == nullptr || !type->is_string()) return fail("control message: no type", Side::peer);
    const std::string_view name = type->get_string();
    for (const TypeRow& row : kTypes) {
        if (row.name != name) continue;
        ObjectReader reader(*object);
        return row.read(reader);
    }
    return Message(Unknown{std::string(name.substr(0, kMaxName))});
}

std::string_view name_of(ProxyState state) {
    return kProxyStates[static_cast<std::size_t>(state)];
}
std::string_view name_of(VrrpState state) {
    return kVrrpStates[static_cast<std::size_t>(state)];
}

std::span<char> LineReader::prepare() {
    constexpr std::size_t kChunk = 4096;
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        scanned_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < kChunk) buffer_.resize(std::max(buffer_.size() * 2, end_ + kChunk));
    return {buffer_.data() + end_, buffer_.size() - end_};
}

void LineReader::commit(std::size_t size) {
    end_ += size;
}

std::optional<std::string_view> LineReader::next() {
    if (failed_) return std::nullopt;
    const void* found =
        scanned_ < end_ ? std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_) : nullptr;
    const std::size_t line_end =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) : end_;
    if (line_end - begin_ > max_line_) {
        failed_ = true;
        buffer_.clear();
        buffer_.shrink_to_fit();
        return std::nullopt;
    }
    if (!found) {
        scanned_ = end_;
        return std::nullopt;
    }
    std::string_view line(buffer_.data() + begin_, line_end - begin_);
    begin_ = scanned_ = line_end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace common::control
