#include "upstream/maglev.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "base/random.hpp"
#include "upstream/hash.hpp"
#include "upstream/hash_choice.hpp"

using sluice::Random;
using sluice::upstream::Candidate;
using sluice::upstream::HashChoice;
using sluice::upstream::hash_text;
using sluice::upstream::maglev_size;
using sluice::upstream::MaglevTable;
using sluice::upstream::make_maglev;
using sluice::upstream::NamedWeight;

namespace {

using Table = std::shared_ptr<const MaglevTable>;
using Numbers = std::vector<std::uint32_t>;

std::vector<std::string> names_of(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
        names.push_back("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ":8080");
    }
    return names;
}

Table make_table(const std::vector<std::string>& names, const Numbers& weights) {
    std::vector<NamedWeight> endpoints;
    for (std::size_t i = 0; i < names.size(); ++i) endpoints.emplace_back(names[i], weights[i]);
    return make_maglev(endpoints);
}

Table make_table(std::size_t count) { return make_table(names_of(count), Numbers(count, 1)); }

std::vector<std::size_t> count_slots(const MaglevTable& table) {
    std::vector<std::size_t> counted(table.weights().size());
    for (const std::uint32_t endpoint : table.slots()) ++counted[endpoint];
    return counted;
}

bool is_prime(std::uint32_t number) {
    for (std::uint32_t divisor = 2; divisor * divisor <= number; ++divisor) {
        if (number % divisor == 0) return false;
    }
    return true;
}

std::vector<Candidate> candidates_without(std::size_t count, const Numbers& lost) {
    std::vector<Candidate> candidates;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (std::ranges::find(lost, i) == lost.end()) candidates.push_back({i, 1});
    }
    return candidates;
}

/// Where the keys "client 0", "client 1", ... go.
Numbers pick_all(const HashChoice& choice, std::size_t keys, const Numbers& avoid = {}) {
    Numbers picked;
    for (std::size_t i = 0; i < keys; ++i) {
        picked.push_back(choice.pick(hash_text("client " + std::to_string(i)), avoid).value());
    }
    return picked;
}

}  // namespace

