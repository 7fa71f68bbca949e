#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "config/address.hpp"
#include "field_lines.hpp"
#include "filters/forwarded.hpp"
#include "filters/header_edits.hpp"
#include "filters/hop_by_hop.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size)) return memory;
    std::abort();
}
// All forms, or a sanitizer's own of one would meet ours of another.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return ::operator new(size);
}
void* operator new[](std::size_t size) {
    return ::operator new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return ::operator new(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace sluice;
using namespace sluice::filters::test;

TEST_CASE("The filters of a request allocate nothing once they are warm", "[filters]") {
    config::Forwarding settings;
    settings.forwarded = true;
    settings.trusted_proxies = {config::parse_network("10.0.0.0/8").value()};
    const filters::Forwarded forwarded(settings);
    const config::HeaderEdits configured{
        .remove = {"Cookie"}, .set = {{"X-Api", "1"}}, .add = {{"X-More", "2"}}};
    const filters::HeaderEdits edits(configured);
    const http::Fields received = fields_of({{"Host", "api.example.com"},
                                             {"Accept", "*/*"},
                                             {"Connection", "keep-alive, X-Hop"},
                                             {"X-Hop", "1"},
                                             {"X-Forwarded-For", "192.0.2.1"},
                                             {"Forwarded", "for=192.0.2.1"},
                                             {"Cookie", "a=b"}});
    const filters::Peer peer = forwarded.make_peer("10.0.0.1");
    http::Fields fields;
    Arena arena;
    Random random(1);
    const auto run = [&] {
        arena.reset();
        fields.assign(received.begin(), received.end());
        const std::string_view id = forwarded.request_id(received, arena, random);
        static_cast<void>(forwarded.client_address(peer, received));
        filters::remove_hop_by_hop(fields);
        forwarded.apply(fields, {peer, "http", "api.example.com", 1, 1, id}, arena);
        edits.apply(fields);
    };
    for (int i = 0; i < 3; ++i) run();
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) run();
    CHECK(allocations == before);
    CHECK(fields.size() == 10);
}
