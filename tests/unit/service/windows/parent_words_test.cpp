#include "windows/parent_words.hpp"

#include <catch2/catch.hpp>

namespace sluice::service {

TEST_CASE("what parent and gateway tell each other is read as it was meant") {
    CHECK(control_of(control_words(SERVICE_CONTROL_PARAMCHANGE)) == DWORD{SERVICE_CONTROL_PARAMCHANGE});
    const Standing standing{SERVICE_STOP_PENDING, std::chrono::seconds{40}, 5};
    CHECK(standing_of(standing_words(standing)) == standing);
    CHECK(heir_of(heir_words(4711)) == DWORD{4711});
}

TEST_CASE("a word of another version is no word that we know") {
    for (const char* const text : {"", "control", "control ", "control x", "control 1 2", "controls 1", "standing 1 2", "control -1",
                                   "control 4294967296", "heir", "welcome back"}) {
        CAPTURE(text);
        CHECK_FALSE(control_of(text));
        CHECK_FALSE(standing_of(text));
        CHECK_FALSE(heir_of(text));
    }
}

}  // namespace sluice::service