TEST_CASE("A Maglev table has a prime size, a hundred slots for each of up to 40,000 endpoints", "[upstream]") {
    for (const std::size_t endpoints : {1U, 3U, 655U, 656U, 1000U, 10'000U, 41'000U}) {
        const std::uint32_t size = maglev_size(endpoints);
        CHECK(size >= 100 * endpoints);
        CHECK(is_prime(size));
    }
    CHECK(maglev_size(655) == 65'537);
    CHECK(maglev_size(10'000) == 1'048'583);
    CHECK(maglev_size(1'000'000) == 4'194'319);
}

TEST_CASE("A Maglev table gives equal endpoints the same number of slots, to one", "[upstream]") {
    const std::size_t endpoints = GENERATE(1U, 3U, 100U, 1000U);
    const std::vector<std::size_t> counted = count_slots(*make_table(endpoints));
    const auto [least, most] = std::ranges::minmax_element(counted);
    CHECK(*most - *least <= 1);
}

TEST_CASE("A Maglev table gives slots in proportion to weights, to two", "[upstream]") {
    const Numbers weights{1, 10, 1000, 0, 333};
    const std::vector<std::size_t> counted = count_slots(*make_table(names_of(5), weights));
    for (std::size_t i = 0; i < weights.size(); ++i) {
        CHECK(static_cast<double>(counted[i]) == Approx(65'537.0 * weights[i] / 1344).margin(2));
    }
    const std::vector<std::size_t> weightless = count_slots(*make_table(names_of(2), {0, 0}));
    CHECK(weightless[0] + weightless[1] == 65'537);
    CHECK(weightless[0] / 100 == weightless[1] / 100);
}

TEST_CASE("A Maglev table is the same for the same names and weights in any order", "[upstream]") {
    std::vector<std::string> names = names_of(50);
    Numbers weights;
    for (std::uint32_t i = 0; i < 50; ++i) weights.push_back(1 + i % 4);
    const Table table = make_table(names, weights);

    std::vector<std::string> other_names(names.rbegin(), names.rend());
    Numbers other_weights(weights.rbegin(), weights.rend());
    std::ranges::rotate(other_names, other_names.begin() + 17);
    std::ranges::rotate(other_weights, other_weights.begin() + 17);
    const Table other = make_table(other_names, other_weights);

    bool is_same = true;
    for (std::size_t i = 0; i < table->slots().size(); ++i) {
        is_same = is_same && names[table->slots()[i]] == other_names[other->slots()[i]];
    }
    CHECK(is_same);
}

TEST_CASE("An endpoint that joins a Maglev table takes its share and moves little else", "[upstream]") {
    const std::size_t endpoints = GENERATE(3U, 10U, 100U);
    const Table before = make_table(endpoints);
    const Table after = make_table(endpoints + 1);
    double joined = 0;
    double moved = 0;
    for (std::size_t i = 0; i < before->slots().size(); ++i) {
        if (after->slots()[i] == endpoints) {
            ++joined;
        } else if (after->slots()[i] != before->slots()[i]) {
            ++moved;
        }
    }
    const double share = static_cast<double>(before->slots().size()) / static_cast<double>(endpoints + 1);
    CHECK(joined == Approx(share).margin(1));
    // Those that move beside it are less than its own share, and less than a twentieth of the table.
    CHECK(moved < share);
    CHECK(moved < 0.05 * static_cast<double>(before->slots().size()));
}

TEST_CASE("An empty set makes a table without slots", "[upstream]") {
    const Table table = make_maglev({});
    CHECK_FALSE(table->has_slots());
    CHECK_FALSE(HashChoice({}, table).pick(1, {}));
}

TEST_CASE("HashChoice sends a key to the same endpoint at every worker", "[upstream]") {
    const Table table = make_table(10);
    const HashChoice one(candidates_without(10, {}), table);
    const HashChoice other(candidates_without(10, {}), make_table(10));
    CHECK(pick_all(one, 1000) == pick_all(other, 1000));
}

TEST_CASE("When an endpoint is lost exactly its keys move, evenly, and come back with it", "[upstream]") {
    constexpr std::size_t keys = 20'000;
    const std::size_t endpoints = GENERATE(3U, 10U, 100U);
    const Table table = make_table(endpoints);
    const Numbers before = pick_all(HashChoice(candidates_without(endpoints, {}), table), keys);
    const Numbers after = pick_all(HashChoice(candidates_without(endpoints, {1}), table), keys);
    std::vector<double> gained(endpoints);
    double lost = 0;
    bool others_stay = true;
    for (std::size_t i = 0; i < keys; ++i) {
        if (before[i] != 1) {
            others_stay = others_stay && after[i] == before[i];
            continue;
        }
        ++lost;
        ++gained[after[i]];
    }
    CHECK(others_stay);
    CHECK(gained[1] == 0);
    for (std::size_t i = 0; i < endpoints; ++i) {
        const double expected = lost / static_cast<double>(endpoints - 1);
        if (i != 1) CHECK(gained[i] <= expected + 5 * std::sqrt(expected) + 1);
    }
    CHECK(pick_all(HashChoice(candidates_without(endpoints, {}), table), keys) == before);
}

TEST_CASE("A request that has tried its endpoint goes where its key would if that were lost", "[upstream]") {
    const Table table = make_table(10);
    const HashChoice all(candidates_without(10, {}), table);
    const HashChoice fewer(candidates_without(10, {4, 5}), table);
    CHECK(pick_all(all, 5000, {5, 4}) == pick_all(fewer, 5000));
}

TEST_CASE("When nearly all endpoints are lost, keys are still spread and still move no more than they must",
          "[upstream]") {
    constexpr std::size_t endpoints = 500;
    constexpr std::size_t keys = 10'000;
    const Table table = make_table(endpoints);
    const std::vector<Candidate> five{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}};
    const std::vector<Candidate> four{{0, 1}, {1, 1}, {3, 1}, {4, 1}};
    const Numbers before = pick_all(HashChoice(five, table), keys);
    const Numbers after = pick_all(HashChoice(four, table), keys);
    std::vector<int> counted(5);
    bool others_stay = true;
    for (std::size_t i = 0; i < keys; ++i) {
        ++counted[before[i]];
        others_stay = others_stay && (before[i] == 2 || before[i] == after[i]);
    }
    CHECK(others_stay);
    for (const int count : counted) CHECK(count == Approx(2000).epsilon(0.1));
}

TEST_CASE("An endpoint in slow start takes that part of its keys, always the same ones", "[upstream]") {
    constexpr std::size_t keys = 40'000;
    const Numbers weights{2, 1, 3};
    const Table table = make_table(names_of(3), weights);
    const auto pick_at = [&](std::uint32_t step) {
        return pick_all(HashChoice(std::vector<Candidate>{{0, 20}, {1, step}, {2, 30}}, table), keys);
    };
    const Numbers whole = pick_all(HashChoice(std::vector<Candidate>{{0, 2}, {1, 1}, {2, 3}}, table), keys);
    CHECK(pick_at(10) == whole);
    const double all = static_cast<double>(std::ranges::count(whole, 1U));
    const Numbers little = pick_at(1);
    const Numbers more = pick_at(5);
    CHECK(static_cast<double>(std::ranges::count(little, 1U)) == Approx(all * 0.1).epsilon(0.2));
    CHECK(static_cast<double>(std::ranges::count(more, 1U)) == Approx(all * 0.5).epsilon(0.1));
    bool others_stay = true;
    for (std::size_t i = 0; i < keys; ++i) {
        if (whole[i] != 1) others_stay = others_stay && little[i] == whole[i] && more[i] == whole[i];
        if (little[i] == 1) others_stay = others_stay && more[i] == 1;
    }
    CHECK(others_stay);
}

TEST_CASE("HashChoice does without a table", "[upstream]") {
    const HashChoice choice(candidates_without(4, {2}), nullptr);
    std::vector<int> counted(4);
    for (const std::uint32_t endpoint : pick_all(choice, 3000)) ++counted[endpoint];
    CHECK(counted[2] == 0);
    for (const std::size_t i : {0U, 1U, 3U}) CHECK(counted[i] == Approx(1000).epsilon(0.1));
}
