#include "proxyd/rules/patterns/list.h"

#include <algorithm>
#include <fstream>

#include "common/read_mostly.h"
#include "common/text.h"

namespace proxyd::rules {
namespace {

using common::Side;

std::string place_of(common::Location where) {
    return "file '" + std::string(where.file) + "' line " + std::to_string(where.line);
}

// Nobody matches meanwhile, and tables built of a list learn that it changed.
struct Alone {
    common::ReadMostly::Writing writing;
    explicit Alone(std::atomic<std::uint64_t>& changes) { changes.fetch_add(1, std::memory_order_relaxed); }
};

// Whether all of the text is a whole number.
bool is_number(std::string_view text) {
    return common::parse_number(text, INT64_MIN, INT64_MAX).has_value();
}

}  // namespace

void PatternList::describe(std::string_view more) {
    if (!description_.empty()) description_ += ", ";
    description_ += more;
}

common::Result<> PatternList::check_value(std::string_view value) const {
    Sample address;
    const bool wants_number = (values_ & (1U << static_cast<unsigned>(Values::number))) != 0;
    const bool wants_address = (values_ & (1U << static_cast<unsigned>(Values::address))) != 0;
    if (wants_number && !is_number(value))
        return common::fail("the value '" + std::string(value) + "' is not a whole number", Side::config);
    if (wants_address && !parse_ip(value, address))
        return common::fail("the value '" + std::string(value) + "' is not an IP address", Side::config);
    return {};
}

common::Result<> PatternList::insert(Entries& entries, bool live, std::string_view pattern,
                                     std::string_view value) {
    if (auto checked = check_value(value); !checked) return checked;
    const Place place = entries.list.insert(
        entries.list.end(), PatternEntry{std::string(pattern), std::string(value), next_number_++});
    const std::size_t count = live ? indexes_.size() : entries.indexes.size();
    for (std::size_t i = 0; i < count; ++i) {
        Patterns& index = live ? *indexes_[i]->live : *entries.indexes[i];
        auto added = index.add(*place);
        if (added) continue;
        while (i-- > 0) (live ? *indexes_[i]->live : *entries.indexes[i]).remove(*place);
        entries.list.erase(place);
        return added;
    }
    entries.by_pattern.emplace(place->pattern, place);
    return {};
}

void PatternList::finish_indexes() {
    for (const auto& index : indexes_) index->live->finish();
}

common::Result<> PatternList::append(std::string_view pattern, std::string_view value) {
    return insert(current_, true, pattern, value);
}

// One pattern a line; blanks before it, empty lines and lines that begin with '#' do not count. In maps the
// first word is the pattern, the rest without blanks around it the value.
common::Result<> PatternList::load() {
    std::ifstream file(file_);
    if (!file) return common::fail("cannot read the patterns in '" + file_ + "'", Side::config);
    std::string line;
    while (std::getline(file, line)) {
        if (line.ends_with('\r')) line.pop_back();
        if (line.starts_with('#')) continue;
        const auto begin = line.find_first_not_of(" \t");
        if (begin == std::string::npos) continue;
        std::string_view pattern = std::string_view(line).substr(begin), value;
        if (is_map_) {
            const auto end = std::min(pattern.find_first_of(" \t"), pattern.size());
            value = common::trim(pattern.substr(end));
            pattern = pattern.substr(0, end);
        }
        if (auto added = append(pattern, value); !added) return added;
    }
    loaded_ = true;
    finish_indexes();
    return {};
}

common::Result<const PatternIndex*> PatternList::index(const MatchMethod& method, PatternFlags flags) {
    for (const auto& known : indexes_)
        if (known->method == &method && known->flags == flags) return known.get();
    auto index = std::make_unique<PatternIndex>(PatternIndex{&method, flags, method.make(flags)});
    for (const PatternEntry& entry : current_.list)
        if (auto added = index->live->add(entry); !added) {
            const std::string from = file_.empty() ? std::string() : "in '" + file_ + "': ";
            return common::fail(from + added.error().text, Side::config);
        }
    index->live->finish();
    indexes_.push_back(std::move(index));
    return indexes_.back().get();
}

common::Result<> PatternList::require(Values values) {
    values_ |= 1U << static_cast<unsigned>(values);
    for (const PatternEntry& entry : current_.list)
        if (auto checked = check_value(entry.value); !checked)
            return common::fail("in '" + file_ + "', '" + entry.pattern + "': " + checked.error().text,
                                Side::config);
    return {};
}

const PatternList::Entries* PatternList::find_version(unsigned version) const {
    if (version == 0 || version == version_) return &current_;
    const auto found = prepared_.find(version);
    return found == prepared_.end() ? nullptr : &found->second;
}

common::Result<> PatternList::add(std::string_view pattern, std::string_view value, unsigned version) {
    const std::lock_guard lock(mutex_);
    auto* const entries = const_cast<Entries*>(find_version(version));
    if (entries == nullptr)
        return common::fail("Version number in the future or already committed.", Side::client);
    if (entries != &current_) return insert(*entries, false, pattern, value);
    const Alone alone(*changes_);
    auto added = insert(current_, true, pattern, value);
    if (added) finish_indexes();
    return added;
}

common::Result<bool> PatternList::set(std::string_view pattern, std::string_view value) {
    const std::lock_guard lock(mutex_);
    if (auto checked = check_value(value); !checked) return std::unexpected(checked.error());
    const auto [begin, end] = current_.by_pattern.equal_range(pattern);
    if (begin == end) return false;
    const Alone alone(*changes_);
    for (auto it = begin; it != end; ++it) it->second->value = value;
    return true;
}

common::Result<> PatternList::set_or_add(std::string_view pattern, std::string_view value) {
    {
        // Most rules say again what is so already.
        const common::ReadMostly::Reading reading;
        const auto found = current_.by_pattern.find(pattern);
        if (found != current_.by_pattern.end() && found->second->value == value) return {};
    }
    const auto known = set(pattern, value);
    if (!known) return std::unexpected(known.error());
    return *known ? common::Result<>() : add(pattern, value);
}

void PatternList::add_missing(std::string_view pattern) {
    {
        const common::ReadMostly::Reading reading;
        if (current_.by_pattern.contains(pattern)) return;
    }
    // Two workers may both have missed it; a double does no harm.
    (void)add(pattern, {});
}

// Out of the indexes and the list. The writer is alone.
void PatternList::take_out(Place place) {
    for (const auto& index : indexes_) index->live->remove(*place);
    const auto [begin, end] = current_.by_pattern.equal_range(place->pattern);
    std::vector<Place> others;
    for (auto it = begin; it != end; ++it)
        if (it->second != place) others.push_back(it->second);
    current_.by_pattern.erase(begin, end);  // the key may lie in the entry that goes
    current_.list.erase(place);
    for (const Place other : others) current_.by_pattern.emplace(other->pattern, other);
}

bool PatternList::remove(std::string_view pattern) {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = current_.by_pattern.equal_range(pattern);
    if (begin == end) return false;
    std::vector<Place> places;
    for (auto it = begin; it != end; ++it) places.push_back(it->second);
    const Alone alone(*changes_);
    for (const Place place : places) take_out(place);
    finish_indexes();
    return true;
}

bool PatternList::set_reference(const void* reference, std::string_view value, common::Result<>& outcome) {
    const std::lock_guard lock(mutex_);
    const auto place =
        std::ranges::find_if(current_.list, [&](const PatternEntry& each) { return &each == reference; });
    if (place == current_.list.end()) return false;
    outcome = check_value(value);
    if (!outcome) return true;
    const Alone alone(*changes_);
    place->value = value;
    return true;
}

bool PatternList::remove_reference(const void* reference) {
    const std::lock_guard lock(mutex_);
    const auto place =
        std::ranges::find_if(current_.list, [&](const PatternEntry& each) { return &each == reference; });
    if (place == current_.list.end()) return false;
    const Alone alone(*changes_);
    take_out(place);
    finish_indexes();
    return true;
}

void PatternList::clear(unsigned version) {
    const std::lock_guard lock(mutex_);
    if (version != 0 && version != version_) {
        prepared_.erase(version);
        return;
    }
    // Freed when nobody is kept waiting any more.
    Entries old;
    std::vector<std::unique_ptr<Patterns>> fresh;
    for (const auto& index : indexes_) fresh.push_back(index->method->make(index->flags));
    const Alone alone(*changes_);
    std::swap(old, current_);
    for (std::size_t i = 0; i < indexes_.size(); ++i) indexes_[i]->live.swap(fresh[i]);
}

unsigned PatternList::prepare() {
    const std::lock_guard lock(mutex_);
    Entries& entries = prepared_[++next_version_];
    for (const auto& index : indexes_) entries.indexes.push_back(index->method->make(index->flags));
    return next_version_;
}

common::Result<> PatternList::commit(unsigned version) {
    const std::lock_guard lock(mutex_);
    const auto found = prepared_.find(version);
    if (found == prepared_.end()) return common::fail("Version number out of range.", Side::client);
    Entries next = std::move(found->second);
    for (const auto& index : next.indexes) index->finish();
    prepared_.erase(prepared_.begin(), std::next(found));  // older ones are gone, too
    version_ = version;
    const Alone alone(*changes_);
    std::swap(current_.list, next.list);
    std::swap(current_.by_pattern, next.by_pattern);
    for (std::size_t i = 0; i < indexes_.size(); ++i) indexes_[i]->live.swap(next.indexes[i]);
    return {};
}

unsigned PatternList::version() const {
    const std::lock_guard lock(mutex_);
    return version_;
}

unsigned PatternList::next_version() const {
    const std::lock_guard lock(mutex_);
    return next_version_;
}

std::size_t PatternList::size() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = current_.list.size();
    for (const auto& [version, entries] : prepared_) count += entries.list.size();
    return count;
}

