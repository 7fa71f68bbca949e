#include "platform/poller.hpp"

#include <catch2/catch.hpp>

using namespace sluice::platform;

TEST_CASE("the poller names one of the three that Sluice is built for", "[platform]") {
    const auto name = poller_name();
    CHECK((name == "epoll" || name == "kqueue" || name == "iocp"));
}
