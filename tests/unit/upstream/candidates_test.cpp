#include "upstream/candidates.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::TimePoint;
using sluice::upstream::Candidate;
using sluice::upstream::Candidates;
using sluice::upstream::CandidateSettings;
using sluice::upstream::EndpointStanding;
using sluice::upstream::find_candidates;

namespace Catch {
template <>
struct StringMaker<Candidate> {
    static std::string convert(const Candidate& candidate) {
        return std::to_string(candidate.endpoint) + " (" + std::to_string(candidate.weight) + ")";
    }
};
}  // namespace Catch

namespace {

using List = std::vector<Candidate>;
using Standings = std::vector<EndpointStanding>;

constexpr TimePoint start{1000s};

constexpr EndpointStanding up{.weight = 1};
constexpr EndpointStanding down{.weight = 1, .is_up = false};
constexpr EndpointStanding draining{.weight = 1, .is_draining = true};
constexpr EndpointStanding backup{.weight = 1, .priority = 1};

Candidates find(const Standings& standings, const CandidateSettings& settings = {}, TimePoint now = start) {
    return find_candidates(standings, settings, now);
}

}  // namespace

TEST_CASE("Endpoints that are up and not draining are candidates, with their weights", "[upstream]") {
    const Standings standings{{.weight = 3}, down, draining, {.weight = 5}};
    const Candidates found = find(standings);
    CHECK(found.list == List{{0, 3}, {3, 5}});
    CHECK_FALSE(found.is_panic);
    CHECK_FALSE(found.changes_at);
    CHECK(find({}).list.empty());
    CHECK(find({down, down}).list.empty());
}

TEST_CASE("Backups are candidates only while no endpoint of a lower priority is", "[upstream]") {
    constexpr EndpointStanding last{.weight = 1, .priority = 7};
    constexpr EndpointStanding backup_down{.weight = 1, .priority = 1, .is_up = false};
    CHECK(find({backup, up, down, last}).list == List{{1, 1}});
    CHECK(find({backup, down, backup, last}).list == List{{0, 1}, {2, 1}});
    CHECK(find({backup_down, down, last}).list == List{{2, 1}});
    CHECK(find({backup, draining}).list == List{{0, 1}});
}

TEST_CASE("Draining endpoints are used rather than none", "[upstream]") {
    constexpr EndpointStanding draining_down{.weight = 1, .is_up = false, .is_draining = true};
    constexpr EndpointStanding draining_backup{.weight = 1, .priority = 1, .is_draining = true};
    CHECK(find({down, draining, draining_down, draining, draining_backup}).list == List{{1, 1}, {3, 1}});
    CHECK(find({draining_down, draining_backup}).list == List{{1, 1}});
    CHECK(find({draining, draining}, {.panic_percent = 100}).list == List{{0, 1}, {1, 1}});
    CHECK(find({draining_down}).list.empty());
}

TEST_CASE("When less of the endpoints is up than the share for panic, all are candidates", "[upstream]") {
    const CandidateSettings half{.panic_percent = 50};
    const Candidates panic = find({{.weight = 2, .is_up = false}, up, down, draining}, half);
    CHECK(panic.is_panic);
    CHECK(panic.list == List{{0, 2}, {1, 1}, {2, 1}});

    // Exactly the share is enough, and draining ones do not count.
    const Candidates calm = find({down, up, draining}, half);
    CHECK_FALSE(calm.is_panic);
    CHECK(calm.list == List{{1, 1}});

    CHECK(find({down, down}, {.panic_percent = 1}).list == List{{0, 1}, {1, 1}});
    CHECK(find({down, down}, {.panic_percent = 0}).list.empty());
    CHECK_FALSE(find({}, half).is_panic);
}

TEST_CASE("In panic backups join only when they are all that is up", "[upstream]") {
    constexpr EndpointStanding backup_down{.weight = 1, .priority = 1, .is_up = false};
    const CandidateSettings most{.panic_percent = 80};
    CHECK(find({down, up, backup}, most).list == List{{0, 1}, {1, 1}});
    CHECK(find({down, down, backup_down}, most).list == List{{0, 1}, {1, 1}});
    CHECK(find({down, down, backup, backup_down}, most).list == List{{0, 1}, {1, 1}, {2, 1}, {3, 1}});
}

TEST_CASE("An endpoint that came back gets a tenth more of its weight in each tenth of slow start", "[upstream]") {
    const CandidateSettings settings{.slow_start = 10s};
    const Standings standings{{.weight = 3}, {.weight = 2, .recovered_at = start}};
    for (std::uint32_t step = 1; step < 10; ++step) {
        CAPTURE(step);
        for (const auto moment : {0ns, 999'999'999ns}) {
            const Candidates found = find(standings, settings, start + 1s * (step - 1) + moment);
            CHECK(found.list == List{{0, 30}, {1, 2 * step}});
            CHECK(found.changes_at == start + 1s * step);
        }
    }
    const Candidates whole = find(standings, settings, start + 9s);
    CHECK(whole.list == List{{0, 3}, {1, 2}});
    CHECK_FALSE(whole.changes_at);
}

TEST_CASE("The next change of slow start is that of the endpoint that is due first", "[upstream]") {
    const CandidateSettings settings{.slow_start = 10s};
    const Standings standings{{.weight = 1, .recovered_at = start},
                              {.weight = 1, .recovered_at = start + 2300ms},
                              {.weight = 1, .is_up = false, .recovered_at = start + 1s}};
    const Candidates found = find(standings, settings, start + 3s);
    CHECK(found.list == List{{0, 4}, {1, 1}});
    CHECK(found.changes_at == start + 3300ms);
}

TEST_CASE("Slow start is over at once where it takes no time, and begins late clocks at the first step", "[upstream]") {
    const Standings standings{up, {.weight = 1, .recovered_at = start}};
    CHECK(find(standings, {.slow_start = 0s}).list == List{{0, 1}, {1, 1}});
    CHECK(find(standings, {.slow_start = 9ns}).list == List{{0, 1}, {1, 1}});
    CHECK(find(standings, {.slow_start = 10s}, start - 1ms).list == List{{0, 10}, {1, 1}});
}

TEST_CASE("Weights of slow start do not overflow", "[upstream]") {
    const Standings standings{{.weight = 4'000'000'000U}, {.weight = 1, .recovered_at = start}};
    CHECK(find(standings, {.slow_start = 10s}).list == List{{0, 0xFFFFFFFFU}, {1, 1}});
}

TEST_CASE("Endpoints of weight 0 are candidates only among themselves", "[upstream]") {
    constexpr EndpointStanding none{.weight = 0};
    CHECK(find({none, up}).list == List{{1, 1}});
    CHECK(find({none, down, none}).list == List{{0, 1}, {2, 1}});
}