PatternList* PatternStore::find_file(std::string_view name) const {
    const auto found = std::ranges::find_if(lists_, [&](const auto& list) { return list->file() == name; });
    return found == lists_.end() ? nullptr : found->get();
}

common::Result<PatternList*> PatternStore::file(const std::string& name, bool is_map, std::string_view by,
                                                common::Location where) {
    if (PatternList* known = find_file(name); known != nullptr) {
        if (known->is_map() != is_map)
            return common::fail("the file '" + name + "' is already used as a list of " +
                                    (known->is_map() ? "two columns" : "one column"),
                                Side::config);
        if (known->loaded()) {
            known->describe("by " + std::string(by) + " at " + place_of(where));
            return known;
        }
        // A rule that fills it was read before.
        if (auto loaded = known->load(); !loaded) return std::unexpected(loaded.error());
        known->describe("pattern loaded from file '" + name + "' used by " + std::string(by) + " at " +
                        place_of(where));
        return known;
    }
    auto list = std::make_unique<PatternList>(name, is_map);
    if (auto loaded = list->load(); !loaded) return std::unexpected(loaded.error());
    list->describe("pattern loaded from file '" + name + "' used by " + std::string(by) + " at " +
                   place_of(where));
    lists_.push_back(std::move(list));
    return lists_.back().get();
}

