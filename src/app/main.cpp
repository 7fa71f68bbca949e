#include "app/cli.hpp"

int main(int argc, char** argv) { return static_cast<int>(sluice::app::run_cli(argc, argv)); }
