#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "config/parse.hpp"
#include "config/schema.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::config {
namespace {

void check_sentences(const Object& object, std::set<const Object*>& seen) {
    if (!seen.insert(&object).second) return;
    for (const Key& key : object.keys) {
        INFO(object.title << "." << key.name);
        CHECK(key.sentence.ends_with('.'));
        CHECK(key.read != nullptr);
        CHECK((key.object != nullptr) == (key.type == Type::Object || key.type == Type::Objects));
        CHECK(key.choices.empty() == (key.type != Type::Choice));
        if (key.object != nullptr) check_sentences(*key.object, seen);
    }
}

std::string fenced(const std::string& page) {
    const std::string open = "```jsonc\n";
    const std::size_t begin = page.find(open) + open.size();
    return page.substr(begin, page.find("```", begin) - begin);
}

}  // namespace

// After a change of src/config/schema.cpp write both files anew with `sluice config docs` and
// `sluice config schema`, or by running this test with SLUICE_UPDATE=1.

TEST_CASE("docs/configuration.md is what the schema table says", "[config]") {
    CHECK(test::is_current(test::source_path("docs/configuration.md"), configuration_page()));
}

TEST_CASE("docs/sluice.schema.json is what the schema table says", "[config]") {
    CHECK(test::is_current(test::source_path("docs/sluice.schema.json"), config_json_schema()));
}

TEST_CASE("the example of the configuration page is valid", "[config]") {
    const auto config = parse(fenced(configuration_page()), "example");
    if (!config) {
        for (const Problem& problem : config.error()) UNSCOPED_INFO(format_problem(problem));
    }
    CHECK(config);
}

TEST_CASE("every row of the schema table is complete", "[config]") {
    std::set<const Object*> seen;
    check_sentences(root_object(), seen);
    CHECK(seen.size() == 29);
}

}  // namespace sluice::config
