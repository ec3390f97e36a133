#include "proxyd/peers/peers.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "common/process/signals.h"
#include "proxyd/peers/section.h"

namespace proxyd::peers {

namespace {

// Changes are looked for that often, and sent together.
constexpr auto kTurn = std::chrono::milliseconds(50);

}  // namespace

struct Peers::Impl {
    void run();
    void turn(std::vector<pollfd>& polled);

    std::vector<std::unique_ptr<Section>> sections;
    std::vector<SectionView> disabled;
    mutable std::mutex mutex;  // of the sections, while the thread runs
    common::UniqueFd wake;
    std::atomic<bool> stopping{false}, leaving{false}, left{false};
    std::thread thread;
};

void Peers::Impl::turn(std::vector<pollfd>& polled) {
    const std::lock_guard lock(mutex);
    const common::TimePoint now = common::Clock::now();
    auto at = polled.cbegin() + 1;
    for (const auto& section : sections) section->act(at, now);
    if (leaving && !left) {
        left = true;
        for (const auto& section : sections) section->hand_over(now);
    }
}

void Peers::Impl::run() {
    std::vector<pollfd> polled;
    while (!stopping) {
        polled.assign(1, {wake.get(), POLLIN, 0});
        bool news = false;
        {
            const std::lock_guard lock(mutex);
            for (const auto& section : sections) {
                section->add_to(polled);
                news |= section->has_news();
            }
        }
        ::poll(polled.data(), polled.size(), news ? 0 : static_cast<int>(kTurn.count()));
        eventfd_t count = 0;
        ::eventfd_read(wake.get(), &count);
        turn(polled);
    }
}

Peers::Peers() : impl_(std::make_unique<Impl>()) {}
Peers::~Peers() {
    stop();
}

common::Result<> Peers::add(const Settings& settings, state::SharedState& state) {
    if (settings.disabled) {
        impl_->disabled.push_back({settings.name, true, false, {}});
        return {};
    }
    auto section = std::make_unique<Section>(settings, state);
    if (auto listening = section->listen(); !listening) return listening;
    impl_->sections.push_back(std::move(section));
    return {};
}

bool Peers::empty() const {
    return impl_->sections.empty();
}

void Peers::start() {
    if (empty() || impl_->thread.joinable()) return;
    impl_->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    impl_->thread = common::process::start_thread("peers", [impl = impl_.get()] { impl->run(); });
}

void Peers::hand_over() {
    if (!impl_->thread.joinable()) return;
    impl_->leaving = true;
    ::eventfd_write(impl_->wake.get(), 1);
}

bool Peers::handing_over() const {
    if (!impl_->leaving) return false;
    if (!impl_->left) return true;
    const std::lock_guard lock(impl_->mutex);
    return std::ranges::any_of(impl_->sections, [](const auto& section) { return section->handing_over(); });
}

void Peers::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    ::eventfd_write(impl_->wake.get(), 1);
    impl_->thread.join();
}

std::vector<SectionView> Peers::view() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<SectionView> out = impl_->disabled;
    for (const auto& section : impl_->sections) out.push_back(section->view(common::Clock::now()));
    return out;
}

}  // namespace proxyd::peers
