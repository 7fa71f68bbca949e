#include "net/splice_pipes.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace sluice;
using net::SplicePipes;

namespace {

constexpr TimePoint now{};

}  // namespace

TEST_CASE("SplicePipes lends a pipe again that came back", "[net]") {
    SplicePipes pipes;
    platform::SplicePipe* first = nullptr;
    {
        const SplicePipes::Lent lent = pipes.take(now);
        first = lent.get();
    }
    CHECK((first != nullptr) == platform::SplicePipe::is_supported);
    CHECK(pipes.take(now).get() == first);
}

TEST_CASE("SplicePipes lends so many and no more, until one comes back", "[net]") {
    SplicePipes pipes;
    std::vector<SplicePipes::Lent> lent;
    while (pipes.may_have_any()) {
        lent.push_back(pipes.take(now));
        REQUIRE(lent.back() != nullptr);
    }
    CHECK(lent.size() == (platform::SplicePipe::is_supported ? SplicePipes::most : 0));
    CHECK(pipes.take(now) == nullptr);
    if (lent.empty()) return;
    lent.pop_back();
    CHECK(pipes.take(now) != nullptr);
}

TEST_CASE("SplicePipes lends none where the system does not let us splice", "[net]") {
    SplicePipes pipes;
    static_cast<void>(pipes.take(now));
    SplicePipes::Lent late = pipes.take(now);
    pipes.give_up();
    late.reset();
    CHECK_FALSE(pipes.may_have_any());
    CHECK(pipes.take(now) == nullptr);
}
