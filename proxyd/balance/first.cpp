#include "proxyd/balance/first.h"

#include "proxyd/balance/arguments.h"

namespace proxyd::balance {

namespace {

class First final : public Algorithm {
 public:
    void set_roster(std::span<const Member> members) override {
        members_.assign(members.begin(), members.end());
    }

    std::size_t choose(const Query& query) override {
        std::size_t avoided = kNone;
        for (const Member& member : members_) {
            if (member.load->full()) continue;
            if (member.index != query.avoid) return member.index;
            avoided = member.index;
        }
        return avoided;
    }

 private:
    std::vector<Member> members_;
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_first(std::string_view parameter,
                                                      std::span<const std::string> words) {
    if (auto plain = no_arguments("first", parameter, words); !plain) return std::unexpected(plain.error());
    return std::make_unique<First>();
}

}  // namespace proxyd::balance
