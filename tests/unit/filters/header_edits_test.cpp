#include "filters/header_edits.hpp"

#include <catch2/catch.hpp>

#include "field_lines.hpp"

using namespace sluice;
using namespace sluice::filters::test;

namespace {

Lines edited(const config::HeaderEdits& edits, http::Fields fields) {
    filters::HeaderEdits(edits).apply(fields);
    return lines_of(fields);
}

}  // namespace

TEST_CASE("HeaderEdits without edits leaves a message alone", "[filters]") {
    CHECK(filters::HeaderEdits().empty());
    CHECK(filters::HeaderEdits(config::HeaderEdits{}).empty());
    CHECK(edited({}, fields_of({{"A", "1"}, {"B", "2"}})) == Lines{"A: 1", "B: 2"});
}

TEST_CASE("HeaderEdits removes every field of a name in any case", "[filters]") {
    CHECK(
        edited({.remove = {"x-secret"}, .set = {}, .add = {}},
               fields_of({{"X-Secret", "1"}, {"A", "2"}, {"x-SECRET", "3"}, {"X-Secrets", "4"}})) ==
        Lines{"A: 2", "X-Secrets: 4"});
    CHECK(edited({.remove = {"nothing"}, .set = {}, .add = {}}, fields_of({{"A", "2"}})) ==
          Lines{"A: 2"});
}

TEST_CASE("HeaderEdits sets a field in place of every one of its name", "[filters]") {
    const config::HeaderEdits edits{
        .remove = {}, .set = {{"Cache-Control", "no-store"}}, .add = {}};
    CHECK(edited(edits, fields_of({{"cache-control", "a"}, {"A", "1"}, {"Cache-Control", "b"}})) ==
          Lines{"A: 1", "Cache-Control: no-store"});
    CHECK(edited(edits, {}) == Lines{"Cache-Control: no-store"});
}

TEST_CASE("HeaderEdits adds a field beside those of its name", "[filters]") {
    CHECK(edited({.remove = {}, .set = {}, .add = {{"Vary", "Origin"}, {"Vary", "Cookie"}}},
                 fields_of({{"Vary", "Accept"}})) ==
          Lines{"Vary: Accept", "Vary: Origin", "Vary: Cookie"});
}

TEST_CASE("HeaderEdits removes, then sets, then adds", "[filters]") {
    CHECK(edited({.remove = {"X"}, .set = {{"x", "set"}}, .add = {{"X", "added"}}},
                 fields_of({{"X", "old"}})) == Lines{"x: set", "X: added"});
}

TEST_CASE("HeaderEdits gives its fields the ids that the gateway acts on", "[filters]") {
    const config::HeaderEdits edits{.remove = {}, .set = {{"server", "x"}}, .add = {{"Via", "y"}}};
    http::Fields fields;
    filters::HeaderEdits(edits).apply(fields);
    CHECK(fields.at(0).id == http::FieldId::Server);
    CHECK(fields.at(1).id == http::FieldId::Via);
}
