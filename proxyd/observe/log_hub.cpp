#include "proxyd/observe/log_hub.h"

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "proxyd/observe/log_outlet.h"

namespace proxyd::observe {
namespace {

// A turn that makes more than this sends early: memory stays bounded.
constexpr std::size_t kMaxBatchBytes = 256 * 1024;

// Lines of one loop turn for one outlet, end to end.
struct Batch {
    std::string bytes;
    std::vector<std::size_t> ends;
};

// What one worker has gathered; touched by that worker only.
struct alignas(64) WorkerBatches {
    std::vector<Batch> by_outlet;
    std::vector<iovec> pieces;
    bool hooked = false;
    bool pending = false;
};

}  // namespace

struct LogHub::Impl {
    Impl(int worker_count, state::ProcessState* state)
        : workers(static_cast<std::size_t>(worker_count)), process(state) {}

    void count_dropped(std::size_t lines) {
        if (lines == 0) return;
        dropped.fetch_add(lines, std::memory_order_relaxed);
        if (process != nullptr) process->dropped_log_lines.fetch_add(lines, std::memory_order_relaxed);
    }

    common::Result<std::unique_ptr<LogOutlet>> make_outlet(const LogTarget& target);

    void flush(WorkerBatches& worker, std::size_t outlet) {
        Batch& batch = worker.by_outlet[outlet];
        if (batch.ends.empty()) return;
        worker.pieces.clear();
        std::size_t start = 0;
        for (std::size_t end : batch.ends) {
            worker.pieces.push_back({batch.bytes.data() + start, end - start});
            start = end;
        }
        count_dropped(worker.pieces.size() - outlets[outlet]->send(worker.pieces));
        batch.bytes.clear();
        batch.ends.clear();
    }

    void flush_all(WorkerBatches& worker) {
        worker.pending = false;
        for (std::size_t i = 0; i < worker.by_outlet.size(); ++i) flush(worker, i);
    }

    std::vector<std::unique_ptr<Ring>> rings;
    std::vector<std::unique_ptr<LogOutlet>> outlets;
    std::map<std::string, int> numbers;
    std::vector<WorkerBatches> workers;
    state::ProcessState* process;
    std::atomic<std::uint64_t> dropped{0};
};

LogHub::LogHub(int workers, state::ProcessState* process) : impl_(std::make_unique<Impl>(workers, process)) {}
LogHub::~LogHub() = default;

namespace {

// Into a ring's memory: always room for the latest.
class RingOutlet final : public LogOutlet {
 public:
    explicit RingOutlet(Ring& ring) : ring_(ring) {}
    std::size_t send(std::span<iovec> lines) override {
        for (const iovec& line : lines) {
            std::string_view text(static_cast<const char*>(line.iov_base), line.iov_len);
            if (text.ends_with('\n')) text.remove_suffix(1);
            ring_.write(text);
        }
        return lines.size();
    }

 private:
    Ring& ring_;
};

}  // namespace

void LogHub::add_ring(const RingSettings& settings) {
    impl_->rings.push_back(std::make_unique<Ring>(settings));
}

std::span<const std::unique_ptr<Ring>> LogHub::rings() const {
    return impl_->rings;
}

common::Result<std::unique_ptr<LogOutlet>> LogHub::Impl::make_outlet(const LogTarget& target) {
    if (target.kind != LogTarget::Kind::ring) return LogOutlet::open(target);
    for (const auto& ring : rings)
        if (ring->settings().name == target.ring) return std::make_unique<RingOutlet>(*ring);
    return common::fail("there is no ring '" + target.ring + "'", common::Side::config);
}

common::Result<int> LogHub::open(const LogTarget& target) {
    const std::string key = LogOutlet::key(target);
    if (const auto known = impl_->numbers.find(key); known != impl_->numbers.end()) return known->second;
    auto outlet = impl_->make_outlet(target);
    if (!outlet) return std::unexpected(outlet.error());
    const int number = static_cast<int>(impl_->outlets.size());
    impl_->outlets.push_back(std::move(*outlet));
    impl_->numbers.emplace(key, number);
    for (WorkerBatches& worker : impl_->workers) worker.by_outlet.resize(impl_->outlets.size());
    return number;
}

common::Result<> LogHub::reopen_files() {
    common::Result<> result;
    for (const auto& outlet : impl_->outlets)
        if (auto reopened = outlet->reopen(); !reopened) result = reopened;
    return result;
}

void LogHub::queue(net::Worker& worker, int target, std::string_view line) {
    WorkerBatches& batches = impl_->workers[static_cast<std::size_t>(worker.index())];
    if (!batches.hooked) {
        batches.hooked = true;
        worker.at_turn_end([impl = impl_.get(), &batches] { impl->flush_all(batches); });
    }
    if (!batches.pending) {
        batches.pending = true;
        worker.want_turn_end();
    }
    Batch& batch = batches.by_outlet[static_cast<std::size_t>(target)];
    batch.bytes += line;
    batch.ends.push_back(batch.bytes.size());
    if (batch.bytes.size() > kMaxBatchBytes) impl_->flush(batches, static_cast<std::size_t>(target));
}

void LogHub::send(int target, std::string_view line) {
    iovec piece{const_cast<char*>(line.data()), line.size()};
    impl_->count_dropped(1 - impl_->outlets[static_cast<std::size_t>(target)]->send({&piece, 1}));
}

std::uint64_t LogHub::dropped() const {
    return impl_->dropped.load(std::memory_order_relaxed);
}

}  // namespace proxyd::observe
