#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "config/diff.hpp"
#include "config/effective.hpp"
#include "config/json_format.hpp"
#include "config/parse.hpp"
#include "unit/config/random_config.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::config {
namespace {

std::vector<std::filesystem::path> valid_cases() {
    std::vector<std::filesystem::path> cases;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/data/config"))) {
        std::filesystem::path errors = entry.path();
        errors.replace_extension(".errors");
        std::filesystem::path environment = entry.path();
        environment.replace_extension(".env");
        // What needs an environment is no text of its own.
        const bool stands_alone = !std::filesystem::exists(errors) && !std::filesystem::exists(environment);
        if (entry.path().extension() == ".json" && stands_alone) cases.push_back(entry.path());
    }
    std::ranges::sort(cases);
    return cases;
}

Config config_of(const std::string& text) {
    auto config = parse(text, "test");
    if (!config) {
        for (const Problem& problem : config.error()) UNSCOPED_INFO(format_problem(problem));
        UNSCOPED_INFO(text);
    }
    REQUIRE(config);
    return std::move(*config);
}

std::string shown(const Config& config) { return format_json(effective_tree(config, Secrets::Shown)); }

/// Wherever they stand in their files.
bool same_lists(Config a, Config b) {
    for (Config* const config : {&a, &b}) {
        for (Listener& listener : config->listeners) listener.position = {};
        for (Route& route : config->routes) route.position = {};
        for (Cluster& cluster : config->clusters) cluster.position = {};
    }
    return a.listeners == b.listeners && a.routes == b.routes && a.clusters == b.clusters && a.resolver == b.resolver;
}

void check_round_trip(const Config& config) {
    const std::string text = shown(config);
    const Config again = config_of(text);
    CHECK(shown(again) == text);
    CHECK(describe(diff(config, again)).empty());
    CHECK(same_lists(config, again));
    // What is masked keeps the file valid.
    const Config masked = config_of(effective_json(config));
    CHECK(effective_json(masked) == effective_json(config));
}

/// Every value of `part` stands at the same place of `whole`.
void check_contained(const Node& part, const Node& whole, const std::string& pointer) {
    INFO(pointer);
    if (part.kind == Node::Kind::Object) {
        for (const Member& member : part.members) {
            const std::string below = pointer + "/" + member.key;
            INFO(below);
            const Node* const value = whole.find(member.key);
            REQUIRE(value != nullptr);
            check_contained(member.value, *value, below);
        }
    } else if (part.kind == Node::Kind::Array) {
        REQUIRE(part.elements.size() == whole.elements.size());
        for (std::size_t i = 0; i < part.elements.size(); ++i) {
            check_contained(part.elements[i], whole.elements[i], pointer + "/" + std::to_string(i));
        }
    } else if (pointer != "/limits/request_line_bytes" && pointer != "/clusters/1/health_check/statuses/1") {
        CHECK(compact_json(part) == compact_json(whole));
    }
}

void check_writers(const Object& object) {
    for (const Key& key : object.keys) {
        INFO(object.title << "." << key.name);
        CHECK(key.write != nullptr);
        if (key.object != nullptr) check_writers(*key.object);
    }
}

}  // namespace

TEST_CASE("every row of the schema table can write its value", "[config]") { check_writers(root_object()); }

TEST_CASE("the effective configuration of every valid case is valid and means the same", "[config]") {
    const auto cases = valid_cases();
    REQUIRE(cases.size() >= 10);
    for (const auto& path : cases) {
        DYNAMIC_SECTION(path.stem().string()) { check_round_trip(config_of(test::read_text(path))); }
    }
}

TEST_CASE("the effective configuration says what the file said", "[config]") {
    for (const char* name : {"every_key", "every_cluster_key"}) {
        const std::string text = test::read_text(test::source_path("tests/data/config/" + std::string(name) + ".json"));
        const Config config = config_of(text);
        check_contained(read_json(text).root, effective_tree(config, Secrets::Shown), "");
    }
}

TEST_CASE("the effective configuration of random valid configurations means the same", "[config]") {
    std::mt19937 random(20240611);
    int valid = 0;
    for (const char* name : {"every_key", "every_cluster_key", "all_actions", "design_example"}) {
        const Config base = config_of(test::read_text(test::source_path("tests/data/config/" + std::string(name) + ".json")));
        for (int i = 0; i < 800; ++i) {
            const auto config = parse(test::vary_config(base, random), name);
            if (!config) continue;
            ++valid;
            check_round_trip(*config);
        }
    }
    CHECK(valid > 300);
}

TEST_CASE("every default is written out", "[config]") {
    const std::string text = effective_json(config_of(R"({"listeners": [{"address": "127.0.0.1:0"}]})"));
    for (const char* expected : {R"("workers": "auto")", R"("name": "127.0.0.1:0")", R"("drain": "30s")", R"("header_bytes": "32KiB")",
                                 R"("via": "sluice")", R"("access": "off")", R"("address": "127.0.0.1:9901")", R"("routes": [])"}) {
        INFO(text);
        CHECK(text.contains(expected));
    }
}

TEST_CASE("secrets are masked", "[config]") {
    const Config config = config_of(R"({
        "listeners": [{"address": "127.0.0.1:0"}],
        "routes": [{"match": {"path": "/", "headers": {"X-Api-Key": "hush-1"}}, "cluster": "c",
                    "request_headers": {"set": {"Authorization": "Bearer hush-2", "X-Area": "shop"}}}],
        "clusters": [{"name": "c", "endpoints": [{"address": "10.0.0.1:80"}], "sticky": {"secret": "hush-3-0123456789"}}]
    })");
    const std::string text = effective_json(config);
    CHECK_FALSE(text.contains("hush"));
    CHECK(text.contains(R"("Authorization": "***")"));
    CHECK(text.contains(R"("X-Api-Key": "***")"));
    CHECK(text.contains(R"("secret": "****************")"));
    CHECK(text.contains(R"("X-Area": "shop")"));
    CHECK(shown(config).contains("hush-3"));
}

TEST_CASE("short lists stand on one line", "[config]") {
    const JsonTree tree = read_json(R"({"a":[1,2],"b":{},"c":{"long":")" + std::string(100, 'x') + R"("}})");
    CHECK(format_json(tree.root) == "{\n  \"a\": [1, 2],\n  \"b\": {},\n  \"c\": {\n    \"long\": \"" + std::string(100, 'x') + "\"\n  }\n}\n");
}

}  // namespace sluice::config