PatternList& PatternStore::named(const std::string& name, bool is_map, common::Location where) {
    if (PatternList* known = find_file(name); known != nullptr) return *known;
    auto list = std::make_unique<PatternList>(name, is_map);
    list->describe("pattern filled by a rule at " + place_of(where));
    lists_.push_back(std::move(list));
    return *lists_.back();
}

PatternList& PatternStore::inline_list(std::string_view criterion, common::Location where) {
    auto list = std::make_unique<PatternList>(std::string(), false, inline_changes_);
    list->describe("acl '" + std::string(criterion) + "' " + place_of(where));
    lists_.push_back(std::move(list));
    return *lists_.back();
}

void PatternStore::number() {
    int next = 0;
    const auto taken = [&](int id) {
        return std::ranges::any_of(lists_, [&](const auto& list) { return list->id() == id; });
    };
    for (const auto& list : lists_) {
        if (list->id() >= 0) continue;
        while (taken(next)) ++next;
        list->set_id(next++);
    }
}

PatternList* PatternStore::find(std::string_view identifier, bool is_map) const {
    PatternList* found = nullptr;
    if (identifier.starts_with('#')) {
        const auto id = common::parse_number(identifier.substr(1), 0, INT32_MAX);
        for (const auto& list : lists_)
            if (id && list->id() == *id) found = list.get();
    } else if (!identifier.empty()) {
        found = find_file(identifier);
    }
    return found != nullptr && found->is_map() == is_map ? found : nullptr;
}

}  // namespace proxyd::rules
