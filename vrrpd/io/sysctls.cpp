#include "vrrpd/io/sysctls.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>

#include "vrrpd/io/state_file.h"

namespace vrrpd::io {
namespace {

std::optional<int> read_number(const std::string& path) {
    std::ifstream in(path);
    int value = 0;
    if (in >> value) return value;
    return std::nullopt;
}

bool write_number(const std::string& path, int value) {
    std::ofstream out(path);
    out << value << std::flush;
    return static_cast<bool>(out);
}

}  // namespace

Sysctls::Sysctls(std::string file, std::string root) : file_(std::move(file)), root_(std::move(root)) {
    std::ifstream in(file_);
    std::string identity;
    if (!std::getline(in, identity) || identity != system_identity()) return;
    std::string name;
    for (Record record; in >> name >> record.before >> record.ours;) records_[name] = record;
}

common::Result<> Sysctls::set(const std::string& name, int value) {
    const std::string path = root_ + "/" + name;
    const auto now = read_number(path);
    if (!now) return common::fail_errno("cannot read " + path);
    if (*now == value) return {};
    const auto known = records_.find(name);
    // A change by somebody else in the meantime is what he will want back.
    const bool ours = known != records_.end() && known->second.ours == *now;
    records_[name] = {ours ? known->second.before : *now, value};
    save();
    if (!write_number(path, value)) return common::fail_errno("cannot set " + path);
    return {};
}

std::optional<int> Sysctls::get(const std::string& name) const {
    return read_number(root_ + "/" + name);
}

std::vector<std::string> Sysctls::changed() const {
    std::vector<std::string> names;
    for (const auto& [name, record] : records_) names.push_back(name);
    return names;
}

void Sysctls::restore_except(const std::set<std::string>& wanted) {
    const auto before = records_.size();
    std::erase_if(records_, [&](const auto& entry) {
        const auto& [name, record] = entry;
        if (wanted.contains(name)) return false;
        const std::string path = root_ + "/" + name;
        if (read_number(path) == record.ours) (void)write_number(path, record.before);
        return true;
    });
    if (records_.size() != before) save();
}

void Sysctls::forget_interface(const std::string& interface) {
    const std::string part = "/" + interface + "/";
    if (std::erase_if(records_,
                      [&](const auto& entry) { return entry.first.find(part) != std::string::npos; }))
        save();
}

// Replaced whole: a crash in the middle leaves the former one.
void Sysctls::save() const {
    if (records_.empty()) {
        ::unlink(file_.c_str());
        return;
    }
    const std::string fresh = file_ + ".new";
    {
        std::ofstream out(fresh);
        out << system_identity() << '\n';
        for (const auto& [name, record] : records_)
            out << name << ' ' << record.before << ' ' << record.ours << '\n';
    }
    std::rename(fresh.c_str(), file_.c_str());
}

}  // namespace vrrpd::io
