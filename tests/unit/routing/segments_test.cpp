#include "routing/segments.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"

using namespace sluice;
using routing::SegmentCursor;

namespace {

/// The path in memory of exactly its size, so that a sanitizer sees a read outside of it.
struct Exact {
    explicit Exact(const std::string& text)
        : bytes(new char[text.size()]), view(bytes.get(), text.size()) {
        std::copy(text.begin(), text.end(), bytes.get());
    }
    std::unique_ptr<char[]> bytes;
    std::string_view view;
};

void check_segments(const std::string& path) {
    const Exact exact(path);
    SegmentCursor cursor(exact.view);
    std::size_t position = 1;
    while (position <= path.size()) {
        const std::size_t end = std::min(path.find('/', position), path.size());
        INFO(path << " at " << position);
        REQUIRE_FALSE(cursor.is_done());
        REQUIRE(cursor.position() == position);
        REQUIRE(cursor.end() == end);
        const std::string text = path.substr(position, end - position);
        const auto words = cursor.read();
        const auto alone = SegmentCursor::read_alone(text);
        REQUIRE(words.size == text.size());
        REQUIRE(words.head == alone.head);
        REQUIRE(words.tail == alone.tail);
        SegmentCursor back = cursor;
        back.go_to(1);
        REQUIRE(back.end() == std::min(path.find('/', 1), path.size()));
        back.skip_to(position);
        REQUIRE(back.end() == end);
        cursor.advance();
        position = end + 1;
    }
    REQUIRE(cursor.is_done());
}

}  // namespace

TEST_CASE("SegmentCursor steps through paths of every length", "[routing]") {
    for (std::size_t size = 1; size < 300; ++size) {
        check_segments("/" + std::string(size - 1, 'a'));
        check_segments("/" + std::string(size - 1, 'a') + "/");
        check_segments("/x/" + std::string(size - 1, 'b') + "/y");
    }
}

TEST_CASE("SegmentCursor steps through random paths", "[routing]") {
    Random random(3);
    for (int round = 0; round < 20000; ++round) {
        std::string path = "/";
        for (std::uint32_t i = random.below(random.below(8) == 0 ? 400 : 80); i > 0; --i) {
            path.push_back(random.below(6) == 0 ? '/' : static_cast<char>(random.below(256)));
        }
        check_segments(path);
    }
}

TEST_CASE("two slashes side by side are seen at every place of a path", "[routing]") {
    for (std::size_t size = 2; size < 200; ++size) {
        for (std::size_t place = 0; place + 1 < size; ++place) {
            std::string path(size, 'a');
            path[place] = '/';
            if (place + 2 < size) path[place + 2] = '/';
            const Exact one(path);
            REQUIRE_FALSE(routing::has_empty_segment(one.view));
            path[place + 1] = '/';
            const Exact other(path);
            REQUIRE(routing::has_empty_segment(other.view));
        }
    }
}

TEST_CASE("the words of a segment tell it from every other of up to sixteen bytes", "[routing]") {
    const auto differ = [](const std::string& a, const std::string& b) {
        const auto one = SegmentCursor::read_alone(a);
        const auto other = SegmentCursor::read_alone(b);
        return one.head != other.head || one.tail != other.tail || one.size != other.size;
    };
    for (std::size_t size = 1; size <= 16; ++size) {
        const std::string text(size, 'a');
        CHECK(differ(text, text.substr(1)));
        for (std::size_t i = 0; i < size; ++i) {
            std::string changed = text;
            changed[i] = 'b';
            CHECK(differ(text, changed));
        }
    }
}
