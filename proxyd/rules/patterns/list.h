// The lists that ACLs and maps look things up in, as the configuration makes them and operators and rules
// change them at run time (configuration manual 7.1, management manual 9.3 "add acl", "add map", ...). One
// list may be indexed for several match methods: a file that two ACLs name is read once.
#pragma once

#include <boost/unordered/unordered_map.hpp>

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/error.h"
#include "proxyd/rules/patterns/pattern.h"

namespace proxyd::rules {

// A list as one match method sees it.
struct PatternIndex {
    const MatchMethod* method = nullptr;
    PatternFlags flags;
    std::unique_ptr<Patterns> live;  // read within common::ReadMostly::Reading
};

class PatternList {
 public:
    // What the values of a map must be.
    enum class Values : unsigned char { text, number, address };

    // `changes` is shared by lists: counts what happens to them at run time; may be null.
    PatternList(std::string file, bool is_map, std::shared_ptr<std::atomic<std::uint64_t>> changes = nullptr)
        : file_(std::move(file)),
          is_map_(is_map),
          changes_(changes ? std::move(changes) : std::make_shared<std::atomic<std::uint64_t>>(0)) {}

    const std::string& file() const { return file_; }  // empty: written in the configuration
    bool is_map() const { return is_map_; }
    bool loaded() const { return loaded_; }
    int id() const { return id_; }
    void set_id(int id) { id_ = id; }
    // For the operator: "acl 'hdr' file 'x.cfg' line 3".
    const std::string& description() const { return description_; }
    void describe(std::string_view more);

    // While the configuration is read, by one thread.
    common::Result<> load();
    common::Result<> append(std::string_view pattern, std::string_view value = {});
    common::Result<const PatternIndex*> index(const MatchMethod& method, PatternFlags flags);
    common::Result<> require(Values values);

    // At run time, by any thread; requests see each change as a whole. `version` 0: what is in use.
    common::Result<> add(std::string_view pattern, std::string_view value, unsigned version = 0);
    common::Result<bool> set(std::string_view pattern, std::string_view value);  // false: there is none
    bool remove(std::string_view pattern);                                       // all of that text
    common::Result<> set_or_add(std::string_view pattern, std::string_view value);
    void add_missing(std::string_view pattern);
    bool set_reference(const void* reference, std::string_view value, common::Result<>& outcome);
    bool remove_reference(const void* reference);
    void clear(unsigned version = 0);

    // A second set of entries that is filled while the first one serves.
    unsigned prepare();
    common::Result<> commit(unsigned version);
    unsigned version() const;
    unsigned next_version() const;

    const std::atomic<std::uint64_t>& changes() const { return *changes_; }
    std::size_t size() const;  // with all versions
    // Calls with each entry; false: no such version.
    template <class Visit>
    bool visit(unsigned version, Visit visit) const {
        const std::lock_guard lock(mutex_);
        const Entries* entries = find_version(version);
        if (entries == nullptr) return false;
        for (const PatternEntry& entry : entries->list) visit(entry);
        return true;
    }
    const std::vector<std::unique_ptr<PatternIndex>>& indexes() const { return indexes_; }

 private:
    struct Entries {
        std::list<PatternEntry> list;
        boost::unordered_multimap<std::string_view, std::list<PatternEntry>::iterator> by_pattern;
        std::vector<std::unique_ptr<Patterns>> indexes;  // of a version that is not in use
    };
    using Place = std::list<PatternEntry>::iterator;

    const Entries* find_version(unsigned version) const;
    common::Result<> check_value(std::string_view value) const;
    // Into `entries` and the given indexes, or nowhere.
    common::Result<> insert(Entries& entries, bool live, std::string_view pattern, std::string_view value);
    void take_out(Place place);
    void finish_indexes();

    std::string file_, description_;
    bool is_map_;
    bool loaded_ = false;  // its file was read
    int id_ = -1;
    unsigned values_ = 0;       // bits of Values
    mutable std::mutex mutex_;  // of those who change or list it; requests do not take it
    Entries current_;
    std::map<unsigned, Entries> prepared_;
    unsigned version_ = 0, next_version_ = 0;
    std::uint64_t next_number_ = 1;
    std::vector<std::unique_ptr<PatternIndex>> indexes_;
    std::shared_ptr<std::atomic<std::uint64_t>> changes_;
};

// All lists of a configuration.
class PatternStore {
 public:
    // The list of that file, read at the first mention. `by`: "acl" or "map".
    common::Result<PatternList*> file(const std::string& name, bool is_map, std::string_view by,
                                      common::Location where);
    // The same for rules that fill it: made when nothing has read it.
    PatternList& named(const std::string& name, bool is_map, common::Location where);
    PatternList& inline_list(std::string_view criterion, common::Location where);
    // Gives numbers to lists that have none yet (no `-u`).
    void number();

    // "#3" or the name of a file; null: none such.
    PatternList* find(std::string_view identifier, bool is_map) const;
    const std::vector<std::unique_ptr<PatternList>>& all() const { return lists_; }

 private:
    PatternList* find_file(std::string_view name) const;
    std::vector<std::unique_ptr<PatternList>> lists_;
    std::shared_ptr<std::atomic<std::uint64_t>> inline_changes_ =
        std::make_shared<std::atomic<std::uint64_t>>(0);  // of lists in acl lines
};

}  // namespace proxyd::rules
