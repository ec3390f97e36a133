#include "proxyd/balance/static_rr.h"

#include "proxyd/balance/arguments.h"
#include "proxyd/balance/server_map.h"

namespace proxyd::balance {

namespace {

class StaticRoundRobin final : public Algorithm {
 public:
    void set_roster(std::span<const Member> members) override { map_.build(members); }
    std::size_t choose(const Query& query) override { return map_.next_in_turn(query.avoid); }

 private:
    ServerMap map_;
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_static_rr(std::string_view parameter,
                                                          std::span<const std::string> words) {
    if (auto plain = no_arguments("static-rr", parameter, words); !plain)
        return std::unexpected(plain.error());
    return std::make_unique<StaticRoundRobin>();
}

}  // namespace proxyd::balance
