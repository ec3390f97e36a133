#include "vrrpd/io/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace vrrpd::io {
namespace {

constexpr std::size_t kNameSize = 15;       // TASK_COMM_LEN without its end
constexpr std::size_t kMaxCommand = 16384;  // bytes of a command line that are looked at

std::string read_start(pid_t pid, const char* file, std::size_t most) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
    const common::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string out;
    std::array<char, 4096> buffer;
    while (fd && out.size() < most) {
        const ssize_t size = ::read(fd.get(), buffer.data(), std::min(buffer.size(), most - out.size()));
        if (size <= 0) break;
        out.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return out;
}

bool same_name(std::string_view wanted, std::string_view name) {
    if (wanted.substr(0, kNameSize) == name) return true;
    // Kernel threads have a '/' in their names, programs do not: a path stands for its last part.
    const std::size_t slash = wanted.rfind('/');
    return slash != wanted.npos && wanted.substr(slash + 1).substr(0, kNameSize) == name;
}

// "pid (name) S ...": the name may hold anything, brackets too.
bool is_zombie(pid_t pid) {
    const std::string stat = read_start(pid, "stat", 512);
    const std::size_t bracket = stat.rfind(')');
    if (bracket == stat.npos || bracket + 2 >= stat.size()) return true;  // gone
    const char state = stat[bracket + 2];
    return state == 'Z' || state == 'X';
}

}  // namespace

bool matches(const config::TrackProcess& wanted, std::string_view name, std::string_view command) {
    if (!wanted.by_command()) return same_name(wanted.argv.front(), name);
    std::string program = wanted.argv.front();
    program += '\0';
    if (!command.starts_with(program)) return false;
    command.remove_prefix(program.size());
    std::string parameters;
    for (std::size_t i = 1; i < wanted.argv.size(); ++i) parameters.append(wanted.argv[i]).push_back('\0');
    using Match = config::TrackProcess::Match;
    // Without parameters there must be none, whatever the way of comparing.
    if (parameters.empty() && wanted.match) return command.empty();
    if (wanted.match == Match::initial) {
        parameters.pop_back();
        return command.starts_with(parameters);
    }
    if (wanted.match == Match::partial) return command.starts_with(parameters);
    return command == parameters;
}

std::optional<ProcessLook> look_at(pid_t pid, bool with_command) {
    ProcessLook look;
    look.name = read_start(pid, "comm", kNameSize + 1);
    if (look.name.empty() || is_zombie(pid)) return std::nullopt;
    if (look.name.ends_with('\n')) look.name.pop_back();
    if (with_command) look.command = read_start(pid, "cmdline", kMaxCommand);
    return look;
}

struct ProcessTable::Folder {
    DIR* stream = ::opendir("/proc");
    Folder() = default;
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        if (stream != nullptr) ::closedir(stream);
    }
};

ProcessTable::ProcessTable() : folder_(std::make_unique<Folder>()) {}
ProcessTable::~ProcessTable() = default;
ProcessTable::ProcessTable(ProcessTable&&) noexcept = default;
ProcessTable& ProcessTable::operator=(ProcessTable&&) noexcept = default;

std::optional<pid_t> ProcessTable::next() {
    while (folder_->stream != nullptr) {
        const dirent* entry = ::readdir(folder_->stream);
        if (entry == nullptr) return std::nullopt;
        const std::string_view name(entry->d_name);
        pid_t pid = 0;
        const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (failed == std::errc{} && end == name.data() + name.size()) return pid;
    }
    return std::nullopt;
}

common::UniqueFd watch_end_of(pid_t pid) {
    return common::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace vrrpd::io
