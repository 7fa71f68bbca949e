// A program that must die: an exception reaches the event loop of a worker.

#include <stdexcept>

#include "net/worker.hpp"

int main() {
    sluice::net::Worker worker(0, 1);
    worker.start([] {});
    worker.post([] { throw std::runtime_error("thrown in a worker"); });
    worker.join();
    return 0;
}
