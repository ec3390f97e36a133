#include "proxyd/observe/ring.h"

#include <utility>

namespace proxyd::observe {

void Ring::write(std::string_view line) {
    line = line.substr(0, std::min(settings_.max_length, settings_.size));
    {
        const std::lock_guard lock(mutex_);
        while (!events_.empty() && bytes_ + line.size() > settings_.size) {
            bytes_ -= events_.front().size();
            events_.pop_front();
            ++first_;
        }
        events_.emplace_back(line);
        bytes_ += line.size();
    }
    if (wake_) wake_();
}

std::uint64_t Ring::end() const {
    const std::lock_guard lock(mutex_);
    return first_ + events_.size();
}

std::uint64_t Ring::read(std::uint64_t from, std::uint64_t& missed,
                         const std::function<bool(std::string_view)>& use) const {
    const std::lock_guard lock(mutex_);
    if (from < first_) {
        missed += first_ - from;
        from = first_;
    }
    for (std::size_t at = static_cast<std::size_t>(from - first_); at < events_.size(); ++at, ++from)
        if (!use(events_[at])) break;
    return from;
}

void Ring::on_write(std::function<void()> wake) {
    wake_ = std::move(wake);
}

}  // namespace proxyd::observe
