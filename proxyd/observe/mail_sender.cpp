#include "proxyd/observe/mail_sender.h"

#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/blocking_socket.h"
#include "common/logging.h"
#include "common/process/signals.h"
#include "common/unique_fd.h"

namespace proxyd::observe {

namespace {

struct Job {
    common::SmtpMail mail;
    Mailers::Mailer mailer;
    common::Duration timeout;
};

common::Result<> deliver(const Job& job) {
    const std::string server = "mailer " + job.mailer.name + " (" + job.mailer.address.to_string() + ")";
    const common::UniqueFd fd(::socket(job.mailer.address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    common::limit_blocking(fd.get(), job.timeout);
    if (!fd || ::connect(fd.get(), job.mailer.address.data(), job.mailer.address.size()) != 0)
        return common::fail_errno("cannot connect to " + server, errno == EINPROGRESS ? ETIMEDOUT : errno);
    return common::send_smtp(fd.get(), job.mail, server);
}

}  // namespace

common::SmtpMail make_alert(const MailAlert& alert, std::string_view log_line, std::time_t now) {
    if (log_line.ends_with('.')) log_line.remove_suffix(1);
    const std::string text = common::smtp_one_line(std::string(log_line));
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char date[64];
    const std::size_t size = std::strftime(date, sizeof date, "%a, %d %b %Y %T +0000 (UTC)", &utc);
    const std::string headers = "From: " + alert.from + "\r\nTo: " + alert.to +
                                "\r\nDate: " + std::string(date, size) + "\r\nSubject: [HAProxy Alert] " +
                                text + "\r\n";
    return {alert.hostname, alert.from, {alert.to}, common::smtp_content(headers, text + "\n")};
}

struct MailSender::Impl {
    void run();

    std::mutex mutex;
    std::condition_variable news;
    std::deque<Job> waiting;
    bool stopping = false;
    std::thread thread;
};

void MailSender::Impl::run() {
    std::unique_lock lock(mutex);
    while (true) {
        news.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (stopping) return;
        const Job job = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        if (auto sent = deliver(job); !sent)
            common::log::warning("mail alert not sent: {}", sent.error().text);
        lock.lock();
    }
}

MailSender::MailSender() : impl_(std::make_unique<Impl>()) {}
MailSender::~MailSender() {
    stop();
}

void MailSender::send(const MailAlert& alert, int level, std::string_view log_line) {
    if (level > alert.level) return;
    const common::SmtpMail mail = make_alert(alert, log_line, std::time(nullptr));
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->thread.joinable()) return;
    for (const Mailers::Mailer& mailer : alert.mailers.mailers) {
        if (impl_->waiting.size() >= kMostWaiting) {
            common::log::warning("mail alert not sent: {} wait already", kMostWaiting);
            return;
        }
        impl_->waiting.push_back({mail, mailer, alert.mailers.timeout});
    }
    impl_->news.notify_one();
}

void MailSender::start() {
    if (impl_->thread.joinable()) return;
    std::thread thread = common::process::start_thread("mail", [impl = impl_.get()] { impl->run(); });
    const std::lock_guard lock(impl_->mutex);
    impl_->thread = std::move(thread);
}

void MailSender::stop() {
    if (!impl_->thread.joinable()) return;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->news.notify_one();
    impl_->thread.join();
}

}  // namespace proxyd::observe
