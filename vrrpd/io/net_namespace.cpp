#include "vrrpd/io/net_namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>

#include "common/unique_fd.h"

namespace vrrpd::io {
namespace {

constexpr const char* kFolder = "/run/netns/";  // where ip-netns(8) keeps them

}  // namespace

common::Result<> enter_net_namespace(const std::string& name) {
    const std::string what = "network namespace '" + name + "'";
    if (name.empty() || name.starts_with('.') || name.find('/') != name.npos)
        return common::fail(what + ": this is no name for one");
    const common::UniqueFd fd(::open((kFolder + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT)
        return common::fail(what + " does not exist: make it with 'ip netns add " + name + "'");
    if (!fd) return common::fail_errno(what);
    if (::setns(fd.get(), CLONE_NEWNET) < 0) return common::fail_errno(what + ": cannot enter it");
    return {};
}

}  // namespace vrrpd::io
